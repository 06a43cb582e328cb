//! A batch is packed once for all endpoints that would pack it alike, instead of by each of them: grouping, encoding and compressing are most of what an
//! entry costs. So a second endpoint costs little more than its own requests, and a dead one little more than what it has written to disk.
//!
//! What is packed comes in pieces of a tenant, each no larger than a record of the log on disk; an endpoint puts them together to requests of its own size.

use super::group::{Block, Group, Press, size};
use super::resolve::Resolver;
use super::settings::Settings;
use super::store::RECORD_BYTES;
use crate::loki::recent;
use crate::signals::{Ack, Entry, LogBatch};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Bytes of lines that a batch must have. What is less is packed by each endpoint, together with what comes before and after it.
const LEAST_BYTES: usize = 8 * 1024;

/// Entries of a tenant, packed.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) tenant: Arc<str>,
    pub(super) entries: u64,
    /// Bytes of lines and their metadata.
    pub(super) bytes: usize,
    pub(super) block: Block,
}

/// What a batch holds, as an endpoint gets it.
#[derive(Debug)]
pub(super) enum Contents {
    /// To be packed by the endpoint.
    Entries(Vec<Entry>),
    /// Packed for several; those of a tenant in order.
    Packed(Arc<[Piece]>),
}

impl Contents {
    /// How many entries.
    pub(super) fn entries(&self) -> u64 {
        match self {
            Self::Entries(entries) => entries.len() as u64,
            Self::Packed(pieces) => pieces.iter().map(|piece| piece.entries).sum(),
        }
    }

    /// Bytes of their lines and metadata.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Entries(entries) => bytes(entries),
            Self::Packed(pieces) => pieces.iter().map(|piece| piece.bytes).sum(),
        }
    }
}

/// An endpoint's share of a batch.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) contents: Contents,
    pub(super) ack: Ack,
}

impl From<LogBatch> for Parcel {
    fn from(batch: LogBatch) -> Self {
        Self {
            contents: Contents::Entries(batch.entries),
            ack: batch.ack,
        }
    }
}

fn bytes(entries: &[Entry]) -> usize {
    entries.iter().map(size).sum()
}

/// Packs what comes from the same sources for the endpoints of a component.
#[derive(Default)]
pub(super) struct Packers {
    /// By the tenant of entries that name none: all else that requests depend on is one for all endpoints.
    packers: FxHashMap<String, Packer>,
}

impl Packers {
    /// A batch's share for each of the endpoints with these settings.
    pub(super) fn deal(&mut self, settings: &[Arc<Settings>], batch: LogBatch) -> Vec<Parcel> {
        if settings.len() < 2 || bytes(&batch.entries) < LEAST_BYTES {
            return crate::endpoints::copies(settings.len(), batch)
                .into_iter()
                .map(Parcel::from)
                .collect();
        }
        let tenants: Vec<_> = settings.iter().map(|settings| tenant_of(settings)).collect();
        self.packers
            .retain(|known, _| tenants.contains(&Some(known.as_str())));
        let mut packed: Vec<(&str, Arc<[Piece]>)> = Vec::new();
        let parcels = settings
            .iter()
            .zip(&tenants)
            .map(|(settings, tenant)| {
                let alike = tenants.iter().filter(|other| *other == tenant).count();
                let contents = match tenant {
                    Some(tenant) if alike > 1 => {
                        let known = packed.iter().find(|(of, _)| of == tenant);
                        let pieces = match known {
                            Some((_, pieces)) => pieces.clone(),
                            None => {
                                let pieces = self.packer(tenant, settings).pack(&batch.entries);
                                packed.push((tenant, pieces.clone()));
                                pieces
                            }
                        };
                        Contents::Packed(pieces)
                    }
                    _ => Contents::Entries(batch.entries.clone()),
                };
                Parcel {
                    contents,
                    ack: batch.ack.clone(),
                }
            })
            .collect();
        batch.ack.delivered();
        parcels
    }

    fn packer(&mut self, tenant: &str, settings: &Settings) -> &mut Packer {
        let packer = self.packers.entry(tenant.to_owned()).or_default();
        packer.resolver.configure(tenant, &settings.external_labels);
        packer
    }
}

/// The tenant of entries that name none; `None` where an endpoint has to pack for itself: its shards part the streams, it counts them, or its requests
/// are smaller than a piece.
fn tenant_of(settings: &Settings) -> Option<&str> {
    let is_alike = settings.shards() == 1
        && settings.max_streams == 0
        && settings.arguments.batch_size.0 >= RECORD_BYTES as u64;
    is_alike.then_some(settings.arguments.tenant_id.as_str())
}

#[derive(Default)]
struct Packer {
    resolver: Resolver,
    press: Press,
    /// Of each tenant in the batch: what is not packed yet.
    groups: FxHashMap<Arc<str>, Group>,
}

impl Packer {
    fn pack(&mut self, entries: &[Entry]) -> Arc<[Piece]> {
        self.resolver.tend(recent::now());
        let mut pieces = Vec::new();
        for entry in entries {
            let stream = self.resolver.stream(&entry.labels);
            let group = match self.groups.get_mut(&stream.tenant) {
                Some(group) => group,
                None => self.groups.entry(stream.tenant.clone()).or_default(),
            };
            if group.entries() > 0 && group.bytes + size(entry) > RECORD_BYTES {
                pieces.push(piece(&stream.tenant, group, &mut self.press));
            }
            group.add(&stream, entry, 0, &mut self.press);
        }
        for (tenant, mut group) in self.groups.drain() {
            pieces.push(piece(&tenant, &mut group, &mut self.press));
        }
        pieces.into()
    }
}

fn piece(tenant: &Arc<str>, group: &mut Group, press: &mut Press) -> Piece {
    let (entries, bytes) = (group.entries(), group.bytes);
    let mut block = Block::default();
    press.press(group, &mut block);
    Piece {
        tenant: tenant.clone(),
        entries,
        bytes,
        block,
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::super::testing::decode;
    use super::super::tests::entry;
    use super::*;
    use crate::component::testing::arguments;
    use crate::signals::Outcome;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::mpsc;

    fn settings(endpoints: &[&str], around: &str) -> Vec<Arc<Settings>> {
        let blocks: String = endpoints
            .iter()
            .enumerate()
            .map(|(at, more)| format!("endpoint {{\n name = \"{at}\"\n url = \"http://loki\"\n {more}\n}}\n"))
            .collect();
        let all: Arguments = arguments(&(blocks + around));
        let each = all.endpoints.iter();
        each.map(|one| Arc::new(Settings::new(&all, one, &one.name, std::path::Path::new("/")).unwrap()))
            .collect()
    }

    fn large() -> (LogBatch, mpsc::Receiver<Outcome>) {
        let (told, outcome) = mpsc::sync_channel(1);
        let batch = LogBatch {
            entries: vec![entry(&[("app", "a")], &"x".repeat(LEAST_BYTES))],
            // A test that asks nothing does not listen either.
            ack: Ack::new(move |end| {
                let _ = told.send(end);
            }),
        };
        (batch, outcome)
    }

    /// Of which endpoints each endpoint shares what was packed.
    fn shared(endpoints: &[&str], around: &str) -> String {
        let parcels = Packers::default().deal(&settings(endpoints, around), large().0);
        let is_same = |one: &Parcel, other: &Parcel| match (&one.contents, &other.contents) {
            (Contents::Packed(one), Contents::Packed(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        let first = |parcel| parcels.iter().position(|other| is_same(parcel, other));
        let names = parcels
            .iter()
            .map(|parcel| first(parcel).map_or("-".to_owned(), |at| at.to_string()));
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_those_share_that_would_pack_alike() {
        assert_eq!(shared(&["", ""], ""), "0 0");
        assert_eq!(
            shared(&["", "batch_size = \"2MiB\"", "batch_wait = \"9s\""], ""),
            "0 0 0"
        );
        let (t, u) = ("tenant_id = \"t\"", "tenant_id = \"u\"");
        assert_eq!(shared(&[t, u, t, ""], ""), "0 - 0 -");
        assert_eq!(shared(&[t, u, t, u], ""), "0 1 0 1");
        assert_eq!(shared(&["", "", "batch_size = \"1KiB\""], ""), "0 0 -");
        assert_eq!(
            shared(&["", "", "queue_config {\n min_shards = 2\n}"], ""),
            "0 0 -"
        );
        assert_eq!(shared(&["", ""], "max_streams = 5"), "- -");
        assert_eq!(shared(&[""], ""), "-");
    }

    #[test]
    fn the_source_is_told_when_all_have_it() {
        for endpoints in [vec![""], vec!["", ""], vec!["", "", "tenant_id = \"t\""]] {
            let (batch, outcome) = large();
            let parcels = Packers::default().deal(&settings(&endpoints, ""), batch);
            assert_eq!(parcels.len(), endpoints.len());
            for parcel in parcels {
                assert!(outcome.try_recv().is_err());
                parcel.ack.delivered();
            }
            assert_eq!(outcome.recv().unwrap(), Outcome::Delivered);
        }
        let (batch, outcome) = large();
        let mut parcels = Packers::default().deal(&settings(&["", ""], ""), batch);
        drop(parcels.pop());
        parcels.into_iter().for_each(|parcel| parcel.ack.delivered());
        assert_eq!(outcome.recv().unwrap(), Outcome::Failed);
    }

    type Lines = BTreeMap<(String, String), Vec<String>>;

    proptest! {
        #[test]
        fn pieces_hold_what_came_by_tenant_and_stream_in_order(
            entries in prop::collection::vec((0..3_u8, 0..4_u8, 0..40_000_usize), 0..20),
        ) {
            let mut packer = Packer::default();
            packer.resolver.configure("usual", &BTreeMap::new());
            let entries: Vec<_> = entries
                .into_iter()
                .enumerate()
                .map(|(at, (tenant, app, length))| {
                    let (tenant, app) = (format!("t{tenant}"), format!("{app}"));
                    (tenant.clone(), app.clone(), entry(&[("__tenant_id__", &tenant), ("app", &app)], &format!("{at} {}", "x".repeat(length))))
                })
                .collect();
            let mut sent = Lines::new();
            for (tenant, app, entry) in &entries {
                let key = (tenant.clone(), format!("{{app=\"{app}\"}}"));
                sent.entry(key).or_default().push(entry.line.to_string());
            }
            let plain: Vec<_> = entries.into_iter().map(|(_, _, entry)| entry).collect();
            let pieces = packer.pack(&plain);
            prop_assert!(packer.groups.is_empty());
            let mut came = Lines::new();
            for piece in pieces.iter() {
                prop_assert!(piece.bytes <= RECORD_BYTES || piece.entries == 1);
                let request = decode(&piece.block.clone().finish().unwrap());
                prop_assert_eq!(request.lines().len() as u64, piece.entries);
                prop_assert_eq!(request.streams.len(), piece.block.streams);
                for stream in request.streams {
                    let lines = came.entry((piece.tenant.to_string(), stream.labels)).or_default();
                    lines.extend(stream.entries.into_iter().map(|entry| entry.line));
                }
            }
            prop_assert_eq!(came, sent);
        }
    }
}
