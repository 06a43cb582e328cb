//! What is read and what is refused, as Prometheus does.

use super::{Decoder, Format, Item, Reader, format_le};
use crate::signals::MetricType;
use proptest::prelude::*;
use std::fmt::Write;

/// A page as a list, or its error.
fn read(page: &str, format: Format) -> String {
    let mut out = String::new();
    let mut reader = Reader::new(page.as_bytes(), format);
    let mut decoder = Decoder::default();
    loop {
        let item = match reader.next(None) {
            Ok(Some(item)) => item,
            Ok(None) => return out,
            Err(error) => return out + &format!("ERROR {error}"),
        };
        let _ = match item {
            Item::Series(series) => {
                let labels = decoder.series(series.raw, reader.kind()).unwrap();
                let mut text = String::new();
                for (name, value) in labels {
                    let _ = write!(text, "{name}={value:?} ");
                }
                let _ = write!(text, "= {}", series.value);
                if let Some(time) = series.timestamp {
                    let _ = write!(text, " @{time}");
                }
                if let Some(exemplar) = series.exemplar {
                    let labels = decoder.exemplar(exemplar.raw).unwrap();
                    let _ = write!(text, " # {labels} {} {:?}", exemplar.value, exemplar.timestamp);
                }
                writeln!(out, "{text}")
            }
            Item::Help(name, text) => writeln!(out, "HELP {} {text:?}", String::from_utf8_lossy(name)),
            Item::Type(name, kind) => writeln!(out, "TYPE {} {kind:?}", String::from_utf8_lossy(name)),
            Item::Unit(name, unit) => writeln!(
                out,
                "UNIT {} {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(unit)
            ),
        };
    }
}

#[test]
fn text_is_read() {
    let page = concat!(
        "# HELP a_total Some \\n text\n",
        "#\tTYPE   a_total counter\n",
        "# a comment\n#another\n\n",
        "a_total 1\n",
        "a_total{} 2\n",
        "  a_total { l = \"x\" , m=\"a\\\"b\\\\c\\nd\\q\" , } 1e3 1700000000000 \n",
        "a_total{l=\"x\" m=\"y\"}NaN\n",
        "b{l=\"two\nlines\"} -Inf\n",
        "{\"c.d\",\"l.m\"=\"v\"} 3\n",
    );
    insta::assert_snapshot!(read(page, Format::Text), @r##"
    HELP a_total "Some \\n text"
    TYPE a_total Counter
    __name__="a_total" = 1
    __name__="a_total" = 2
    __name__="a_total" l="x" m="a\"b\\c\nd\\q" = 1000 @1700000000000
    __name__="a_total" l="x" m="y" = NaN
    __name__="b" l="two\nlines" = -inf
    __name__="c.d" l.m="v" = 3
    "##);
}

#[test]
fn open_metrics_is_read() {
    let page = concat!(
        "# TYPE a_seconds histogram\n",
        "# UNIT a_seconds seconds\n",
        "# HELP a_seconds \n",
        "a_seconds_bucket{le=\"1\"} 2 # {trace_id=\"x\"} 0.5\n",
        "a_seconds_bucket{le=\"+Inf\"} 2 1.5 # {} 3 1.25\n",
        "a_seconds_count 2 1.001\n",
        "# EOF\n",
    );
    insta::assert_snapshot!(read(page, Format::OpenMetrics), @r##"
    TYPE a_seconds Histogram
    UNIT a_seconds seconds
    HELP a_seconds ""
    __name__="a_seconds_bucket" le="1.0" = 2 # {trace_id="x"} 0.5 None
    __name__="a_seconds_bucket" le="+Inf" = 2 @1500 # {} 3 Some(1250)
    __name__="a_seconds_count" = 2 @1000
    "##);
}

#[test]
fn malformed_text_is_refused() {
    let pages = [
        "a",
        "a\n",
        "a 1 x\n",
        "a{b=\"c\" 1\n",
        "a{b=c} 1\n",
        "a{b} 1\n",
        "a{=\"x\"} 1\n",
        "a{b=\"c} 1\n",
        "a b\n",
        "a 1_0\n",
        "a 0x1p3\n",
        "a +NaN\n",
        "a 1e999\n",
        "a 1 99999999999999999999\n",
        "a{b=\"c\"}{ 1\n",
        "# TYPE a weird\n",
        "# HELP 1 x\n",
        "{b=\"c\"} 1\n",
        "a{\"b\"} 1\n",
        "-a 1\n",
        "a 1\r\n",
        "good 1\nmore 2\nbad{ 3\n",
    ];
    let told: Vec<String> = pages.iter().map(|page| read(page, Format::Text)).collect();
    assert!(told.iter().all(|told| told.contains("ERROR")), "{told:#?}");
    insta::assert_snapshot!(told.join("\n"), @r##"
    ERROR line 1: expected value after metric, got the end of the page while parsing: "a"
    ERROR line 1: expected value after metric, got the end of the line while parsing: "a"
    ERROR line 1: expected timestamp or new record, got "x" while parsing: "a 1 x"
    ERROR line 1: expected label name, got "1" while parsing: "a{b=\"c\" 1"
    ERROR line 1: expected label value, got "c" while parsing: "a{b=c} 1"
    ERROR line 1: expected equal, got "}" while parsing: "a{b} 1"
    ERROR line 1: expected label name, got "=" while parsing: "a{=\"x\"} 1"
    ERROR line 1: expected label value, got "\"" while parsing: "a{b=\"c} 1"
    ERROR line 1: "b" is no number while parsing: "a b"
    ERROR line 1: "1_0" is no number while parsing: "a 1_0"
    ERROR line 1: "0x1p3" is no number while parsing: "a 0x1p3"
    ERROR line 1: "+NaN" is no number while parsing: "a +NaN"
    ERROR line 1: "1e999" is out of range while parsing: "a 1e999"
    ERROR line 1: "99999999999999999999" is no timestamp while parsing: "a 1 99999999999999999999"
    ERROR line 1: expected value after metric, got "{" while parsing: "a{b=\"c\"}{ 1"
    ERROR line 1: invalid metric type "weird" while parsing: "# TYPE a weird"
    ERROR line 1: expected metric name after HELP or TYPE, got "1" while parsing: "# HELP 1 x"
    ERROR line 1: metric name not set while parsing: "{b=\"c\"} 1"
    ERROR line 1: the metric's name is given twice while parsing: "a{\"b\"} 1"
    ERROR line 1: expected a valid start token, got "-" while parsing: "-a 1"
    ERROR line 1: "1\r" is no number while parsing: "a 1\r"
    __name__="good" = 1
    __name__="more" = 2
    ERROR line 3: expected label name, got "3" while parsing: "bad{ 3"
    "##);
}

#[test]
fn malformed_open_metrics_is_refused() {
    let pages = [
        "",
        "a 1\n",
        "a 1\n# EOF\nb 1\n",
        "a 1\n\n# EOF\n",
        "a  1\n# EOF\n",
        "a{b=\"c\" } 1\n# EOF\n",
        "a{b=\"c\"d=\"e\"} 1\n# EOF\n",
        "a 1 NaN\n# EOF\n",
        "a 1 # {x} 1\n# EOF\n",
        "a 1 # {x=\"y\"}\n# EOF\n",
        "# UNIT a_seconds bytes\n# EOF\n",
        "# TYPE a untyped\n# EOF\n",
        "# nothing\n# EOF\n",
        "#EOF\n",
        "a 1 1 1\n# EOF\n",
    ];
    let told: Vec<String> = pages.iter().map(|page| read(page, Format::OpenMetrics)).collect();
    assert!(told.iter().all(|told| told.contains("ERROR")), "{told:#?}");
    insta::assert_snapshot!(told.join("\n"), @r##"
    ERROR line 1: data does not end with # EOF
    __name__="a" = 1
    ERROR line 2: data does not end with # EOF
    __name__="a" = 1
    ERROR line 2: unexpected data after # EOF while parsing: "# EOF"
    __name__="a" = 1
    ERROR line 2: expected a valid start token, got the end of the line
    ERROR line 1: expected value after metric, got " " while parsing: "a  1"
    ERROR line 1: expected comma or brace close, got " " while parsing: "a{b=\"c\" } 1"
    ERROR line 1: expected comma or brace close, got "d" while parsing: "a{b=\"c\"d=\"e\"} 1"
    ERROR line 1: invalid timestamp NaN while parsing: "a 1 NaN"
    ERROR line 1: expected equal, got "}" while parsing: "a 1 # {x} 1"
    ERROR line 1: expected value after exemplar labels, got the end of the line while parsing: "a 1 # {x=\"y\"}"
    ERROR line 1: unit "bytes" not a suffix of metric "a_seconds" while parsing: "# UNIT a_seconds bytes"
    ERROR line 1: invalid metric type "untyped" while parsing: "# TYPE a untyped"
    ERROR line 1: expected HELP, TYPE, UNIT or EOF, got "n" while parsing: "# nothing"
    ERROR line 1: expected a blank after #, got "E" while parsing: "#EOF"
    ERROR line 1: expected the end of the line, got " " while parsing: "a 1 1 1"
    "##);
}

#[test]
fn a_page_without_a_last_newline_is_whole() {
    assert_eq!(read("a 1", Format::Text), "__name__=\"a\" = 1\n");
    assert_eq!(read("a 1\n# EOF", Format::OpenMetrics), "__name__=\"a\" = 1\n");
}

#[test]
fn numbers_are_exact() {
    for text in [
        "0.1",
        "123456789.012345",
        "-0",
        "3",
        "1e-7",
        "0.000001",
        "1.7976931348623157e+308",
        "999999999999999",
        "+5",
        ".5",
        "5.",
    ] {
        let mut reader_page = String::from("a ");
        reader_page.push_str(text);
        let mut reader = Reader::new(reader_page.as_bytes(), Format::Text);
        let Ok(Some(Item::Series(series))) = reader.next(None) else {
            panic!("{text}")
        };
        assert_eq!(
            series.value.to_bits(),
            text.parse::<f64>().unwrap().to_bits(),
            "{text}"
        );
    }
    assert!(!crate::signals::is_stale_nan(f64::from_bits(
        super::NORMAL_NAN_BITS
    )));
}

#[test]
fn bounds_are_written_one_way() {
    let cases = [
        ("1", "1.0"),
        ("0.005", "0.005"),
        ("1e6", "1e+06"),
        ("+Inf", "+Inf"),
        ("10.0", "10.0"),
    ];
    for (text, want) in cases {
        assert_eq!(format_le(text).as_deref(), Some(want));
    }
    let mut decoder = Decoder::default();
    let le = |decoder: &mut Decoder, kind| decoder.series(b"a{le=\"1\"}", kind).unwrap()[1].1.clone();
    assert_eq!(le(&mut decoder, MetricType::Histogram), "1.0");
    assert_eq!(le(&mut decoder, MetricType::Gauge), "1");
}

#[test]
fn the_expected_series_is_recognised_only_if_it_is_the_one() {
    for (page, expected, want) in [
        ("a{b=\"c\"} 1\n", "a{b=\"c\"}", true),
        ("a 1\n", "a", true),
        ("ab 1\n", "a", false),
        ("a {b=\"c\"} 1\n", "a", false),
    ] {
        let mut reader = Reader::new(page.as_bytes(), Format::Text);
        let Ok(Some(Item::Series(series))) = reader.next(Some(expected.as_bytes())) else {
            panic!("{page}")
        };
        assert_eq!(series.expected, want, "{page}");
        assert_eq!(series.value, 1.0);
    }
}

/// Pages that look a little like ones.
fn pages() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "a",
            "_b:c",
            "{",
            "}",
            "=",
            ",",
            "\"",
            "\\",
            "\n",
            " ",
            "\t",
            "1",
            "-2.5e3",
            "NaN",
            "# ",
            "#",
            "HELP ",
            "TYPE ",
            "UNIT ",
            "EOF",
            "le",
            "counter",
            "histogram",
            "é",
            "\0",
            "\\n",
            "x=\"y\"",
            "a 1\n",
            "# EOF\n",
            " # {",
        ]),
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_page_panics_and_a_hint_changes_nothing(page in pages(), open in any::<bool>()) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let mut plain = Reader::new(page.as_bytes(), format);
        let mut hinted = Reader::new(page.as_bytes(), format);
        let mut decoder = Decoder::default();
        loop {
            let one = plain.next(None);
            let raw = match &one {
                Ok(Some(Item::Series(series))) => Some(series.raw),
                _ => None,
            };
            let other = hinted.next(raw);
            if let (Ok(Some(Item::Series(one))), Ok(Some(Item::Series(other)))) = (&one, &other) {
                prop_assert_eq!(one.raw, other.raw);
                prop_assert_eq!(one.value.to_bits(), other.value.to_bits());
                prop_assert_eq!(one.timestamp, other.timestamp);
                let _ = decoder.series(one.raw, plain.kind());
            } else {
                prop_assert_eq!(one.is_ok(), other.is_ok());
            }
            if !matches!(one, Ok(Some(_))) {
                break;
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut reader = Reader::new(&bytes, format);
            while let Ok(Some(_)) = reader.next(None) {}
        }
    }
}
