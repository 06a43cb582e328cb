//! Every point at which a machine may stop, every operation that may fail, every byte that may flip.

use super::appender::Trouble;
use super::disk::Disk;
use super::faulty::{Faulty, Left, Plan};
use super::*;
use std::collections::BTreeSet;
use std::time::Instant;

const LIMITS: Limits = Limits {
    segment_bytes: 600,
    most_bytes: 1024 * 1024,
    most_age: Duration::from_secs(3600),
};

/// Records of the workload.
const RECORDS: u32 = 80;

/// Records that are marked at once at the most.
const BATCH: usize = 3;

/// The contents of a record: its number, then bytes that depend on it; some look like heads.
fn contents(number: u32) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    for _ in 0..number % 5 {
        bytes.extend_from_slice(&frame::MAGIC);
        bytes.extend((0..number % 17).map(|at| (at * number) as u8));
    }
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    let number = u32::from_le_bytes(bytes[..4].try_into().unwrap());
    assert_eq!(bytes, contents(number), "the contents of {number}");
    number
}

/// What a run has done until it ended.
#[derive(Debug, Default)]
struct Done {
    /// Committed.
    taken: Vec<u32>,
    /// Read and marked.
    sent: Vec<u32>,
    /// Read, delivered and being marked when it ended.
    sending: Vec<u32>,
}

impl Done {
    fn delivered(&self) -> impl Iterator<Item = u32> {
        self.sent.iter().chain(&self.sending).copied()
    }

    fn read(&mut self, reader: &mut Reader<Faulty>, most: usize) -> bool {
        let mut bytes = Vec::new();
        while self.sending.len() < most
            && let Ok(Next::Record(_)) = reader.next(&mut bytes)
        {
            self.sending.push(number(&bytes));
        }
        if self.sending.is_empty() {
            return false;
        }
        // An error of the marker is told and changes nothing as long as the process lives.
        drop(reader.mark(reader.position(), Instant::now()));
        if !reader.log().disk.is_dead() {
            self.sent.append(&mut self.sending);
        }
        true
    }
}

/// Appends in groups of different sizes, reading behind.
fn work(disk: &Faulty) -> Done {
    let mut done = Done::default();
    let Ok((mut appender, mut reader)) = Log::open(disk.clone(), LIMITS) else {
        assert!(disk.is_dead());
        return done;
    };
    let mut next = 0;
    while next < RECORDS {
        let group: Vec<u32> = (next..RECORDS.min(next + 1 + next % 4)).collect();
        for number in &group {
            assert!(appender.add(&contents(*number), 1));
        }
        next += group.len() as u32;
        let mut tries = 0;
        while appender.commit(Instant::now()).is_err() {
            if disk.is_dead() {
                return done;
            }
            tries += 1;
            assert!(tries < 50, "it never recovers");
        }
        done.taken.extend(group);
        if next % 3 != 0 {
            done.read(&mut reader, BATCH);
        }
        if disk.is_dead() {
            return done;
        }
    }
    done
}

/// Reads everything that is left, then checks that the log still works.
fn rest(disk: &Faulty) -> Vec<u32> {
    let (mut appender, mut reader) = Log::open(disk.clone(), LIMITS).unwrap();
    let mut done = Done::default();
    while done.read(&mut reader, BATCH) {}
    let rest = std::mem::take(&mut done.sent);
    assert!(appender.add(&contents(1000), 1));
    appender.commit(Instant::now()).unwrap();
    assert!(done.read(&mut reader, BATCH));
    assert_eq!(done.sent, [1000], "what comes after the crash is read after it");
    assert_eq!(reader.log().unread(), 0);
    // Space comes back, but for the segment that is written to.
    let files = disk.files();
    assert!(
        files.keys().filter(|name| name.ends_with(".wal")).count() <= 1,
        "{files:?}"
    );
    rest
}

#[test]
fn a_machine_may_stop_anywhere() {
    let whole = Faulty::default();
    let all = work(&whole);
    assert_eq!(all.taken, (0..RECORDS).collect::<Vec<_>>());
    assert!(whole.operations() > 60, "{} crash points", whole.operations());
    let mut lefts = vec![Left::All, Left::Nothing];
    lefts.extend((0..12).map(Left::Some));
    for at in 0..whole.operations() {
        let disk = Faulty::with(Plan {
            crash_at: Some(at),
            ..Plan::default()
        });
        let done = work(&disk);
        assert!(disk.is_dead());
        for left in &lefts {
            let crashed = disk.crashed(*left);
            let rest = rest(&crashed);
            let told = format!("operation {at}, left {left:?}: {done:?}, then {rest:?}");
            assert!(rest.is_sorted_by(|one, two| one < two), "in order, {told}");
            let arrived: BTreeSet<u32> = done.delivered().chain(rest.iter().copied()).collect();
            assert!(
                done.taken.iter().all(|number| arrived.contains(number)),
                "nothing is lost, {told}"
            );
            if *left == Left::All {
                let twice = done.delivered().filter(|number| rest.contains(number));
                assert!(twice.count() <= BATCH, "a batch comes twice at the most, {told}");
            }
        }
    }
}

#[test]
fn a_disk_may_say_no_anywhere() {
    let whole = Faulty::default();
    work(&whole);
    for at in 0..whole.operations() {
        for count in [1, 2, 5, 11] {
            let disk = Faulty::with(Plan {
                fail: Some((at, count)),
                ..Plan::default()
            });
            let done = work(&disk);
            assert_eq!(done.taken.len() as u32, RECORDS);
            disk.plan(Plan::default());
            for left in [Left::All, Left::Nothing] {
                let rest = rest(&disk.crashed(left));
                let arrived: BTreeSet<u32> = done.sent.iter().chain(&rest).copied().collect();
                assert!(
                    done.taken.iter().all(|number| arrived.contains(number)),
                    "{count} failures from operation {at}, left {left:?}: {done:?}, then {rest:?}"
                );
            }
        }
    }
}

/// A disk with several segments, nothing of which is read.
fn filled() -> Faulty {
    let disk = Faulty::default();
    let (mut appender, _reader) = Log::open(disk.clone(), LIMITS).unwrap();
    for number in 0..RECORDS {
        assert!(appender.add(&contents(number), 1));
        appender.commit(Instant::now()).unwrap();
    }
    assert!(disk.files().len() > 2);
    disk
}

#[test]
fn a_flipped_byte_costs_one_record() {
    let whole = filled();
    for (name, size) in whole.files() {
        for at in 0..size {
            for bits in [0x01, 0x80, 0xff] {
                let disk = whole.copy();
                disk.flip(&name, at, bits);
                let (_appender, mut reader) = Log::open(disk.clone(), LIMITS).unwrap();
                let mut done = Done::default();
                while done.read(&mut reader, BATCH) {}
                let read = done.sent.len() as u32;
                assert!(read + 1 >= RECORDS, "byte {at} of {name}: {read} records");
                assert!(done.sent.is_sorted_by(|one, two| one < two));
                let log = reader.log();
                assert_eq!(log.unread(), 0);
                // The last record of a segment may have been torn by a crash: then nobody was told that it is taken.
                let missing = (0..RECORDS).find(|number| !done.sent.contains(number));
                let tail = missing.map_or(0, |missing| frame::HEAD + contents(missing).len());
                assert!(
                    missing.is_none() || log.damaged() == 1 || at >= size - tail,
                    "byte {at} of {name} is told"
                );
            }
        }
    }
}

#[test]
fn a_damaged_marker_loses_nothing() {
    let whole = filled();
    let (_appender, mut reader) = Log::open(whole.clone(), LIMITS).unwrap();
    let mut done = Done::default();
    for _ in 0..3 {
        done.read(&mut reader, 2);
    }
    let sound = rest(&whole.copy());
    assert_eq!(sound[0], 6);
    for at in 0..whole.files()["marker"] {
        let disk = whole.copy();
        disk.flip("marker", at, 0x10);
        let again = rest(&disk);
        assert!(again.ends_with(&sound), "byte {at}: {again:?}");
    }
}

#[test]
fn missing_segments_are_passed_over() {
    let whole = filled();
    let names: Vec<String> = whole.files().into_keys().collect();
    for missing in 0..1_u32 << names.len() {
        for is_running in [false, true] {
            let disk = whole.copy();
            let open = is_running.then(|| Log::open(disk.clone(), LIMITS).unwrap());
            for (at, name) in names.iter().enumerate() {
                if missing & (1 << at) != 0 {
                    disk.remove(name).unwrap();
                }
            }
            let (_appender, mut reader) = open.unwrap_or_else(|| Log::open(disk.clone(), LIMITS).unwrap());
            let mut done = Done::default();
            while done.read(&mut reader, BATCH) {}
            let log = reader.log();
            assert_eq!(log.unread(), 0);
            let read = done.sent.len() as u64;
            if is_running {
                assert_eq!(read + log.lost(), u64::from(RECORDS), "what is gone is counted");
            }
            assert_eq!(read == u64::from(RECORDS), missing == 0);
        }
    }
}

#[test]
fn a_segment_that_is_taken_away_while_it_is_written_to_loses_nothing() {
    let disk = Faulty::default();
    let (mut appender, mut reader) = Log::open(disk.clone(), LIMITS).unwrap();
    for number in 0..3 {
        assert!(appender.add(&contents(number), 1));
        appender.commit(Instant::now()).unwrap();
        for name in disk.files().into_keys() {
            disk.remove(&name).unwrap();
        }
    }
    let mut done = Done::default();
    while done.read(&mut reader, 1) {}
    assert_eq!(done.sent, [0, 1, 2]);
}

#[test]
fn a_full_disk_waits_and_goes_on() {
    let disk = Faulty::with(Plan {
        room: Some(5100),
        ..Plan::default()
    });
    let (mut appender, mut reader) = Log::open(disk.clone(), LIMITS).unwrap();
    let mut done = Done::default();
    let mut refusals = 0;
    for number in 0..200 {
        assert!(appender.add(&contents(number), 1));
        while appender.commit(Instant::now()).is_err() {
            refusals += 1;
            assert!(refusals < 1000, "{:?}", disk.files());
            // Somebody reads, so that there is room again.
            done.read(&mut reader, BATCH);
        }
    }
    while done.read(&mut reader, BATCH) {}
    assert_eq!(done.sent, (0..200).collect::<Vec<_>>());
    assert!(refusals > 0);
    assert!(disk.files().len() <= 3, "{:?}", disk.files());
}

#[test]
fn a_disk_that_the_log_itself_has_filled_has_room_again_when_all_is_sent() {
    let disk = Faulty::with(Plan {
        // The marker takes more than 4 KiB of it.
        room: Some(6000),
        ..Plan::default()
    });
    // One segment could take it all.
    let limits = Limits {
        segment_bytes: 1024 * 1024,
        ..LIMITS
    };
    let (mut appender, mut reader) = Log::open(disk.clone(), limits).unwrap();
    let mut taken = 0;
    loop {
        assert!(appender.add(&contents(taken), 1));
        taken += 1;
        if appender.commit(Instant::now()).is_err() {
            break;
        }
    }
    // Nothing is sent for a while: trying again leaves nothing behind.
    for _ in 0..100 {
        assert!(appender.commit(Instant::now()).is_err());
    }
    assert!(disk.files().len() <= 2, "{:?}", disk.files());
    let mut done = Done::default();
    while done.read(&mut reader, BATCH) {}
    // As the sender does when nothing more comes.
    reader.mark(reader.position(), Instant::now()).unwrap();
    appender.commit(Instant::now()).unwrap();
    while done.read(&mut reader, BATCH) {}
    assert_eq!(done.sent, (0..taken).collect::<Vec<_>>());
    assert_eq!((reader.log().lost(), reader.log().unread()), (0, 0));
}

#[test]
fn size_and_age_are_bounded() {
    let disk = Faulty::default();
    let limits = Limits {
        most_bytes: 2000,
        ..LIMITS
    };
    let (mut appender, mut reader) = Log::open(disk, limits).unwrap();
    let mut taken = 0;
    let refused = loop {
        assert!(appender.add(&contents(taken), 1));
        match appender.commit(Instant::now()) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Trouble::Full(_)), "{refused}");
    let log = reader.log().clone();
    assert!(log.bytes() <= 2000);
    // The segment that is being read and the one that is written to stay.
    let mut done = Done::default();
    done.read(&mut reader, 1);
    let later = Instant::now() + LIMITS.most_age * 2;
    let expired = log.expire(later);
    assert!(expired > 0);
    appender.commit(later).unwrap();
    while done.read(&mut reader, BATCH) {}
    assert_eq!(done.sent.len() as u64 + expired, u64::from(taken) + 1);
    assert_eq!((log.lost(), log.unread()), (0, 0));
}

#[test]
fn a_folder_of_the_machine_works_too() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Folder {
        path: folder.path().join("a/b"),
    };
    for life in 0..3 {
        let (mut appender, mut reader) = Log::open(disk.clone(), LIMITS).unwrap();
        for number in 0..RECORDS {
            assert!(appender.add(&contents(number), 2));
        }
        appender.commit(Instant::now()).unwrap();
        let before = if life == 0 { 0 } else { 10 };
        assert_eq!(reader.log().unread(), 2 * (u64::from(RECORDS) + before));
        let mut bytes = Vec::new();
        for _ in 0..u64::from(RECORDS) + before - 10 {
            assert_eq!(reader.next(&mut bytes).unwrap(), Next::Record(2));
            number(&bytes);
        }
        reader.mark(reader.position(), Instant::now()).unwrap();
    }
}
