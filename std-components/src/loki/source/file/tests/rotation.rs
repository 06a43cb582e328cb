//! Rotation of every style, restarts in between, receivers that fail.

use super::*;

fn bench() -> Bench {
    let mut bench = Bench::new(settings());
    bench.append("a.log", "1\n2\n");
    bench.follow(&["a.log"]);
    bench
}

const NOTHING: [&str; 0] = [];

#[test]
fn follows_what_is_appended() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    assert_eq!(bench.deliver(), NOTHING);
    bench.append("a.log", "3\npart");
    assert_eq!(bench.deliver(), ["3"]);
    assert_eq!(bench.offsets(), [6]);
    bench.append("a.log", "ial\n");
    assert_eq!(bench.deliver(), ["partial"]);
    let path = bench.path("a.log").display().to_string();
    let path = format!("component_id=\"x\",component_path=\"/\",path=\"{path}\"}}");
    assert!(bench.metric(&format!("loki_source_file_read_lines_total{{{path} 4")));
    assert!(bench.metric(&format!("loki_source_file_read_bytes_total{{{path} 14")));
    assert!(bench.metric(&format!("loki_source_file_file_bytes_total{{{path} 14")));
}

#[test]
fn renamed_and_created_anew() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    bench.rename("a.log", "a.log.1");
    bench.append("a.log", "4\n");
    assert_eq!(bench.deliver(), ["3", "4"]);
    // A writer that has not opened the new file yet.
    bench.append("a.log.1", "late\nunfinished");
    bench.append("a.log", "5\n");
    assert_eq!(bench.deliver(), ["late", "5"]);
    bench.pass_time(6);
    assert_eq!(bench.deliver(), ["unfinished"]);
    bench.append("a.log.1", "too late\n");
    bench.append("a.log", "6\n");
    assert_eq!(bench.deliver(), ["6"]);
}

/// Whether the file system of the tests tells when a file was made.
fn tells_births(bench: &Bench) -> bool {
    let tells = fs::metadata(bench.path("a.log")).unwrap().created().is_ok();
    if !tells {
        eprintln!("skipped: the file system of the tests does not tell when a file was made");
    }
    tells
}

/// Of rotated files each moves on, as logrotate does it, and a new one is begun.
fn rotate(bench: &Bench, files: u32, line: &str) {
    for number in (1..files).rev() {
        bench.rename(&format!("a.log.{number}"), &format!("a.log.{}", number + 1));
    }
    bench.rename("a.log", "a.log.1");
    bench.append("a.log", line);
    pass_tick();
}

/// The clock of file systems goes by milliseconds; logs are rotated seconds apart.
fn pass_tick() {
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn rotated_several_times_between_two_looks() {
    let mut bench = Bench::new(settings());
    bench.append("a.log.4", "older than what is followed\n");
    pass_tick();
    bench.append("a.log", "1\n2\n");
    bench.follow(&["a.log"]);
    if !tells_births(&bench) {
        return;
    }
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    // A copy that was made while the name was still seen to be another's.
    fs::copy(bench.path("a.log"), bench.path("a.log.5")).unwrap();
    pass_tick();
    pass_tick();
    assert_eq!(bench.deliver(), ["3"]);
    bench.append("a.log", "3b\n");
    pass_tick();
    rotate(&bench, 1, "4\n");
    rotate(&bench, 2, "5\n");
    // None of these had the name.
    bench.append("a.log.lock", "no log\n");
    bench.append("a.log.9.gz", "\u{1f}\u{8b}\u{8}");
    bench.append("b.log.1", "another log\n");
    rotate(&bench, 3, "6\n");
    assert_eq!(bench.deliver(), ["3b", "4", "5", "6"]);
    bench.append("a.log", "7\n");
    assert_eq!(bench.deliver(), ["7"]);
}

#[test]
fn rotated_several_times_while_nobody_looked() {
    let mut bench = bench();
    if !tells_births(&bench) {
        return;
    }
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    let mut bench = bench.killed();
    rotate(&bench, 1, "4\n");
    rotate(&bench, 2, "5\n");
    rotate(&bench, 3, "6\n");
    assert_eq!(bench.deliver(), ["3", "4", "5", "6"]);
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), NOTHING);
    rotate(&bench, 4, "7\n");
    assert_eq!(bench.deliver(), ["7"]);
}

#[test]
fn copied_and_truncated() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    fs::copy(bench.path("a.log"), bench.path("a.log.1")).unwrap();
    File::options()
        .write(true)
        .open(bench.path("a.log"))
        .unwrap()
        .set_len(0)
        .unwrap();
    assert_eq!(bench.deliver(), NOTHING);
    bench.append("a.log", "3\n");
    assert_eq!(bench.deliver(), ["3"]);
}

#[test]
fn truncated_and_grown_beyond_where_it_was_read() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    fs::write(bench.path("a.log"), "other\nlines\nthan before\n").unwrap();
    assert_eq!(bench.deliver(), ["other", "lines", "than before"]);
}

#[test]
fn deleted_and_created_anew() {
    let mut bench = bench();
    bench.append("a.log", "no newline");
    assert_eq!(bench.deliver(), ["1", "2"]);
    fs::remove_file(bench.path("a.log")).unwrap();
    assert_eq!(bench.deliver(), NOTHING);
    assert_eq!(bench.problem(), None);
    bench.append("a.log", "3\n");
    assert_eq!(bench.deliver(), ["3"]);
    bench.pass_time(6);
    assert_eq!(bench.deliver(), ["no newline"]);
}

#[test]
fn rotated_twice_while_nothing_can_be_sent() {
    let mut bench = bench();
    let held = bench.sweep();
    assert_eq!(lines_of(&held), ["1", "2"]);
    bench.append("a.log", "3\n");
    for (number, line) in [(3, "4\n"), (2, "5\n"), (1, "6\n")] {
        bench.rename("a.log", &format!("a.log.{number}"));
        bench.append("a.log", line);
        bench.watch();
    }
    fs::remove_file(bench.path("a.log.2")).unwrap();
    held.into_iter().for_each(|batch| batch.ack.delivered());
    bench.settle();
    assert_eq!(bench.deliver(), ["3", "4", "5", "6"]);
}

#[test]
fn through_a_symbolic_link() {
    let mut bench = Bench::new(settings());
    bench.append("one", "1\n");
    std::os::unix::fs::symlink(bench.path("one"), bench.path("link")).unwrap();
    bench.follow(&["link"]);
    assert_eq!(bench.deliver(), ["1"]);
    bench.append("one", "2\n");
    bench.append("two", "3\n");
    std::os::unix::fs::symlink(bench.path("two"), bench.path("new")).unwrap();
    bench.rename("new", "link");
    assert_eq!(bench.deliver(), ["2", "3"]);
}

#[test]
fn written_anew_with_the_same_beginning() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    fs::write(bench.path("new"), "1\n2\n3\n").unwrap();
    bench.rename("new", "a.log");
    assert_eq!(bench.deliver(), ["3"]);
}

#[test]
fn a_kill_sends_again_only_what_was_not_acknowledged() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    assert_eq!(lines_of(&bench.sweep()), ["3"]);
    bench.save();
    bench.append("a.log", "4\n");
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), ["3", "4"]);
}

#[test]
fn rotated_while_the_agent_was_down() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.save();
    bench.append("a.log", "3\n");
    bench.rename("a.log", "a.log.1");
    bench.append("a.log", "a new file that is larger than the old position\n");
    let mut bench = bench.killed();
    assert_eq!(
        bench.deliver(),
        ["3", "a new file that is larger than the old position"]
    );
}

#[test]
fn rotated_while_the_agent_was_down_and_no_new_file_yet() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.save();
    bench.append("a.log", "3\n");
    bench.rename("a.log", "a.log.1");
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), ["3"]);
    bench.append("a.log", "4\n");
    assert_eq!(bench.deliver(), ["4"]);
}

#[test]
fn truncated_while_the_agent_was_down() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.save();
    fs::write(bench.path("a.log"), "3\n").unwrap();
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), ["3"]);
    bench.save();
    fs::write(bench.path("a.log"), "another and longer\n").unwrap();
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), ["another and longer"]);
}

#[test]
fn killed_between_two_files() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.rename("a.log", "a.log.1");
    bench.append("a.log", "3\n4\n");
    assert_eq!(bench.deliver(), ["3", "4"]);
    bench.save();
    // The old file is still open for late writers, but nothing of it is owed.
    let mut bench = bench.killed();
    bench.append("a.log", "5\n");
    assert_eq!(bench.deliver(), ["5"]);
}

#[test]
fn a_failed_batch_is_read_again_in_order() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    let first = bench.sweep();
    bench.append("a.log", "4\n");
    let second = bench.sweep();
    assert_eq!(
        (lines_of(&first), lines_of(&second)),
        (vec!["3".into()], vec!["4".into()])
    );
    drop(first);
    bench.settle();
    bench.append("a.log", "5\n");
    // The second is still on its way.
    assert_eq!(lines_of(&bench.sweep()), NOTHING);
    second.into_iter().for_each(|batch| batch.ack.delivered());
    bench.settle();
    bench.pass_time(1);
    assert_eq!(bench.deliver(), ["3", "4", "5"]);
}

#[test]
fn a_failed_batch_of_a_removed_file_is_read_again_from_its_handle() {
    let mut bench = bench();
    let held = bench.sweep();
    fs::remove_file(bench.path("a.log")).unwrap();
    bench.watch();
    bench.pass_time(60);
    bench.watch();
    drop(held);
    bench.settle();
    bench.pass_time(1);
    assert_eq!(bench.deliver(), ["1", "2"]);
}

#[test]
fn what_truncation_has_destroyed_is_counted() {
    let mut bench = bench();
    let held = bench.sweep();
    fs::write(bench.path("a.log"), "").unwrap();
    bench.watch();
    drop(held);
    bench.settle();
    assert!(bench.metric(
        "loki_source_file_lost_bytes_total{component_id=\"x\",component_path=\"/\",reason=\"truncated\"} 4"
    ));
    bench.append("a.log", "3\n");
    bench.pass_time(1);
    assert_eq!(bench.deliver(), ["3"]);
}

#[test]
fn a_target_that_goes_with_its_file_is_read_to_the_end() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\nlast");
    fs::remove_file(bench.path("a.log")).unwrap();
    bench.follow(&[]);
    assert_eq!(bench.deliver(), ["3"]);
    bench.pass_time(6);
    assert_eq!(bench.deliver(), ["last"]);
    bench.sweep();
    assert!(bench.sweeper.infos().is_empty());
}

#[test]
fn a_target_that_goes_alone_is_read_no_more() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    bench.follow(&[]);
    assert_eq!(bench.deliver(), NOTHING);
    assert!(bench.sweeper.infos().is_empty());
    // It goes on where it was when it is wanted again.
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver(), ["3"]);
}

#[test]
fn a_missing_file_is_told_and_found() {
    let mut bench = Bench::new(settings());
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver(), NOTHING);
    let problem = bench.problem().unwrap();
    assert!(problem.contains("a.log: there is no such file"), "{problem}");
    bench.append("a.log", "1\n");
    assert_eq!(bench.deliver(), ["1"]);
    assert_eq!(bench.problem(), None);
    fs::remove_file(bench.path("a.log")).unwrap();
    fs::create_dir(bench.path("a.log")).unwrap();
    bench.sweep();
    let problem = bench.problem().unwrap();
    assert!(problem.contains("it is no regular file"), "{problem}");
}

#[test]
fn from_the_end() {
    let mut bench = Bench::new(Settings {
        tail_from_end: true,
        ..settings()
    });
    bench.append("a.log", "1\n2\nunfinished");
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver(), NOTHING);
    bench.save();
    bench.append("a.log", " line\n");
    // What came while the agent was down is new all the same.
    let mut bench = bench.killed();
    assert_eq!(bench.deliver(), ["unfinished line"]);
}

#[test]
fn a_damaged_positions_file() {
    for (action, wanted) in [
        (OnPositionsFileError::RestartFromBeginning, vec!["1", "2", "3"]),
        (OnPositionsFileError::RestartFromEnd, vec!["3"]),
        (OnPositionsFileError::Skip, vec![]),
    ] {
        let bench = Bench::new(Settings {
            on_positions_file_error: action,
            ..settings()
        });
        bench.append("a.log", "1\n2\n");
        bench.append("data", "");
        fs::remove_file(bench.path("data")).unwrap();
        fs::create_dir(bench.path("data")).unwrap();
        fs::write(bench.path("data/positions.yml"), "\0\0\0").unwrap();
        let mut bench = bench.killed();
        bench.follow(&["a.log"]);
        let mut lines = bench.deliver();
        bench.append("a.log", "3\n");
        lines.extend(bench.deliver());
        assert_eq!(lines, wanted, "{action:?}");
    }
}

#[test]
fn reading_stops_when_nothing_is_acknowledged() {
    let mut bench = Bench::new(settings());
    let line = format!("{}\n", "x".repeat(999));
    bench.append("a.log", line.repeat(20_000));
    bench.follow(&["a.log"]);
    let mut held = Vec::new();
    for _ in 0..100 {
        held.extend(bench.sweep());
    }
    let bytes: usize = held
        .iter()
        .flat_map(|batch| &batch.entries)
        .map(|entry| entry.line.len())
        .sum();
    let bound = super::super::batches::MAX_IN_FLIGHT_BYTES;
    assert!(bytes > bound / 2 && bytes <= bound + 256 * 1024, "{bytes}");
    let count: usize = held.iter().map(|batch| batch.entries.len()).sum();
    held.into_iter().for_each(|batch| batch.ack.delivered());
    bench.settle();
    assert_eq!(count + bench.deliver().len(), 20_000);
}

#[test]
fn a_rotated_file_that_a_glob_finds_again_is_not_read_twice() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    for (line, late) in [("3", "4"), ("5", "6"), ("7", "8")] {
        bench.append("a.log", format!("{line}\n"));
        if bench.path("a.log.1").exists() {
            bench.rename("a.log.1", "a.log.2");
        }
        bench.rename("a.log", "a.log.1");
        bench.append("a.log", "");
        bench.follow(&["a.log", "a.log.1", "a.log.2"]);
        let mut lines = bench.deliver();
        bench.append("a.log.1", format!("{late}\n"));
        lines.extend(bench.deliver());
        bench.pass_time(6);
        lines.extend(bench.deliver());
        assert_eq!(lines, [line, late]);
    }
    // The path that it has now goes on with it.
    bench.append("a.log.1", "9\n");
    assert_eq!(bench.deliver(), ["9"]);
    bench.save();
    bench.rename("a.log.1", "a.log.2");
    bench.rename("a.log", "a.log.1");
    bench.append("a.log.1", "10\n");
    bench.append("a.log", "11\n");
    let mut bench = bench.killed();
    let mut lines = bench.deliver();
    lines.sort();
    assert_eq!(lines, ["10", "11"]);
}

#[test]
fn two_names_of_one_file_are_two_sources() {
    let mut bench = bench();
    fs::hard_link(bench.path("a.log"), bench.path("b.log")).unwrap();
    bench.follow(&["a.log", "b.log"]);
    assert_eq!(bench.deliver(), ["1", "2", "1", "2"]);
}

#[test]
fn killed_when_nothing_of_a_rotated_file_was_taken_yet() {
    let mut bench = bench();
    assert_eq!(bench.deliver(), ["1", "2"]);
    bench.append("a.log", "3\n");
    // From here on no batch ends before the agent is killed.
    let held = bench.sweep();
    for (name, line) in [("a.log.1", "4\n"), ("a.log.2", "5\n")] {
        bench.rename("a.log", name);
        bench.append("a.log", line);
        bench.watch();
    }
    // The last is still empty when it is seen.
    bench.rename("a.log", "a.log.3");
    bench.append("a.log", "");
    bench.watch();
    drop(held);
    let mut bench = bench.killed();
    bench.append("a.log", "6\n");
    assert_eq!(bench.deliver(), ["3", "4", "5", "6"]);
}

#[test]
fn written_anew_with_a_long_beginning_in_common() {
    let banner = "=== the same at every start ===\n".repeat(64);
    let mut bench = Bench::new(settings());
    bench.append("a.log", format!("{banner}one\n"));
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver().len(), 65);
    // As `program > a.log` does, between two looks.
    fs::write(bench.path("a.log"), format!("{banner}second\nthird\n")).unwrap();
    assert_eq!(bench.deliver()[64..], ["second", "third"]);
    bench.save();
    fs::write(bench.path("a.log"), format!("{banner}fourth\nfifth and sixth\n")).unwrap();
    let mut bench = bench.killed();
    assert_eq!(bench.deliver()[64..], ["fourth", "fifth and sixth"]);
}

#[test]
fn a_long_line_goes_on_after_a_restart() {
    let mut bench = Bench::new(settings());
    bench.append("a.log", "first\n");
    // Three bytes a character: a piece is shorter than it may be.
    bench.append("a.log", "\u{4e16}".repeat(500_000));
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver().len(), 2);
    bench.save();
    let mut bench = bench.killed();
    bench.append("a.log", "\nlast\n");
    let lines = bench.deliver();
    assert_eq!((lines.len(), &*lines[1]), (2, "last"));
}

#[test]
fn a_damaged_positions_file_counts_for_targets_that_come_later() {
    for (action, expected) in [
        (OnPositionsFileError::RestartFromEnd, vec!["new"]),
        (OnPositionsFileError::Skip, vec!["new"]),
        (OnPositionsFileError::RestartFromBeginning, vec!["new", "old"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        append(&folder.path().join("a.log"), "old\n");
        fs::create_dir(folder.path().join("data")).unwrap();
        append(&folder.path().join("data/positions.yml"), "\0\0");
        let mut settings = settings();
        settings.on_positions_file_error = action;
        let mut bench = Bench::within(folder, settings);
        // Discovery has found nothing yet.
        assert_eq!(bench.deliver(), NOTHING);
        // So that its time of birth is behind that of the load, as coarse as clocks of file systems are.
        let load = fs::metadata(bench.path("a.log")).unwrap().created().unwrap();
        while {
            let _ = fs::remove_file(bench.path("b.log"));
            bench.append("b.log", "new\n");
            let born = fs::metadata(bench.path("b.log")).unwrap().created().unwrap();
            born.duration_since(load).unwrap_or_default() < Duration::from_millis(20)
        } {}
        bench.follow(&["a.log", "b.log"]);
        let mut lines = bench.deliver();
        lines.sort();
        assert_eq!(lines, expected, "{action:?}");
    }
}

#[test]
fn a_compressed_file_that_is_being_written_is_told_with_a_way_out() {
    let mut bench = Bench::new(Settings {
        format: Some(super::super::arguments::Format::Gz),
        ..settings()
    });
    bench.append("a.gz", [0x1f, 0x8b, 8, 0, 0, 0]);
    bench.follow(&["a.gz"]);
    assert_eq!(bench.deliver(), NOTHING);
    let problem = bench.problem().unwrap();
    assert!(
        problem.contains("as gz") && problem.contains("decompression.initial_delay"),
        "{problem}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn quiet_files_are_left_alone_until_something_happens() {
    let mut bench = bench();
    bench.append("a", "1\n");
    bench.append("b", "1\n");
    bench.follow(&["a", "b"]);
    let rest = |bench: &mut Bench| {
        for _ in 0..20 {
            bench.pass_time(1);
            bench.deliver();
            if bench.is_quiet() {
                return;
            }
        }
        panic!("it never comes to rest");
    };
    rest(&mut bench);
    bench.append("a", "2\n");
    assert!(!bench.is_quiet());
    assert_eq!(bench.deliver(), ["2"]);
    assert!(!bench.is_quiet(), "the position is to be saved");
    rest(&mut bench);
    bench.append("b", "without its end");
    assert!(!bench.is_quiet());
    rest(&mut bench);
    bench.append("b", "\n");
    assert_eq!(bench.deliver(), ["without its end"]);
    rest(&mut bench);
    bench.rename("a", "a.1");
    assert!(!bench.is_quiet());
    assert!(bench.deliver().is_empty());
    bench.append("a", "3\n");
    let sent = bench.sweep();
    for _ in 0..20 {
        bench.pass_time(1);
        assert!(bench.sweep().is_empty());
        assert!(!bench.is_quiet(), "a batch is not acknowledged");
    }
    assert_eq!(lines_of(&sent), ["3"]);
    sent.into_iter().for_each(|batch| batch.ack.delivered());
    bench.settle();
    rest(&mut bench);
    bench.pass_time(10);
    assert!(!bench.is_quiet(), "each file is looked at now and then");
    rest(&mut bench);
    bench.follow(&["a", "b", "c"]);
    bench.append("c", "1\n");
    assert_eq!(bench.deliver(), ["1"]);
}
