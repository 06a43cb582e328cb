//! What other languages taught: how it is written here, and the replacement where it is sure.

use super::Parser;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::kind::SyntaxKind;
use crate::source::Span;

/// The way out, with a fix where one is known.
pub(super) struct Habit {
    pub(super) help: String,
    pub(super) fix: Option<Fix>,
}

impl Habit {
    fn new(help: impl Into<String>) -> Self {
        Self {
            help: help.into(),
            fix: None,
        }
    }

    fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds it to an error.
    pub(super) fn to(self, error: &mut Diagnostic) {
        error.help = Some(self.help);
        error.fix = self.fix;
    }
}

fn replace(title: impl Into<String>, span: Span, replacement: impl Into<String>, safe: bool) -> Fix {
    Fix {
        title: title.into(),
        edits: vec![Edit {
            span,
            replacement: replacement.into(),
        }],
        safe,
    }
}

/// What may begin a value, so that `name: …` was surely an attribute.
fn begins_value(rest: &str) -> bool {
    rest.starts_with(['"', '`', '[', '-']) || rest.starts_with(|c: char| c.is_ascii_digit()) || {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        matches!(&rest[..end], "true" | "false" | "null")
    }
}

impl Parser<'_> {
    /// The text behind a byte, to the end of its line.
    fn rest_of_line(&self, from: u32) -> &str {
        let rest = self.text.get(from as usize..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    fn span_of(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, start, end)
    }

    /// For a character that begins nothing.
    pub(super) fn habit_of_character(&self, c: char, span: Span) -> Habit {
        match c {
            '#' => {
                let before = self.text.get(..span.start as usize).unwrap_or_default();
                let safe = before.is_empty() || before.ends_with(char::is_whitespace);
                Habit::new("comments begin with `//`").with_fix(replace("write `//`", span, "//", safe))
            }
            ':' => self.colon(span),
            ';' if self.rest_of_line(span.end).trim().is_empty() => Habit::new(
                "a statement ends with its line: take it away",
            )
            .with_fix(replace("take the `;` away", span, "", true)),
            ';' => Habit::new("a statement ends with its line: write the next one on a line of its own"),
            '$' => Habit::new(
                "there is no `${…}`: write the value's name itself, such as sys.env(\"NAME\") or a component's export, and join texts with `+`",
            ),
            '?' => Habit::new(
                "there is no conditional expression; coalesce(…) takes the first value that is not empty",
            ),
            '\0' => Habit::new("the file holds a NUL byte; was it cut off when it was written?"),
            '\u{feff}' => Habit::new("a byte order mark may stand only at the very start"),
            '“' | '”' | '„' => self.curly_quotes(span),
            _ => Habit::new("take it away"),
        }
    }

    fn colon(&self, span: Span) -> Habit {
        let rest = self.rest_of_line(span.end);
        if rest.starts_with('=') {
            let both = self.span_of(span.start, span.end + 1);
            return Habit::new("an attribute is written `name = value`").with_fix(replace(
                "write `=`",
                both,
                "=",
                true,
            ));
        }
        let value = rest.trim_start();
        if value.starts_with('{') {
            return Habit::new("a block is written `name { … }`, an object `name = { … }`")
                .with_fix(replace("take the `:` away", span, "", false));
        }
        if value.is_empty() || value.starts_with("//") {
            return Habit::new(
                "what lies deeper is written with a block: `name { … }`; an attribute is `name = value`",
            );
        }
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let left = if before.ends_with(' ') { "" } else { " " };
        let right = if rest.starts_with(' ') { "" } else { " " };
        Habit::new("an attribute is written `name = value`").with_fix(replace(
            "write `=`",
            span,
            format!("{left}={right}"),
            begins_value(value),
        ))
    }

    fn curly_quotes(&self, span: Span) -> Habit {
        let habit = Habit::new("use straight double quotes");
        let rest = self.rest_of_line(span.end);
        let Some(at) = rest.find(['“', '”']) else {
            return habit;
        };
        if rest[..at].contains(['"', '\\']) {
            return habit;
        }
        let close = span.end + at as u32;
        habit.with_fix(Fix {
            title: "write straight quotes".to_owned(),
            edits: vec![
                Edit {
                    span,
                    replacement: "\"".to_owned(),
                },
                Edit {
                    span: self.span_of(close, close + '”'.len_utf8() as u32),
                    replacement: "\"".to_owned(),
                },
            ],
            safe: true,
        })
    }

    /// For a text in single quotes.
    pub(super) fn habit_of_single_quotes(&self, span: Span, text: &str) -> Habit {
        let habit = Habit::new("use double quotes, or backticks for a text without escapes");
        let inner = text
            .strip_prefix('\'')
            .and_then(|inner| inner.strip_suffix('\''))
            .filter(|inner| !inner.contains('\n'));
        match inner {
            Some(inner) if !inner.contains(['"', '\\']) => {
                habit.with_fix(replace("use double quotes", span, format!("\"{inner}\""), true))
            }
            Some(inner) if !inner.contains('`') => {
                let safe = !inner.contains('\\');
                habit.with_fix(replace("use backticks", span, format!("`{inner}`"), safe))
            }
            _ => habit,
        }
    }

    /// For a token where another one had to stand.
    pub(super) fn habit_of_token(&self) -> Option<Habit> {
        let next = self.token();
        let span = self.here();
        let text = |token: u32| &self.text[self.tokens.range(token)];
        Some(match self.kind() {
            SyntaxKind::Terminator if self.ahead(1) == SyntaxKind::LCurly => self.brace_on_next_line(),
            SyntaxKind::Lt => {
                Habit::new("is this a placeholder such as <NAME>? Put the real value in its place")
            }
            SyntaxKind::Dot
                if self
                    .text
                    .get(span.start as usize..)
                    .is_some_and(|rest| rest.starts_with("...")) =>
            {
                Habit::new("`...` stands for something left out; write it out or take the line away")
            }
            SyntaxKind::Ident => match text(next) {
                "and" => Habit::new("the operator is `&&`").with_fix(replace("write `&&`", span, "&&", true)),
                "or" => Habit::new("the operator is `||`").with_fix(replace("write `||`", span, "||", true)),
                "not" => Habit::new("the operator is `!`"),
                "if" => Habit::new(
                    "there is no conditional expression; coalesce(…) takes the first value that is not empty",
                ),
                _ => return self.unit(),
            },
            _ => return None,
        })
    }

    /// A comma at the end of a line, where the statement had to end.
    pub(super) fn trailing_comma(&self) -> Option<Habit> {
        let span = self.here();
        if self.kind() != SyntaxKind::Comma || self.is_echo(span.start) {
            return None;
        }
        let rest = self.rest_of_line(span.end).trim_start();
        (rest.is_empty() || rest.starts_with("//")).then(|| {
            Habit::new("a statement ends with its line, without a comma: take it away").with_fix(replace(
                "take the comma away",
                span,
                "",
                true,
            ))
        })
    }

    /// A number with a unit, `10s`, which is a text here.
    fn unit(&self) -> Option<Habit> {
        let number = self.end_of_last.checked_sub(1)?;
        let unit = self.token();
        let is_number = matches!(self.tokens.kind(number), SyntaxKind::Number | SyntaxKind::Float);
        if !is_number || number + 1 != unit {
            return None;
        }
        let span = self.span(number).to(self.span(unit));
        let written = self.text.get(span.range())?;
        Some(
            Habit::new(format!("durations and sizes are texts: \"{written}\"")).with_fix(replace(
                "put it in quotes",
                span,
                format!("\"{written}\""),
                true,
            )),
        )
    }

    fn brace_on_next_line(&self) -> Habit {
        let habit = Habit::new("put the `{` on the same line: a line's end ends the statement");
        let from = self.tokens.start(self.end_of_last);
        let brace = self.tokens.start(self.input.token(self.at + 1));
        let between = self.text.get(from as usize..brace as usize).unwrap_or("/");
        if between.trim().is_empty() {
            habit.with_fix(replace(
                "put the `{` on the same line",
                self.span_of(from, brace),
                " ",
                true,
            ))
        } else {
            habit
        }
    }

    /// For a name with something behind it that is neither a label nor `{` nor `=`.
    pub(super) fn habit_of_name(&self, first: u32) -> Option<Habit> {
        let end = self.tokens.start(self.end_of_last);
        let name = self.text.get(self.tokens.start(first) as usize..end as usize)?;
        let span = self.here();
        let word = &self.text[self.tokens.range(self.token())];
        Some(match self.kind() {
            SyntaxKind::Illegal if word.starts_with(':') => return None,
            SyntaxKind::LParen => Habit::new("a call is an expression: write `name = call(…)`"),
            SyntaxKind::Terminator if self.ahead(1) == SyntaxKind::Dot => {
                Habit::new("write the dotted name on one line: a line's end ends the statement")
            }
            SyntaxKind::Ident if self.ahead(1) == SyntaxKind::LCurly => {
                Habit::new(format!("a label stands in double quotes: `{name} \"{word}\" {{`")).with_fix(
                    replace("put the label in quotes", span, format!("\"{word}\""), true),
                )
            }
            SyntaxKind::Ident if matches!(name, "let" | "var" | "const" | "local" | "set" | "export") => {
                Habit::new(
                    "there are no variables: write the value where it is used, or make it an argument of a declare block",
                )
            }
            SyntaxKind::Ident => Habit::new(format!(
                "write `{name} = …` for an attribute, `{name} \"label\" {{ … }}` for a block"
            )),
            SyntaxKind::EqEq => Habit::new(format!("write `{name} = …`: `==` compares")).with_fix(replace(
                "write `=`",
                span,
                "=",
                false,
            )),
            _ => Habit::new(format!(
                "write `{name} = …` for an attribute, `{name} {{ … }}` for a block"
            )),
        })
    }

    /// For a name with a label and no block behind them.
    pub(super) fn habit_of_label(&self, first: u32) -> Option<Habit> {
        let label = self.end_of_last.checked_sub(1)?;
        if !matches!(
            self.tokens.kind(label),
            SyntaxKind::String | SyntaxKind::RawString
        ) {
            return None;
        }
        let value = &self.text[self.tokens.range(label)];
        let name = &self.text[self.tokens.range(first)];
        let here = self.span(label).start;
        match self.kind() {
            SyntaxKind::String | SyntaxKind::RawString => Some(Habit::new("a block has one label")),
            SyntaxKind::Terminator | SyntaxKind::Eof | SyntaxKind::RCurly if first + 2 >= label => Some(
                Habit::new(format!("an attribute is written `{name} = {value}`")).with_fix(replace(
                    "add the `=`",
                    self.span_of(here, here),
                    "= ",
                    false,
                )),
            ),
            _ => None,
        }
    }

    /// For something that begins no statement.
    pub(super) fn habit_of_statement(&self) -> Option<Habit> {
        match self.kind() {
            SyntaxKind::Minus => Some(Habit::new(
                "lists are written `name = [a, b]`, objects `{key = value}`",
            )),
            _ => self.habit_of_token(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::parser::parse_file;
    use crate::source::FileId;

    /// The errors' help, and the text with all fixes: `safe` ones marked by `+`, others by `?`.
    fn mended(text: &str) -> String {
        let parse = parse_file(FileId(0), text);
        let mut out: Vec<String> = Vec::new();
        let mut edits = Vec::new();
        for error in &parse.errors {
            let help = error.help.as_deref().unwrap_or("-");
            let mark = match &error.fix {
                Some(fix) if fix.safe => "+",
                Some(_) => "?",
                None => " ",
            };
            out.push(format!("{mark} {help}"));
            edits.extend(error.fix.iter().flat_map(|fix| fix.edits.clone()));
        }
        edits.sort_by_key(|edit| edit.span.start);
        let mut fixed = text.to_owned();
        for edit in edits.iter().rev() {
            fixed.replace_range(edit.span.range(), &edit.replacement);
        }
        out.push(fixed);
        let left = parse_file(FileId(0), out.last().unwrap().as_str()).errors;
        out.extend(
            left.iter()
                .map(|error: &Diagnostic| format!("  left: {}", error.message)),
        );
        out.join("\n")
    }

    #[test]
    fn comments_of_other_languages() {
        insta::assert_snapshot!(mended("# one\na = 1 # two\n"), @"
        + comments begin with `//`
        + comments begin with `//`
        // one
        a = 1 // two
        ");
    }

    #[test]
    fn colons() {
        insta::assert_snapshot!(mended("a: 1\nb:\"x\"\nc := true\nd: debug\ne: {\n}\nf:\ng = {h: 1}\n"), @r#"
        + an attribute is written `name = value`
        + an attribute is written `name = value`
        + an attribute is written `name = value`
        ? an attribute is written `name = value`
        ? a block is written `name { … }`, an object `name = { … }`
          what lies deeper is written with a block: `name { … }`; an attribute is `name = value`
        + an attribute is written `name = value`
        a = 1
        b = "x"
        c = true
        d = debug
        e {
        }
        f:
        g = {h = 1}

          left: illegal character U+003A ':'
        "#);
    }

    #[test]
    fn quotes() {
        insta::assert_snapshot!(mended("a = 'x'\nb = 'say \"x\"'\nc = 'a\\d'\nd = “x”\n"), @r#"
        + use double quotes, or backticks for a text without escapes
        + use double quotes, or backticks for a text without escapes
        ? use double quotes, or backticks for a text without escapes
        + use straight double quotes
        a = "x"
        b = `say "x"`
        c = `a\d`
        d = "x"
        "#);
    }

    #[test]
    fn commas_and_semicolons() {
        insta::assert_snapshot!(mended("a {\n\tb = 1,\n\tc = 2;\n\td = {e = 1; f = 2}\n}\n"), @"
        + a statement ends with its line, without a comma: take it away
        + a statement ends with its line: take it away
        + items are separated by commas
        a {
        	b = 1
        	c = 2
        	d = {e = 1, f = 2}
        }
        ");
    }

    #[test]
    fn labels_and_braces() {
        insta::assert_snapshot!(mended("a.b c {\n}\nd \"e\"\n{\n\tf = 1\n}\ng \"h\" = {\n}\ni \"j\" \"k\" {\n}\nl \"m\"\n"), @r#"
        + a label stands in double quotes: `a.b "c" {`
        + put the `{` on the same line: a line's end ends the statement
        ? a block has no `=` before its `{`
          a block has one label
        ? an attribute is written `l = "m"`
        a.b "c" {
        }
        d "e" {
        	f = 1
        }
        g "h" {
        }
        i "j" "k" {
        }
        l = "m"

          left: expected a block body (`{`), got a string
        "#);
    }

    #[test]
    fn values() {
        insta::assert_snapshot!(mended("a = 10s\nb = x and y\nc = ${HOME}\nd = 1 if x\ne == 2\nlet f = 1\n- g\n"), @r#"
        + durations and sizes are texts: "10s"
        + the operator is `&&`
          there is no `${…}`: write the value's name itself, such as sys.env("NAME") or a component's export, and join texts with `+`
          there is no conditional expression; coalesce(…) takes the first value that is not empty
        ? write `e = …`: `==` compares
          there are no variables: write the value where it is used, or make it an argument of a declare block
          lists are written `name = [a, b]`, objects `{key = value}`
        a = "10s"
        b = x && y
        c = ${HOME}
        d = 1 if x
        e = 2
        let f = 1
        - g

          left: illegal character U+0024 '$'
          left: expected the end of the statement, got an identifier
          left: expected `=`, a label or `{`, got an identifier
          left: expected an identifier, got `-`
        "#);
    }
}
