//! Streams in chunks of any size.

use super::*;
use proptest::prelude::*;

const TIME: &str = "2024-05-06T07:08:09.000000001Z";
const NANOS: i64 = 1_714_979_289_000_000_001;

fn frame(kind: u8, text: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, 0, 0, 0];
    frame.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend(text);
    frame
}

/// What is told of a stream that comes in chunks of this size and then ends.
fn told(is_terminal: bool, stream: &[u8], size: usize) -> Vec<Told> {
    let mut decoder = Decoder::new(is_terminal);
    let mut all = Vec::new();
    for chunk in stream.chunks(size) {
        decoder.feed(chunk, |told| all.push(told)).unwrap();
    }
    decoder.finish(|told| all.push(told));
    all
}

fn texts(told: &[Told]) -> Vec<(Stream, &str, bool)> {
    told.iter()
        .map(|told| match told {
            Told::Line(line) => {
                assert_eq!(line.time, NANOS);
                (line.stream, &*line.text, line.goes_on)
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn frames_of_both_streams_and_parts_that_are_interleaved() {
    let mut stream = Vec::new();
    for (kind, text) in [
        (1, "one\n"),
        (1, "begin "),
        (2, "err\r\n"),
        (1, "middle "),
        (2, "\n"),
        (1, "end\n"),
    ] {
        stream.extend(frame(kind, format!("{TIME} {text}").as_bytes()));
    }
    for size in [1, 3, 40, 10_000] {
        let told = told(false, &stream, size);
        assert_eq!(
            texts(&told),
            [
                (Stream::Stdout, "one", false),
                (Stream::Stderr, "err", false),
                (Stream::Stderr, "", false),
                (Stream::Stdout, "begin middle end", false),
            ]
        );
    }
}

#[test]
fn a_line_that_is_too_long_comes_in_marked_pieces() {
    let part = format!("{TIME} {}", "é".repeat(8192));
    let mut stream = Vec::new();
    for _ in 0..130 {
        stream.extend(frame(2, part.as_bytes()));
    }
    stream.extend(frame(2, format!("{TIME} end\n").as_bytes()));
    let all = told(false, &stream, 16_000);
    let lines = texts(&all);
    assert_eq!(lines.len(), 3);
    assert!(lines[0].2 && lines[1].2 && !lines[2].2);
    let whole: String = lines
        .iter()
        .map(|line| line.1.trim_end_matches(CUT_MARK))
        .collect();
    assert_eq!(whole, "é".repeat(8192 * 130) + "end");
    assert!(lines[0].1.len() <= MAX_LINE_BYTES + CUT_MARK.len());
}

#[test]
fn a_terminal_has_text_only() {
    let long = "x".repeat(16 * 1024);
    let stream = format!("{TIME} one\r\n{TIME} {long}{TIME} {long}{TIME} end\r\n{TIME} \r\n{TIME} last");
    for size in [1, 7, 100_000] {
        let told = told(true, stream.as_bytes(), size);
        let long = format!("{long}{long}end");
        let wanted = ["one", &long, "", "last"].map(|text| (Stream::Stdout, text, false));
        assert_eq!(texts(&told), wanted);
    }
    let endless = format!("{TIME} {}", "y".repeat(5 * MAX_LINE_BYTES));
    let all = told(true, endless.as_bytes(), 100_000);
    let lines = texts(&all);
    assert!(lines.len() > 3, "memory is bounded");
    let whole: usize = lines
        .iter()
        .map(|line| line.1.trim_end_matches(CUT_MARK).len())
        .sum();
    assert_eq!(whole, 5 * MAX_LINE_BYTES);
}

#[test]
fn what_is_no_line_is_told_apart() {
    let mut stream = frame(3, b"Error grabbing logs: unexpected EOF\n");
    stream.extend(frame(1, b"no time\n"));
    let mut bad = format!("{TIME} ").into_bytes();
    bad.extend(b"a\xffb\n");
    stream.extend(frame(2, &bad));
    let all = told(false, &stream, 5);
    insta::assert_debug_snapshot!(all, @r#"
    [
        Daemon(
            "Error grabbing logs: unexpected EOF",
        ),
        Untimed(
            "no time",
        ),
        Line(
            Line {
                time: 1714979289000000001,
                stream: Stderr,
                text: "a�b",
                goes_on: false,
                is_replaced: true,
            },
        ),
    ]
    "#);
    let mut decoder = Decoder::new(false);
    assert!(decoder.feed(b"HTTP/1.1 200 OK", |_| ()).is_err());
    assert!(decoder.feed(&[1, 0, 0, 0, 255, 0, 0, 0], |_| ()).is_err());
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_are_read(bytes in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..300), terminal: bool, size in 1usize..50) {
        let mut decoder = Decoder::new(terminal);
        for chunk in bytes.chunks(size) {
            if decoder.feed(chunk, |_| ()).is_err() {
                break;
            }
        }
        decoder.finish(|_| ());
    }
}
