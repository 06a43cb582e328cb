//! `loki.echo`: writes log entries to standard output, for people at a terminal.

use crate::component::{BuildError, CancellationToken, Component, Context, HealthCell, RunError};
use crate::signals::{Entry, Inlet, LogBatch, LogsReceiver, inlet};
use river_eval::{Nothing, Shared};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

/// What `loki.echo` exports.
#[derive(Clone, Debug, river_eval::Exports)]
pub struct Exports {
    /// Where other components send log entries to be shown.
    receiver: Shared<LogsReceiver>,
}

/// `loki.echo`.
#[derive(Debug)]
pub struct Echo {
    id: String,
    health: HealthCell,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
}

impl Component for Echo {
    const NAME: &'static str = "loki.echo";
    type Arguments = Nothing;
    type Exports = Exports;

    fn new(context: Context<Exports>, _: Nothing) -> Result<Self, BuildError> {
        let (receiver, inlet) = inlet(&context.id.to_string());
        context.export(&Exports { receiver });
        Ok(Self {
            id: context.id.to_string(),
            health: context.health,
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, _: Nothing) -> Result<(), BuildError> {
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        let colour = std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        self.health.healthy("started component");
        loop {
            tokio::select! {
                biased;
                batch = inlet.next() => match batch {
                    Some(batch) => self.show(batch, colour),
                    None => return Ok(()),
                },
                () = stop.cancelled() => break,
            }
        }
        while let Some(batch) = inlet.try_next() {
            self.show(batch, colour);
        }
        Ok(())
    }
}

impl Echo {
    fn show(&self, batch: LogBatch, colour: bool) {
        let mut text = String::new();
        for entry in &batch.entries {
            line(&mut text, &self.id, entry, colour);
        }
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => self.health.healthy("started component"),
            // Nobody reads: the entries have been shown to all there are.
            Err(error) => self
                .health
                .unhealthy(format!("cannot write to standard output: {error}")),
        }
        batch.ack.delivered();
    }
}

/// Time, component, labels and metadata dimmed, then the line: what differs from line to line stands at the end.
fn line(out: &mut String, id: &str, entry: &Entry, colour: bool) {
    let (dim, plain) = if colour {
        ("\u{1b}[2m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let time = jiff::Timestamp::from_nanosecond(entry.timestamp.into())
        .map_or_else(|_| entry.timestamp.to_string(), |time| format!("{time:.3}"));
    // Writing to a String cannot fail.
    let _ = write!(out, "{dim}{time} {id} {}", entry.labels);
    for (name, value) in entry.metadata.iter().flat_map(|metadata| metadata.iter()) {
        let _ = write!(out, " {name}={value:?}");
    }
    out.push_str(plain);
    out.push(' ');
    // Control characters of a log must not steer the terminal; colours that it carries are kept on one.
    for c in entry.line.trim_end_matches(['\n', '\r']).chars() {
        match c {
            '\t' => out.push(c),
            '\u{1b}' if colour => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out.push_str(plain);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::Labels;

    fn shown(text: &str, metadata: bool, colour: bool) -> String {
        let entry = Entry {
            labels: Labels::from_pairs([("job", "j")]),
            timestamp: 1_763_000_000_123_456_789,
            line: text.to_owned().into(),
            metadata: metadata.then(|| [("trace_id".into(), "abc".into())].into()),
        };
        let mut out = String::new();
        line(&mut out, "loki.echo.t", &entry, colour);
        out
    }

    #[test]
    fn a_line_tells_when_from_where_and_what() {
        insta::assert_snapshot!(shown("hello\n", true, false), @r#"2025-11-13T02:13:20.123Z loki.echo.t {job="j"} trace_id="abc" hello"#);
    }

    #[test]
    fn a_log_cannot_steer_the_terminal() {
        insta::assert_snapshot!(shown("a\u{1b}[2Jb\u{7}c\nd\te", false, false), @r#"2025-11-13T02:13:20.123Z loki.echo.t {job="j"} a\u{1b}[2Jb\u{7}c\nd	e"#);
        assert!(shown("x", false, true).ends_with("\u{1b}[0m x\u{1b}[0m\n"));
    }
}
