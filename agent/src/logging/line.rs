//! One log line as logfmt or JSON: `ts`, `level`, `msg`, then the fields.

use std::fmt::Write;
use std::time::SystemTime;
use tracing::Level;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Logfmt,
    Json,
}

/// A line being written.
pub(super) struct Line {
    format: Format,
    text: String,
}

impl Line {
    pub(super) fn new(format: Format, at: SystemTime, level: &Level) -> Self {
        let mut line = Self {
            format,
            text: String::with_capacity(160),
        };
        if format == Format::Json {
            line.text.push('{');
        }
        line.field("ts", &timestamp(at));
        let level = match *level {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG | Level::TRACE => "debug",
        };
        line.field("level", level);
        line
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        match self.format {
            Format::Logfmt => {
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.text.push_str(name);
                self.text.push('=');
                push_logfmt_value(&mut self.text, value);
            }
            Format::Json => {
                if self.text.len() > 1 {
                    self.text.push(',');
                }
                push_json_string(&mut self.text, name);
                self.text.push(':');
                push_json_string(&mut self.text, value);
            }
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.format == Format::Json {
            self.text.push('}');
        }
        self.text.push('\n');
        self.text
    }
}

/// RFC 3339 in UTC with nine digits of a second, as the reference writes it.
fn timestamp(at: SystemTime) -> String {
    match jiff::Timestamp::try_from(at) {
        Ok(at) => format!("{at:.9}"),
        Err(_) => "unknown".to_owned(),
    }
}

/// Quoted only where a space, a quote, `=` or a control character stands in it (logfmt as Go's kit log writes it).
fn push_logfmt_value(out: &mut String, value: &str) {
    let bare = |c: char| c > ' ' && c != '"' && c != '=' && c != '\\' && c != '\u{7f}';
    if !value.is_empty() && value.chars().all(bare) {
        out.push_str(value);
    } else {
        push_json_string(out, value);
    }
}

fn push_json_string(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || c == '\u{7f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn line(format: Format) -> String {
        let mut line = Line::new(
            format,
            UNIX_EPOCH + Duration::from_nanos(1_763_000_000_123_456_789),
            &Level::WARN,
        );
        line.field("msg", "cannot reach \"loki\"\nat all");
        line.field("component_id", "loki.write.out");
        line.finish()
    }

    #[test]
    fn logfmt_quotes_only_what_needs_it() {
        insta::assert_snapshot!(line(Format::Logfmt), @r#"ts=2025-11-13T02:13:20.123456789Z level=warn msg="cannot reach \"loki\"\nat all" component_id=loki.write.out"#);
    }

    #[test]
    fn json_lines_parse() {
        let text = line(Format::Json);
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["msg"], "cannot reach \"loki\"\nat all");
        assert_eq!(parsed["component_id"], "loki.write.out");
        assert_eq!(parsed["level"], "warn");
    }
}
