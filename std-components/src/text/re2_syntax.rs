//! RE2 expressions taken apart: where a mistake is, which groups there are, what can be matched. For the checker; [`super::re2`] runs them.

use super::Mistake;
use super::re2::translate_with;
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::ops::Range;

/// Go refuses to repeat more often.
const MAX_REPEAT: u32 = 1_000;

/// An expression that compiles.
#[derive(Clone, Debug)]
pub struct Syntax {
    hir: Hir,
    /// The groups' names, the whole match first.
    names: Vec<Option<String>>,
}

/// Takes an expression apart.
///
/// # Errors
/// What RE2 refuses, and where.
pub fn parse(expression: &str) -> Result<Syntax, Mistake> {
    let mut pieces = Vec::new();
    let translated = translate_with(expression, &mut |out, at| pieces.push((out, at)));
    let place = |span: &ast::Span| {
        let range = back(&pieces, expression, span.start.offset)..back(&pieces, expression, span.end.offset);
        widened(expression, range)
    };
    let tree = ast::parse::Parser::new().parse(&translated).map_err(|error| {
        let mistake = Mistake::new(place(error.span()), message(error.kind()));
        match help(error.kind()) {
            Some(help) => mistake.with_help(help),
            None => mistake,
        }
    })?;
    let mut stricter = Stricter::default();
    if let Err((span, message)) = ast::visit(&tree, &mut stricter) {
        return Err(Mistake::new(place(&span), message));
    }
    let hir = regex_syntax::hir::translate::Translator::new()
        .translate(&translated, &tree)
        .map_err(|error| Mistake::new(place(error.span()), error.kind().to_string()))?;
    Ok(Syntax {
        hir,
        names: stricter.names,
    })
}

impl Syntax {
    /// How many groups there are, the whole match not counted.
    pub fn group_count(&self) -> usize {
        self.names.len() - 1
    }

    /// The names of the named groups.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }

    /// Whether there is a group of this name or number, as Go's templates (`$1`, `${name}`) look it up.
    pub fn has_group(&self, name: &str) -> bool {
        match name.parse::<usize>() {
            Ok(number) if name.bytes().all(|byte| byte.is_ascii_digit()) => number < self.names.len(),
            _ => self.group_names().any(|known| known == name),
        }
    }

    /// The text, if the expression matches just one.
    pub fn literal(&self) -> Option<String> {
        match self.hir.kind() {
            HirKind::Empty => Some(String::new()),
            HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
            _ => None,
        }
    }

    /// The texts, if the expression matches just a few: `a|b` gives both.
    pub fn literals(&self) -> Option<Vec<String>> {
        let mut extractor = regex_syntax::hir::literal::Extractor::new();
        extractor.limit_total(64).limit_class(8);
        let found = extractor.extract(&self.hir);
        let found = found.literals()?;
        found
            .iter()
            .map(|literal| {
                let text = literal.is_exact().then(|| literal.as_bytes().to_vec())?;
                String::from_utf8(text).ok()
            })
            .collect()
    }

    /// Whether a match may hold this character; never `false` where one may.
    pub fn may_hold(&self, wanted: char) -> bool {
        may_hold(&self.hir, wanted)
    }

    /// Whether the empty text matches as a whole.
    pub fn matches_empty(&self) -> bool {
        self.hir.properties().minimum_len() == Some(0)
    }

    /// Whether it is `.*`, grouped or not: a match is never refused.
    pub fn matches_all(&self) -> bool {
        matches_all(&self.hir)
    }
}

fn matches_all(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(group) => matches_all(&group.sub),
        HirKind::Repetition(repetition) => {
            repetition.min == 0
                && repetition.max.is_none()
                && match repetition.sub.kind() {
                    HirKind::Class(Class::Unicode(class)) => {
                        class.iter().map(|range| range.len()).sum::<usize>() > 0x10_0000
                    }
                    _ => false,
                }
        }
        _ => false,
    }
}

fn may_hold(hir: &Hir, wanted: char) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => text.contains(wanted),
            Err(_) => true,
        },
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&wanted)),
        HirKind::Class(Class::Bytes(_)) => true,
        HirKind::Repetition(repetition) => may_hold(&repetition.sub, wanted),
        HirKind::Capture(group) => may_hold(&group.sub, wanted),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| may_hold(part, wanted))
        }
    }
}

/// The byte of the expression that a byte of the translation comes from.
fn back(pieces: &[(usize, usize)], expression: &str, translated: usize) -> usize {
    let next = pieces.partition_point(|(out, _)| *out <= translated);
    let end = pieces.get(next).map_or(expression.len(), |(_, at)| *at);
    match next.checked_sub(1).and_then(|last| pieces.get(last)) {
        Some((out, at)) => (at + (translated - out)).min(end),
        None => 0,
    }
}

/// At least one character, and whole ones.
fn widened(expression: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(expression.len());
    while !expression.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, expression.len());
    while !expression.is_char_boundary(end) {
        end += 1;
    }
    if start == end
        && let Some(next) = expression[start..].chars().next()
    {
        end += next.len_utf8();
    }
    start..end
}

fn message(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::UnsupportedLookAround => {
            "look-around is not supported, including look-ahead and look-behind".to_owned()
        }
        ast::ErrorKind::UnsupportedBackreference => "back references are not supported".to_owned(),
        ast::ErrorKind::RepetitionMissing => "nothing stands before the repetition".to_owned(),
        other => other.to_string(),
    }
}

fn help(kind: &ast::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ast::ErrorKind::UnsupportedLookAround => {
            "match more and use a group, or take two rules: one that drops, one that keeps"
        }
        ast::ErrorKind::UnsupportedBackreference => "RE2 cannot compare with an earlier group",
        ast::ErrorKind::RepetitionMissing => "a glob's `*` is `.*` here; a plain one is `\\\\*`",
        ast::ErrorKind::GroupUnclosed | ast::ErrorKind::GroupUnopened => {
            "close the group, or write a plain parenthesis as `\\\\(`"
        }
        ast::ErrorKind::ClassUnclosed => "close the class with `]`, or write a plain bracket as `\\\\[`",
        ast::ErrorKind::EscapeUnrecognized => "only punctuation may be escaped to be plain",
        _ => return None,
    })
}

/// What Go refuses and the crate does not; collects the groups' names on the way.
struct Stricter {
    names: Vec<Option<String>>,
}

impl Default for Stricter {
    fn default() -> Self {
        Self { names: vec![None] }
    }
}

impl ast::Visitor for &mut Stricter {
    type Output = ();
    type Err = (ast::Span, String);

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, node: &Ast) -> Result<(), Self::Err> {
        match node {
            Ast::Group(group) => match &group.kind {
                ast::GroupKind::CaptureIndex(_) => self.names.push(None),
                ast::GroupKind::CaptureName { name, .. } => self.names.push(Some(name.name.clone())),
                ast::GroupKind::NonCapturing(_) => {}
            },
            Ast::Repetition(repetition) => {
                if matches!(*repetition.ast, Ast::Repetition(_)) {
                    return Err((
                        repetition.op.span,
                        "a repetition of a repetition is not allowed".to_owned(),
                    ));
                }
                let most = match &repetition.op.kind {
                    ast::RepetitionKind::Range(
                        ast::RepetitionRange::Exactly(most)
                        | ast::RepetitionRange::AtLeast(most)
                        | ast::RepetitionRange::Bounded(_, most),
                    ) => *most,
                    _ => 0,
                };
                if most > MAX_REPEAT {
                    return Err((
                        repetition.op.span,
                        format!("a repetition of more than {MAX_REPEAT} times is not allowed"),
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(expression: &str) -> String {
        let mistake = parse(expression).unwrap_err();
        format!("{} at {:?}", mistake.message, &expression[mistake.range])
    }

    #[test]
    fn mistakes_have_their_place_in_what_was_written() {
        insta::assert_snapshot!(refused(r"\d+(a"), @r#"unclosed group at "(""#);
        insta::assert_snapshot!(refused(r"\w\s[a"), @r#"unclosed character class at "[""#);
        insta::assert_snapshot!(refused(r"\d+(?!foo)x"), @r#"look-around is not supported, including look-ahead and look-behind at "(?!""#);
        insta::assert_snapshot!(refused(r"(a)\1"), @r#"back references are not supported at "\\1""#);
        insta::assert_snapshot!(refused("*.log"), @r#"nothing stands before the repetition at "*""#);
        insta::assert_snapshot!(refused("a**b"), @r#"a repetition of a repetition is not allowed at "*""#);
        insta::assert_snapshot!(refused("a{1001}"), @r#"a repetition of more than 1000 times is not allowed at "{1001}""#);
        insta::assert_snapshot!(refused("é(b"), @r#"unclosed group at "(""#);
    }

    #[test]
    fn groups_are_found_by_name_and_number() {
        let syntax = parse(r"(\d+)(?P<unit>[a-z]+)(?:x)").unwrap();
        assert_eq!(syntax.group_count(), 2);
        assert!(syntax.has_group("0") && syntax.has_group("2") && !syntax.has_group("3"));
        assert!(syntax.has_group("unit") && !syntax.has_group("units"));
    }

    #[test]
    fn what_can_be_matched_is_known() {
        assert!(parse("(.*)").unwrap().matches_all() && parse(".*").unwrap().matches_all());
        assert!(!parse(".+").unwrap().matches_all() && !parse("a.*").unwrap().matches_all());
        assert!(parse("a.b").unwrap().may_hold(';') && !parse("[a-z]+|x").unwrap().may_hold(';'));
        assert_eq!(parse("a|b").unwrap().literals().unwrap(), ["a", "b"]);
        assert_eq!(parse("abc").unwrap().literal().as_deref(), Some("abc"));
        assert!(parse("a?").unwrap().matches_empty() && !parse("a+").unwrap().matches_empty());
        assert_eq!(parse("a.*").unwrap().literals(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_expression_panics(expression in r"[a-z0-9\[\]{}()\\&~\-^$.*+?|:,QEdwbé]{0,24}") {
            if let Err(mistake) = parse(&expression) {
                assert!(expression.get(mistake.range).is_some());
            }
        }
    }
}
