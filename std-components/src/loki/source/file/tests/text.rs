//! What is in files: encodings, compression, long lines, any bytes.

use super::super::arguments::Format;
use super::super::lines::{CUT_MARK, MAX_LINE_BYTES};
use super::*;
use proptest::prelude::*;

#[test]
fn a_long_line_arrives_in_marked_pieces() {
    let mut bench = Bench::new(settings());
    let long = "é".repeat(MAX_LINE_BYTES / 2) + "tail";
    let whole = "y".repeat(300_000);
    bench.append("a.log", format!("short\n{whole}\n{long}\nnext\n"));
    bench.follow(&["a.log"]);
    let lines = bench.deliver();
    let lengths: Vec<usize> = lines.iter().map(String::len).collect();
    assert_eq!(lengths, [5, 300_000, MAX_LINE_BYTES + CUT_MARK.len(), 4, 4]);
    let piece = lines[2].strip_suffix(CUT_MARK).unwrap();
    assert_eq!(format!("{piece}{}", lines[3]), long);
    assert!(bench.metric("loki_source_file_cut_lines_total{component_id=\"x\",component_path=\"/\"} 1"));
}

#[test]
fn equal_lines_have_times_of_their_own() {
    let mut bench = Bench::new(settings());
    bench.append("a.log", "same\n".repeat(5000));
    bench.follow(&["a.log"]);
    let batches = bench.sweep();
    let times: Vec<i64> = batches
        .iter()
        .flat_map(|batch| &batch.entries)
        .map(|entry| entry.timestamp)
        .collect();
    assert_eq!(times.len(), 5000);
    assert!(times.is_sorted_by(|one, two| one < two));
}

#[test]
fn encodings() {
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let mut bench = Bench::new(Settings {
        encoding: Encoding::named("UTF-16LE").unwrap(),
        ..settings()
    });
    bench.append("a.log", utf16("grüße\r\nਅ\nunfin"));
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver(), ["grüße", "ਅ"]);
    bench.append("a.log", utf16("ished\n"));
    assert_eq!(bench.deliver(), ["unfinished"]);

    // A mark has precedence, after a restart in the middle too.
    let mut bench = Bench::new(settings());
    bench.append("a.log", utf16("\u{feff}one\n"));
    bench.append("b.log", "\u{feff}eins\n");
    bench.follow(&["a.log", "b.log"]);
    assert_eq!(bench.deliver(), ["one", "eins"]);
    bench.save();
    let mut bench = bench.killed();
    bench.append("a.log", utf16("two\n"));
    assert_eq!(bench.deliver(), ["two"]);

    let mut bench = Bench::new(Settings {
        encoding: Encoding::named("Shift_JIS").unwrap(),
        ..settings()
    });
    bench.append("a.log", b"\x93\xfa\x96{\n");
    bench.follow(&["a.log"]);
    assert_eq!(bench.deliver(), ["日本"]);
}

fn pack(format: Format, text: &[u8]) -> Vec<u8> {
    match format {
        Format::Gz => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Format::Z => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Format::Bz2 => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Format::Zstd => ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest),
    }
}

#[test]
fn compressed_files() {
    for format in [Format::Gz, Format::Z, Format::Bz2, Format::Zstd] {
        let mut bench = Bench::new(Settings {
            format: Some(format),
            ..settings()
        });
        let lines: Vec<String> = (0..40_000).map(|number| format!("line {number}")).collect();
        bench.append("a", pack(format, (lines.join("\n") + "\nlast").as_bytes()));
        bench.follow(&["a"]);
        let got = bench.deliver();
        assert_eq!(got.len(), 40_001, "{format:?}");
        assert!(got[..40_000] == lines, "{format:?}");
        assert_eq!(got[40_000], "last");
        // Not read again, neither now nor after a restart.
        bench.save();
        assert!(bench.deliver().is_empty());
        let mut bench = bench.killed();
        assert!(bench.deliver().is_empty());
    }
}

#[test]
fn a_compressed_file_that_is_still_being_written() {
    let mut bench = Bench::new(Settings {
        format: Some(Format::Gz),
        ..settings()
    });
    let mut random = 1_u64;
    let mut line = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{random:x}\n")
    };
    let text: String = (0..20_000).map(|_| line()).collect();
    let packed = pack(Format::Gz, text.as_bytes());
    bench.append("a.gz", &packed[..packed.len() / 2]);
    bench.follow(&["a.gz"]);
    let mut lines = bench.deliver();
    assert!(lines.len() > 5000, "{}", lines.len());
    assert!(bench.problem().unwrap().contains("cannot be decompressed"));
    bench.append("a.gz", &packed[packed.len() / 2..]);
    bench.pass_time(20);
    lines.extend(bench.deliver());
    assert_eq!(lines.join("\n") + "\n", text);
    assert_eq!(bench.problem(), None);
}

#[test]
fn a_compressed_batch_that_failed_is_decompressed_again() {
    let mut bench = Bench::new(Settings {
        format: Some(Format::Gz),
        initial_delay: Duration::from_secs(10),
        ..settings()
    });
    bench.append("a.gz", pack(Format::Gz, b"1\n2\n"));
    bench.follow(&["a.gz"]);
    assert!(bench.sweep().is_empty(), "the initial delay");
    bench.pass_time(10);
    let batches = bench.sweep();
    assert_eq!(lines_of(&batches), ["1", "2"]);
    drop(batches);
    bench.settle();
    bench.pass_time(1);
    assert_eq!(bench.deliver(), ["1", "2"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is appended in whatever pieces, with polls, failures and kills in between: each line at least once, in order where nothing failed.
    #[test]
    fn any_appends_give_exactly_the_lines(
        pieces in prop::collection::vec((prop::collection::vec(prop_oneof![4 => Just(b'a'), 1 => Just(b'\n'), 1 => Just(b'\r'), 1 => any::<u8>()], 0..300), 0..4_u8), 1..20)
    ) {
        let mut bench = Bench::new(settings());
        bench.append("a.log", "");
        bench.follow(&["a.log"]);
        let mut all = Vec::new();
        let mut got = Vec::new();
        for (piece, then) in pieces {
            bench.append("a.log", &piece);
            all.extend(piece);
            match then {
                0 => {}
                1 => got.extend(bench.deliver()),
                2 => {
                    // Failed, and read again.
                    drop(bench.sweep());
                    bench.settle();
                    bench.pass_time(20);
                    got.extend(bench.deliver());
                }
                _ => {
                    bench.save();
                    bench = bench.killed();
                }
            }
        }
        bench.append("a.log", "\nend\n");
        all.extend(b"\nend\n");
        got.extend(bench.deliver());
        let text = |line: &[u8]| String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        let mut wanted: Vec<String> = all.split(|&byte| byte == b'\n').map(text).collect();
        wanted.pop();
        prop_assert_eq!(got, wanted);
    }
}
