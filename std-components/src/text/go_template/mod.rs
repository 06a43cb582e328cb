//! Go's `text/template`, parsed to find mistakes before anything runs: actions that are never closed, unknown functions, unknown variables,
//! blocks without their end. Grammar: <https://pkg.go.dev/text/template>.
//!
//! Templates run here, too. The crates that do so (gtmpl) are not kept any more, and differ where users notice it: a name that is missing is an error
//! there, and `<no value>` in Go.

mod action;
mod call;
mod functions;
mod lexer;
mod map;
mod methods;
mod printf;
mod run;
#[cfg(test)]
mod run_tests;
mod tree;
mod value;
mod version;

pub use functions::is_known;
pub use map::Map;
#[cfg(feature = "kubernetes")]
pub(crate) use printf::quoted;
pub use run::{Data, MAX_OUTPUT_BYTES};
pub use value::Value;
pub use version::Version;

use super::Mistake;
use action::Step;
use lexer::Piece;
use std::ops::Range;

/// Checks a template; `knows` says which functions there are besides the language's own.
///
/// # Errors
/// The first mistake.
pub fn check(text: &str, knows: &dyn Fn(&str) -> bool) -> Result<(), Mistake> {
    let mut blocks = Blocks::default();
    for piece in lexer::pieces(text) {
        match piece? {
            Piece::Text(_) | Piece::Comment(_) => {}
            Piece::Action(range) => blocks.action(text, range, knows)?,
        }
    }
    match blocks.open.pop() {
        Some(block) => Err(
            Mistake::new(block.place, format!("`{{{{{}}}}}` is never ended", block.keyword))
                .with_help("add `{{end}}`"),
        ),
        None => Ok(()),
    }
}

/// A template that runs.
#[derive(Clone, Debug)]
pub struct Template(tree::Tree);

impl Template {
    /// Parses a template with the functions of log pipelines.
    ///
    /// # Errors
    /// The first mistake, or the first function that is not supported here.
    pub fn new(text: &str) -> Result<Self, Mistake> {
        check(text, &is_known)?;
        tree::build(text).map(Self)
    }

    /// Appends what it makes of the data. Where it fails, a part of it may have been appended.
    ///
    /// # Errors
    /// What is wrong, in a sentence: a function that got what it does not take, or too much output.
    pub fn run(&self, data: &dyn Data, out: &mut String) -> Result<(), String> {
        run::Run::run(&self.0, data, out)
    }
}

/// The blocks that are open at a place.
#[derive(Default)]
struct Blocks {
    open: Vec<Block>,
    /// Variables in scope, `$` not counted.
    variables: Vec<String>,
}

struct Block {
    keyword: &'static str,
    place: Range<usize>,
    has_else: bool,
    /// How many variables there were before it.
    variables: usize,
}

impl Blocks {
    /// An action without its braces and trim marks.
    fn action(
        &mut self,
        text: &str,
        range: Range<usize>,
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Mistake> {
        let tokens = lexer::tokens(text, range.clone())?;
        let before = self.variables.len();
        let step = action::Parser::new(text, &tokens, range.end, knows, &mut self.variables).action()?;
        let place = tokens.first().map_or(range, |token| token.range.clone());
        match step {
            Step::Plain => {}
            Step::Open(keyword) => self.open.push(Block {
                keyword,
                place,
                has_else: false,
                variables: before,
            }),
            Step::Else(chained) => self.otherwise(place, chained)?,
            Step::End => match self.open.pop() {
                Some(block) => self.variables.truncate(block.variables),
                None => return Err(Mistake::new(place, "`{{end}}` ends nothing").with_help("take it away")),
            },
            Step::Jump => {
                if !self.open.iter().any(|block| block.keyword == "range") {
                    let word = &text[place.clone()];
                    let message = format!("`{{{{{word}}}}}` stands outside of a `range`");
                    return Err(Mistake::new(place, message));
                }
            }
        }
        Ok(())
    }

    fn otherwise(&mut self, place: Range<usize>, chained: bool) -> Result<(), Mistake> {
        match self.open.last_mut() {
            Some(block) if matches!(block.keyword, "if" | "with" | "range") => {
                if block.has_else {
                    return Err(Mistake::new(place, "a second `{{else}}` of one block"));
                }
                block.has_else = !chained;
                Ok(())
            }
            _ => Err(Mistake::new(
                place,
                "`{{else}}` belongs to no `if`, `with` or `range`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match check(text, &is_known) {
            Ok(()) => "fine".to_owned(),
            Err(mistake) => format!("{} at {:?}", mistake.message, &text[mistake.range]),
        }
    }

    #[test]
    fn templates_of_real_configurations_are_fine() {
        for text in [
            "",
            "plain",
            "{{ .Value }}",
            "{{- .Value -}}",
            "{{ ToLower .Value | printf \"%s-%d\" .Entry }}",
            "{{if eq .Value \"a\"}}x{{else if or .b (and .c .d.e)}}y{{else}}z{{end}}",
            "{{ range $i, $e := .list }}{{ $i }}{{ $e.name }}{{ else }}none{{ end }}",
            "{{ $x := .Value }}{{ $x = \"b\" }}{{ $x | upper }}",
            "{{ with $y := index .map \"k\" 1 }}{{ $y }}{{ end }}",
            "{{/* a comment */}}{{- /* another */ -}}",
            "{{ define \"t\" }}{{ . }}{{ end }}{{ template \"t\" .Value }}",
            "{{ .level | default \"info\" | quote }} {{ 1.5 }} {{ -3 }} {{ 'a' }} {{ true }} {{ nil | not }}",
            "{{ Replace .Value \"a\" \"b\" -1 }}{{ regexReplaceAll `(a)(b)` .Value `${1}` }}",
            "{{ (.a).b }}{{ (index .x 0).Name }}",
            "a } b { c }} d",
            "{{ .Value\n }}",
        ] {
            assert_eq!(refused(text), "fine", "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        insta::assert_snapshot!(refused("a {{ .Value"), @r#"the action is never closed at "{{""#);
        insta::assert_snapshot!(refused("{{ .Value } }"), @r#"the action is never closed at "{{""#);
        insta::assert_snapshot!(refused("{{ if .a }}x"), @r#"`{{if}}` is never ended at "if""#);
        insta::assert_snapshot!(refused("{{ if }}x{{ end }}"), @r#"`if` needs a value at """#);
        insta::assert_snapshot!(refused("{{ tolower .Value }}"), @r#"there is no function tolower at "tolower""#);
        insta::assert_snapshot!(refused("{{ Value }}"), @r#"there is no function Value at "Value""#);
        insta::assert_snapshot!(refused("{{ $x }}"), @r#"there is no variable $x at "$x""#);
        insta::assert_snapshot!(refused("{{ end }}"), @r#"`{{end}}` ends nothing at "end""#);
        insta::assert_snapshot!(refused("{{ .a | }}"), @r#"a function is missing after `|` at """#);
        insta::assert_snapshot!(refused("{{ .a | .b | \"c\" }}"), @r#"a constant cannot take what is piped to it at "\"c\"""#);
        insta::assert_snapshot!(refused("{{ printf \"a }}"), @r#"the string is never closed at "\"a }}""#);
        insta::assert_snapshot!(refused("{{ (.a }}"), @r#"the parenthesis is never closed at "(""#);
        insta::assert_snapshot!(refused("{{ .a ) }}"), @r#"`)` closes nothing at ")""#);
        insta::assert_snapshot!(refused("{{}}"), @r#"the action is empty at """#);
        insta::assert_snapshot!(refused("{{ .a == 1 }}"), @r#"unexpected `=` at "=""#);
        insta::assert_snapshot!(refused("{{if .a}}{{else}}{{else}}{{end}}"), @r#"a second `{{else}}` of one block at "else""#);
        insta::assert_snapshot!(refused("{{ .foo-bar }}"), @r#"unexpected `-` at "-""#);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[{}a-c$.|()\"`' =:,if end-é/*0-9]{0,40}") {
            if let Err(mistake) = check(&text, &is_known) {
                assert!(text.get(mistake.range).is_some());
            }
        }
    }
}
