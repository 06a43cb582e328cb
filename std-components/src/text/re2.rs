//! RE2 expressions, as Go compiles them, on the `regex` crate.
//!
//! Both run in linear time and share most of their syntax. Where they differ Go's meaning is kept: `\d`, `\w`, `\s` and `\b` are ASCII
//! (<https://github.com/google/re2/wiki/Syntax>), `\Q…\E` quotes, `&&`, `--`, `~~` and `[` are plain inside a class, and a `{` that begins no repetition is plain.

use parking_lot::Mutex;
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::{Arc, LazyLock, Weak};

/// Compiled programs above this many bytes are refused, as a bound on what one expression may cost.
const SIZE_LIMIT_BYTES: usize = 32 << 20;

/// Compiles an expression.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn compile(expression: &str) -> Result<Regex, String> {
    build(&translate(expression))
}

/// Compiles an expression that has to match a whole text, as relabelling does (`^(?s:…)$`).
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn compile_anchored(expression: &str) -> Result<Regex, String> {
    build(&format!("^(?s:{})$", translate(expression)))
}

/// As [`compile`], with one program for all who have the same expression: a compiled one takes some 10 KiB, and large configurations repeat a few.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn shared(expression: &str) -> Result<Arc<Regex>, String> {
    common(translate(expression))
}

/// As [`compile_anchored`], with one program for all who have the same expression.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn shared_anchored(expression: &str) -> Result<Arc<Regex>, String> {
    common(format!("^(?s:{})$", translate(expression)))
}

/// The programs in use, and at most as many that are not any more.
#[derive(Default)]
struct Programs {
    known: FxHashMap<Box<str>, Weak<Regex>>,
    /// Length at which what nobody uses is taken out.
    sweep_at: usize,
}

static PROGRAMS: LazyLock<Mutex<Programs>> = LazyLock::new(Mutex::default);

fn common(expression: String) -> Result<Arc<Regex>, String> {
    if let Some(known) = PROGRAMS
        .lock()
        .known
        .get(expression.as_str())
        .and_then(Weak::upgrade)
    {
        return Ok(known);
    }
    // Without the lock: large expressions take their time.
    let made = Arc::new(build(&expression)?);
    let mut programs = PROGRAMS.lock();
    if programs.known.len() >= programs.sweep_at {
        programs.known.retain(|_, program| program.strong_count() > 0);
        programs.sweep_at = (programs.known.len() * 2).max(64);
    }
    programs.known.insert(expression.into(), Arc::downgrade(&made));
    Ok(made)
}

fn build(expression: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(expression)
        .size_limit(SIZE_LIMIT_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::Syntax(text) => {
                // The crate draws the expression over several lines and ends with what is wrong.
                text.lines()
                    .last()
                    .map_or(text.clone(), |line| line.trim_start_matches("error: ").to_owned())
            }
            other => other.to_string(),
        })
}

/// Rewrites Go's syntax into the crate's.
fn translate(expression: &str) -> String {
    translate_with(expression, &mut |_, _| {})
}

/// Rewrites Go's syntax into the crate's, and tells for each piece at which byte it begins in the result and in the expression.
pub(super) fn translate_with(expression: &str, piece: &mut dyn FnMut(usize, usize)) -> String {
    let mut out = String::with_capacity(expression.len() + 16);
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        piece(out.len(), expression.len() - rest.len());
        let used = match first {
            '\\' => escape(rest, &mut out, false),
            '[' => class(rest, &mut out),
            '{' if !begins_repetition(rest) => {
                out.push_str(r"\{");
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[used..];
    }
    out
}

/// Whether a text begins with `{n}`, `{n,}` or `{n,m}`: anything else in braces is plain text in Go.
fn begins_repetition(text: &str) -> bool {
    let Some(end) = text.find('}') else { return false };
    let (least, most) = match text[1..end].split_once(',') {
        Some((least, most)) => (least, most),
        None => (&text[1..end], ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Rewrites an escape at the start of a text and says how many bytes it took.
fn escape(text: &str, out: &mut String, in_class: bool) -> usize {
    let Some(second) = text[1..].chars().next() else {
        out.push('\\');
        return 1;
    };
    let ascii = |class: &str, out: &mut String| {
        if in_class {
            out.push_str(class);
        } else {
            out.push('[');
            out.push_str(class);
            out.push(']');
        }
    };
    match second {
        'd' => ascii("0-9", out),
        'w' => ascii("0-9A-Za-z_", out),
        's' => ascii(r"\t\n\f\r ", out),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        // Not a boundary of ASCII words, by looking at both sides as text.
        'B' if !in_class => out.push_str(r"\B"),
        // Plain in Go; the crate's start and end of a word.
        '<' | '>' => out.push(second),
        'Q' if !in_class => {
            let quoted = &text[2..];
            let (plain, used) = match quoted.find(r"\E") {
                Some(end) => (&quoted[..end], end + 4),
                None => (quoted, text.len()),
            };
            out.push_str(&regex::escape(plain));
            return used;
        }
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    1 + second.len_utf8()
}

/// Rewrites a character class at the start of a text and says how many bytes it took.
fn class(text: &str, out: &mut String) -> usize {
    out.push('[');
    let mut at = 1;
    if text[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    // A `]` that stands first is a member.
    if text[at..].starts_with(']') {
        out.push_str(r"\]");
        at += 1;
    }
    while let Some(next) = text[at..].chars().next() {
        match next {
            ']' => {
                out.push(']');
                return at + 1;
            }
            '[' if text[at..].starts_with("[:") => match text[at..].find(":]") {
                Some(end) => {
                    out.push_str(&text[at..at + end + 2]);
                    at += end + 2;
                }
                None => {
                    out.push_str(r"\[");
                    at += 1;
                }
            },
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(next);
                at += 1;
            }
            '\\' => at += escape(&text[at..], out, true),
            '-' if text[at..].starts_with("--") => {
                out.push_str(r"\-");
                at += 1;
            }
            other => {
                out.push(other);
                at += other.len_utf8();
            }
        }
    }
    // No end: the crate says so.
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expression: &str, text: &str) -> bool {
        compile(expression).unwrap().is_match(text)
    }

    #[test]
    fn equal_expressions_share_a_program_while_somebody_uses_it() {
        let one = shared_anchored("shared-(.*)-only-here").unwrap();
        let two = shared_anchored("shared-(.*)-only-here").unwrap();
        assert!(Arc::ptr_eq(&one, &two));
        let known = || PROGRAMS.lock().known.len();
        for at in 0..1000 {
            shared(&format!("seldom-{at}")).unwrap();
        }
        assert!(known() < 500, "{}", known());
        assert!(two.is_match("shared-x-only-here") && !two.is_match("shared-x-only-her"));
    }

    #[test]
    fn perl_classes_are_ascii() {
        assert!(matches(r"^\d+$", "123") && !matches(r"^\d+$", "١٢٣"));
        assert!(!matches(r"^\w+$", "é") && matches(r"^\W+$", "é"));
        assert!(matches(r"^[\w.-]+$", "a.b-c") && !matches(r"^[\w.-]+$", "é"));
        assert!(matches(r"^[\D]+$", "abc") && matches(r"^[^\d]+$", "abc"));
        assert!(!matches(r"^\s$", "\u{a0}"));
        assert!(matches(r"\bfoo\b", "a foo."));
    }

    #[test]
    fn quoting_and_odd_members_are_plain() {
        assert!(matches(r"^\Qa.b[\E+$", "a.b[[["));
        assert!(matches(r"^[a&&b]+$", "a&b"));
        assert!(matches(r"^[a[b]+$", "a[b"));
        assert!(matches(r"^[]a]+$", "a]"));
        assert!(matches(r"^[[:alpha:]]+$", "abc"));
        assert!(matches(r"^{a}$", "{a}") && matches(r"^a{2}$", "aa") && matches(r"^a{,2}$", "a{,2}"));
    }

    #[test]
    fn escaped_angles_are_plain() {
        assert!(matches(r"^\<\d+\>$", "<34>"));
    }

    #[test]
    fn whole_text_expressions_cross_lines() {
        let expression = compile_anchored("a|b.*").unwrap();
        assert!(expression.is_match("b\nc") && expression.is_match("a") && !expression.is_match("xa"));
    }

    #[test]
    fn errors_are_one_sentence() {
        insta::assert_snapshot!(compile("a(b").unwrap_err(), @"unclosed group");
        insta::assert_snapshot!(compile("a**b[").unwrap_err(), @"unclosed character class");
    }

    proptest::proptest! {
        #[test]
        fn no_expression_panics(expression in r"[a-z0-9\[\]{}()\\&~\-^$.*+?|:,QEdwbé]{0,24}") {
            drop(compile(&expression));
            drop(compile_anchored(&expression));
        }
    }
}
