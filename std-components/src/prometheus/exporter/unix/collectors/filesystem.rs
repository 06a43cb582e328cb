//! Usage of mounted file systems, from `/proc/1/mounts` and `statfs`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Answer, Prober};
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// Types whose `statfs` asks another machine or program, which may be gone.
const REMOTE: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ceph",
    "glusterfs",
    "lustre",
    "9p",
    "afs",
    "davfs",
];

/// The collector.
pub(super) struct Filesystem {
    mount_points: Regex,
    types: Regex,
    timeout: Duration,
    prober: Prober,
    /// Whether a mount is left out, by its line: an expression is matched once.
    ignored: HashMap<String, bool>,
    /// Mounts that were told of as stuck.
    stuck: Vec<String>,
}

struct Mount {
    device: String,
    point: String,
    kind: String,
    readonly: bool,
}

impl Filesystem {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Filesystem) -> Result<Self, BuildError> {
        Ok(Self {
            mount_points: expression("mount_points_exclude", &arguments.mount_points_exclude)?,
            types: expression("fs_types_exclude", &arguments.fs_types_exclude)?,
            timeout: arguments.mount_timeout,
            prober: Prober::default(),
            ignored: HashMap::new(),
            stuck: Vec::new(),
        })
    }

    fn mounts(&mut self, files: &mut Files) -> Result<Vec<Mount>, Failure> {
        let root = files.roots().root.to_string_lossy().into_owned();
        let path = if files.proc("1/mounts").is_ok() {
            "1/mounts"
        } else {
            "mounts"
        };
        let mut mounts: Vec<Mount> = Vec::new();
        let mut lines = 0;
        for line in files.proc(path)?.lines() {
            lines += 1;
            let mut words = line.split_ascii_whitespace();
            let (Some(device), Some(point), Some(kind), Some(options)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(Failure::parse(path, format!("a malformed line: {line:?}")));
            };
            let ignored = match self.ignored.get(line) {
                Some(ignored) => *ignored,
                None => {
                    let ignored = self.mount_points.is_match(below(&root, &unescape(point)))
                        || self.types.is_match(kind);
                    self.ignored.insert(line.into(), ignored);
                    ignored
                }
            };
            if ignored {
                continue;
            }
            let mount = Mount {
                device: unescape(device),
                point: below(&root, &unescape(point)).into(),
                kind: kind.into(),
                readonly: options.split(',').any(|option| option == "ro"),
            };
            let same = |other: &&mut Mount| {
                other.device == mount.device && other.point == mount.point && other.kind == mount.kind
            };
            // The later one lies on top.
            match mounts.iter_mut().find(same) {
                Some(lower) => *lower = mount,
                None => mounts.push(mount),
            }
        }
        // Containers come and go, and their mounts with them.
        if self.ignored.len() > 2 * lines + 1024 {
            self.ignored.clear();
        }
        Ok(mounts)
    }
}

/// A mount point as it is below `rootfs_path`.
fn below<'p>(root: &str, point: &'p str) -> &'p str {
    if root == "/" {
        return point;
    }
    match point.strip_prefix(root) {
        Some("") => "/",
        Some(rest) => rest,
        None => point,
    }
}

/// Takes the escapes of `/proc/mounts` off: `\040` is a space.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Collector for Filesystem {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut mounts = self.mounts(files)?;
        mounts.sort_by_key(|mount| REMOTE.contains(&mount.kind.as_str()) || mount.kind.starts_with("fuse"));
        let root = &files.roots().root;
        let path = |mount: &Mount| root.join(mount.point.trim_start_matches('/'));
        let paths: Vec<PathBuf> = mounts.iter().map(path).collect();
        let answers = self.prober.ask(&paths, self.timeout);
        self.stuck
            .retain(|stuck| mounts.iter().any(|mount| mount.point == *stuck));
        for (mount, answer) in mounts.iter().zip(answers) {
            let labels = [
                ("device", mount.device.as_str()),
                ("fstype", mount.kind.as_str()),
                ("mountpoint", mount.point.as_str()),
            ];
            let error = if matches!(answer, Answer::Usage(_)) {
                0.0
            } else {
                1.0
            };
            out.gauge(
                "node_filesystem_device_error",
                "Whether an error occurred while getting statistics for the given device.",
            )
            .sample(&labels, error);
            let known = self.stuck.iter().position(|stuck| *stuck == mount.point);
            match &answer {
                Answer::Waiting(since) if *since >= self.timeout => {
                    if known.is_none() {
                        tracing::warn!(
                            mountpoint = mount.point,
                            device = mount.device,
                            "the mount does not answer; it is told with node_filesystem_device_error until it does (unmount it, or exclude it with mount_points_exclude)"
                        );
                        self.stuck.push(mount.point.clone());
                    }
                }
                Answer::Waiting(_) => {}
                Answer::Error(error) => {
                    tracing::debug!(mountpoint = mount.point, error, "no usage of the mount");
                }
                Answer::Usage(_) => {
                    if let Some(known) = known {
                        tracing::info!(mountpoint = mount.point, "the mount answers again");
                        self.stuck.swap_remove(known);
                    }
                }
            }
            let Answer::Usage(usage) = answer else { continue };
            let values = [
                (
                    "node_filesystem_size_bytes",
                    "Filesystem size in bytes.",
                    usage.size,
                ),
                (
                    "node_filesystem_free_bytes",
                    "Filesystem free space in bytes.",
                    usage.free,
                ),
                (
                    "node_filesystem_avail_bytes",
                    "Filesystem space available to non-root users in bytes.",
                    usage.available,
                ),
                (
                    "node_filesystem_files",
                    "Filesystem total file nodes.",
                    usage.files,
                ),
                (
                    "node_filesystem_files_free",
                    "Filesystem total free file nodes.",
                    usage.files_free,
                ),
                (
                    "node_filesystem_readonly",
                    "Filesystem read-only status.",
                    f64::from(u8::from(mount.readonly)),
                ),
            ];
            for (name, help, value) in values {
                out.gauge(name, help).sample(&labels, value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_octal() {
        assert_eq!(unescape(r"/mnt/a\040b\011c\134d\04"), "/mnt/a b\tc\\d\\04");
        assert_eq!(unescape(r"/\303\251"), "/é");
    }

    #[test]
    fn mount_points_lose_the_root() {
        assert_eq!(below("/host", "/host/var"), "/var");
        assert_eq!(below("/host", "/host"), "/");
        assert_eq!(below("/", "/var"), "/var");
        assert_eq!(below("/host", "/var"), "/var");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in r"[\\0-9a-é/]{0,40}") {
            drop(unescape(&text));
        }
    }
}
