//! Findings as people read them: the text with the places drawn, several files in one picture, and a fix as the change that it makes.

use annotate_snippets::{
    AnnotationKind, Group, Level, Patch, Renderer, Snippet, normalize_untrusted_str, renderer::DecorStyle,
};
use river_syntax::{Diagnostic, FileId, Label, Severity, SourceFile, Sources, Span};
use std::io::IsTerminal;
use std::ops::Range;

/// Columns where the terminal does not say.
const DEFAULT_COLUMNS: usize = 110;

/// The fewest columns that are drawn for: less is not worth cutting lines.
const MIN_COLUMNS: usize = 60;

/// What something is painted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// A mistake.
    Error,
    /// Something doubtful.
    Warning,
    /// A remark.
    Info,
    /// All is well.
    Good,
    /// Of less weight than what stands around it.
    Faint,
}

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether with colours.
    colour: bool,
    /// Columns that may be used.
    columns: usize,
}

impl Look {
    /// As fits standard error.
    pub(crate) fn of_stderr() -> Self {
        let stderr = std::io::stderr();
        let size = rustix::termios::tcgetwinsize(&stderr).ok();
        let columns = size
            .map(|size| usize::from(size.ws_col))
            .filter(|&columns| columns > 0);
        Self {
            colour: super::colour(stderr.is_terminal()),
            columns: columns.unwrap_or(DEFAULT_COLUMNS).max(MIN_COLUMNS),
        }
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self {
            colour: false,
            columns: DEFAULT_COLUMNS,
        }
    }

    /// A text in a colour, where there are any.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Error => "1;91",
            Paint::Warning => "1;33",
            Paint::Info => "1;94",
            Paint::Good => "1;92",
            Paint::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Adds the picture of a finding, with an empty line after it. A remark is a line: it needs no action.
    pub(crate) fn draw(self, out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
        if diagnostic.severity == Severity::Info {
            let line = river_syntax::render::concise(sources, diagnostic);
            out.push_str(&self.paint(Paint::Faint, &normalize_untrusted_str(&line)));
            out.push_str("\n\n");
            return;
        }
        let renderer = if self.colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Unicode).term_width(self.columns);
        out.push_str(&renderer.render(&groups(sources, diagnostic)));
        out.push_str("\n\n");
    }
}

/// What the drawing is made of: the finding with its places, then the way out.
fn groups<'s>(sources: &'s Sources, diagnostic: &'s Diagnostic) -> Vec<Group<'s>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level
        .primary_title(normalize_untrusted_str(&diagnostic.message))
        .id(diagnostic.code.id);
    let mut labels = vec![(AnnotationKind::Primary, &diagnostic.primary)];
    labels.extend(
        diagnostic
            .secondary
            .iter()
            .map(|label| (AnnotationKind::Context, label)),
    );
    let mut main = Group::with_title(title);
    for (file, labels) in by_file(&labels) {
        if let Some(file) = sources.get(file) {
            main = main.element(annotated(file, &labels));
        }
    }
    let help = diagnostic.help.as_deref().map(normalize_untrusted_str);
    let change = diagnostic.fix.as_ref().and_then(|fix| {
        let edits: Vec<(Span, &str)> = fix
            .edits
            .iter()
            .map(|edit| (edit.span, edit.replacement.as_str()))
            .collect();
        let file = sources.get(edits.first()?.0.file)?;
        let drawable = is_drawable(file, &edits);
        drawable.then(|| (normalize_untrusted_str(&fix.title), patched(file, &edits)))
    });
    let mut groups = Vec::new();
    match (help, change) {
        (Some(help), Some((_, change))) => {
            groups.push(main);
            groups.push(Level::HELP.secondary_title(help).element(change));
        }
        (None, Some((title, change))) => {
            groups.push(main);
            groups.push(Level::HELP.secondary_title(title).element(change));
        }
        (Some(help), None) => groups.push(main.element(Level::HELP.message(help))),
        (None, None) => groups.push(main),
    }
    groups
}

/// Whether a change can be shown: one line of plain text, with edits that are apart. The renderer counts wrongly, and may panic, on others.
fn is_drawable(file: &SourceFile, edits: &[(Span, &str)]) -> bool {
    let text = file.text();
    let plain = |text: &str| !text.contains(|letter: char| letter.is_control() && letter != '\t');
    let Some((first, _)) = edits.first() else {
        return false;
    };
    let mut ranges = Vec::with_capacity(edits.len());
    for (span, replacement) in edits {
        let range = within(text, *span);
        if span.file != first.file || range != span.range() || !plain(replacement) {
            return false;
        }
        ranges.push(range);
    }
    ranges.sort_by_key(|range| range.start);
    let apart = ranges
        .iter()
        .zip(ranges.iter().skip(1))
        .all(|(before, after)| before.end < after.start);
    let (_, _, line) = window(file, edits.iter().map(|(span, _)| *span));
    // As Windows ends lines.
    apart && plain(line.strip_suffix('\r').unwrap_or(line))
}

type Labelled<'l> = (AnnotationKind, &'l Label);

/// The labels of each file, in the order in which files are spoken of.
fn by_file<'l>(labels: &[Labelled<'l>]) -> Vec<(FileId, Vec<Labelled<'l>>)> {
    let mut files: Vec<(FileId, Vec<Labelled<'l>>)> = Vec::new();
    for &(kind, label) in labels {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, of_file)) => of_file.push((kind, label)),
            None => files.push((label.span.file, vec![(kind, label)])),
        }
    }
    files
}

/// The lines around some places: where in the text they begin, the number of the first, and what they say. Only these are handed to the
/// renderer, which reads all that it is given.
fn window(file: &SourceFile, spans: impl Iterator<Item = Span>) -> (usize, usize, &str) {
    let text = &**file.text();
    let (mut start, mut end) = (text.len(), 0);
    for span in spans {
        let range = within(text, span);
        start = start.min(range.start);
        end = end.max(range.end);
    }
    let start = start.min(end);
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', bytes.get(..start).unwrap_or_default()).map_or(0, |at| at + 1);
    let rest = bytes.get(end..).unwrap_or_default();
    let end = end + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = file.line_column(start as u32).line as usize;
    (start, line, text.get(start..end).unwrap_or(""))
}

/// A span as a range of this text that cuts no character in two.
fn within(text: &str, span: Span) -> Range<usize> {
    let whole = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = whole(span.start as usize);
    start..whole(span.end as usize).max(start)
}

fn annotated<'s>(
    file: &'s SourceFile,
    labels: &[Labelled<'s>],
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let text = file.text();
    let (offset, line, lines) = window(file, labels.iter().map(|(_, label)| label.span));
    let annotations = labels.iter().map(|(kind, label)| {
        let range = within(text, label.span);
        let annotation = kind.span(range.start - offset..range.end - offset);
        match label.text.is_empty() {
            true => annotation,
            false => annotation.label(normalize_untrusted_str(&label.text)),
        }
    });
    Snippet::source(lines)
        .path(file.name())
        .line_start(line)
        .annotations(annotations)
}

fn patched<'s>(file: &'s SourceFile, edits: &[(Span, &'s str)]) -> Snippet<'s, Patch<'s>> {
    let text = file.text();
    let (offset, line, lines) = window(file, edits.iter().map(|(span, _)| *span));
    let patches = edits.iter().map(|(span, replacement)| {
        let range = within(text, *span);
        Patch::new(range.start - offset..range.end - offset, *replacement)
    });
    Snippet::source(lines)
        .path(file.name())
        .line_start(line)
        .patches(patches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn drawn(sources: &Sources, diagnostic: &Diagnostic) -> String {
        let mut out = String::new();
        Look::plain().draw(&mut out, sources, diagnostic);
        out
    }

    #[test]
    fn places_are_drawn_and_fixes_shown() {
        let batch = testing::batch();
        let all: String = batch
            .findings()
            .map(|(sources, diagnostic)| drawn(sources, diagnostic))
            .collect();
        insta::assert_snapshot!(all, @r#"
        warning[AR0005]: an odd word: 50% of it, <b> & more
          ╭▸ conf/a b.alloy:1:4
          │
        1 │ // größe
          ╰╴   ━━━━━

        error[AR0100]: unrecognized attribute name "ur"
          ╭▸ conf/a b.alloy:4:3
          │
        4 │         ur = "http://x"
          │         ━━
          ╰╴
        help: did you mean `url`?
          ╭╴
        4 │         url = "http://x"
          ╰╴          +

        error[AR0202]: component "loki.write.out" is already declared
          ╭▸ conf/b.alloy:1:1
          │
        1 │ loki.write "out" { }
          │ ━━━━━━━━━━━━━━━━ here again
          │
          ⸬  conf/a b.alloy:2:1
          │
        2 │ loki.write "out" {
          │ ──────────────── declared here first
          │
          ╰ help: give one of them another label
        "#);
    }

    #[test]
    fn places_outside_of_a_text_are_drawn_too() {
        let mut sources = Sources::new();
        let file = sources.add("a.alloy", "é\r\nb");
        for (start, end) in [(0, 0), (1, 1), (1, 2), (0, 99), (99, 99), (5, 5), (3, 2)] {
            let finding = Diagnostic::error(
                &river_syntax::codes::UNCLOSED,
                Span::new(file, start, end),
                "m\u{1b}[0m",
            );
            let text = drawn(&sources, &finding);
            assert!(text.contains("a.alloy") && !text.contains('\u{1b}'), "{text}");
        }
        let elsewhere = Span::new(FileId(9), 0, 1);
        let finding = Diagnostic::error(&river_syntax::codes::UNCLOSED, elsewhere, "no such text");
        assert!(drawn(&sources, &finding).contains("no such text"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

        /// The renderer is somebody else's, and a panic of it would hide all findings.
        #[test]
        fn anything_can_be_drawn(
            text in "[a-z é{}\t\r\n\u{0}\u{1b}字]{0,60}",
            places in proptest::collection::vec((0_u32..70, 0_u32..70), 1..4),
            edits in proptest::collection::vec((0_u32..70, 0_u32..70, "[a-z é,\n]{0,4}"), 0..4),
        ) {
            let mut sources = Sources::new();
            let file = sources.add("a.alloy", text);
            let span = |(start, end): (u32, u32)| Span::new(file, start.min(end), start.max(end));
            let mut places = places.into_iter();
            let first = places.next().unwrap_or_default();
            let mut finding = Diagnostic::warning(&river_syntax::codes::UNCLOSED, span(first), "m")
                .with_label("here")
                .with_help("h");
            for place in places {
                finding = finding.with_secondary(span(place), "there");
            }
            let edits = edits.into_iter().map(|(start, end, replacement)| river_syntax::Edit {
                span: span((start, end)),
                replacement,
            });
            finding.fix = Some(river_syntax::Fix {
                title: "t".to_owned(),
                edits: edits.collect(),
                safe: false,
            });
            drawn(&sources, &finding);
        }
    }
}
