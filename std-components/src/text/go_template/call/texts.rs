//! Functions of texts: the pipeline's own, Go's, sprig's, and regular expressions.

use super::super::printf;
use super::super::value::Value;
use super::numbers::whole;
use super::{ANY, Arguments, Function, function};
use crate::text::re2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;
use std::fmt::Write;

/// Bytes of a text that a function makes at the most.
const MAX_BYTES: usize = super::super::run::MAX_OUTPUT_BYTES;

pub(super) const ALL: &[Function] = &[
    // The pipeline's: the value comes first, as in Go's package strings.
    function("ToLower", 1, 1, |arguments| {
        Ok(Value::of(arguments.text(0)?.to_lowercase()))
    }),
    function("ToUpper", 1, 1, |arguments| {
        Ok(Value::of(arguments.text(0)?.to_uppercase()))
    }),
    function("Replace", 4, 4, |arguments| {
        let (text, old, new) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        Ok(Value::of(match usize::try_from(arguments.int(3)?) {
            Ok(count) => text.replacen(&**old, new, count),
            Err(_) => text.replace(&**old, new),
        }))
    }),
    function("Trim", 2, 2, |arguments| {
        part(
            arguments,
            0,
            |text| Ok(text.trim_matches(set(arguments.text(1)?))),
        )
    }),
    function("TrimLeft", 2, 2, |arguments| {
        part(arguments, 0, |text| {
            Ok(text.trim_start_matches(set(arguments.text(1)?)))
        })
    }),
    function("TrimRight", 2, 2, |arguments| {
        part(arguments, 0, |text| {
            Ok(text.trim_end_matches(set(arguments.text(1)?)))
        })
    }),
    function("TrimPrefix", 2, 2, |arguments| {
        part(arguments, 0, |text| {
            Ok(text.strip_prefix(&**arguments.text(1)?).unwrap_or(text))
        })
    }),
    function("TrimSuffix", 2, 2, |arguments| {
        part(arguments, 0, |text| {
            Ok(text.strip_suffix(&**arguments.text(1)?).unwrap_or(text))
        })
    }),
    function("TrimSpace", 1, 1, |arguments| {
        part(arguments, 0, |text| Ok(text.trim()))
    }),
    function("Hash", 2, 2, |arguments| {
        Ok(hash::<sha3::Sha3_256>(&[arguments.text(0)?, arguments.text(1)?]))
    }),
    function("Sha2Hash", 2, 2, |arguments| {
        Ok(hash::<sha2::Sha256>(&[arguments.text(0)?, arguments.text(1)?]))
    }),
    function("regexReplaceAll", 3, 3, |arguments| {
        let expression = re2::shared(arguments.text(0)?)?;
        // `$1` and `${name}` mean the same to both.
        Ok(Value::of(
            expression
                .replace_all(arguments.text(1)?, &**arguments.text(2)?)
                .into_owned(),
        ))
    }),
    function("regexReplaceAllLiteral", 3, 3, |arguments| {
        let expression = re2::shared(arguments.text(0)?)?;
        let replacement = regex::NoExpand(arguments.text(2)?);
        Ok(Value::of(
            expression
                .replace_all(arguments.text(1)?, replacement)
                .into_owned(),
        ))
    }),
    // Go's.
    function("print", 0, ANY, |arguments| {
        Ok(Value::of(printf::print(arguments.all())))
    }),
    function("println", 0, ANY, |arguments| {
        Ok(Value::of(printf::println(arguments.all())))
    }),
    function("printf", 1, ANY, |arguments| {
        let values = arguments.all().get(1..).unwrap_or(&[]);
        Ok(Value::of(printf::printf(arguments.text(0)?, values)))
    }),
    // Sprig's: the value comes last.
    function("trim", 1, 1, |arguments| {
        part(arguments, 0, |text| Ok(text.trim()))
    }),
    function("trimAll", 2, 2, |arguments| {
        part(
            arguments,
            1,
            |text| Ok(text.trim_matches(set(arguments.text(0)?))),
        )
    }),
    function("trimall", 2, 2, |arguments| {
        part(
            arguments,
            1,
            |text| Ok(text.trim_matches(set(arguments.text(0)?))),
        )
    }),
    function("trimPrefix", 2, 2, |arguments| {
        part(arguments, 1, |text| {
            Ok(text.strip_prefix(&**arguments.text(0)?).unwrap_or(text))
        })
    }),
    function("trimSuffix", 2, 2, |arguments| {
        part(arguments, 1, |text| {
            Ok(text.strip_suffix(&**arguments.text(0)?).unwrap_or(text))
        })
    }),
    function("upper", 1, 1, |arguments| {
        Ok(Value::of(arguments.text(0)?.to_uppercase()))
    }),
    function("lower", 1, 1, |arguments| {
        Ok(Value::of(arguments.text(0)?.to_lowercase()))
    }),
    function("title", 1, 1, |arguments| {
        Ok(Value::of(words(arguments.text(0)?, |c| {
            c.to_uppercase().collect()
        })))
    }),
    function("untitle", 1, 1, |arguments| {
        Ok(Value::of(words(arguments.text(0)?, |c| {
            c.to_lowercase().collect()
        })))
    }),
    function("repeat", 2, 2, |arguments| {
        let text = arguments.text(1)?;
        let count = usize::try_from(whole(arguments.get(0))).map_err(|_| "a negative count")?;
        match text.len().checked_mul(count) {
            Some(bytes) if bytes <= MAX_BYTES => Ok(Value::of(text.repeat(count))),
            _ => Err("the text gets too long".to_owned()),
        }
    }),
    function("substr", 3, 3, |arguments| {
        let text = arguments.text(2)?;
        let from = usize::try_from(whole(arguments.get(0))).unwrap_or(0);
        let to = usize::try_from(whole(arguments.get(1)))
            .unwrap_or(text.len())
            .min(text.len());
        let part = text
            .get(from..to)
            .ok_or("out of range, or inside of a character")?;
        Ok(Value::Text(text.slice_ref(part)))
    }),
    function("trunc", 2, 2, |arguments| {
        let text = arguments.text(1)?;
        let count = whole(arguments.get(0));
        let bytes = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let part = if bytes >= text.len() {
            text
        } else if count < 0 {
            crate::text::end(text, bytes)
        } else {
            crate::text::start(text, bytes)
        };
        Ok(Value::Text(text.slice_ref(part)))
    }),
    function("contains", 2, 2, |arguments| {
        Ok(Value::Bool(arguments.text(1)?.contains(&**arguments.text(0)?)))
    }),
    function("hasPrefix", 2, 2, |arguments| {
        Ok(Value::Bool(arguments.text(1)?.starts_with(&**arguments.text(0)?)))
    }),
    function("hasSuffix", 2, 2, |arguments| {
        Ok(Value::Bool(arguments.text(1)?.ends_with(&**arguments.text(0)?)))
    }),
    function("replace", 3, 3, |arguments| {
        Ok(Value::of(
            arguments
                .text(2)?
                .replace(&**arguments.text(0)?, arguments.text(1)?),
        ))
    }),
    function("nospace", 1, 1, |arguments| {
        Ok(Value::of(
            arguments
                .text(0)?
                .chars()
                .filter(|c| !c.is_whitespace())
                .collect(),
        ))
    }),
    function("quote", 0, ANY, |arguments| {
        Ok(around(arguments, |out, text| out.push_str(&printf::quoted(text))))
    }),
    function("squote", 0, ANY, |arguments| {
        Ok(around(arguments, |out, text| {
            // Writing to a String cannot fail.
            let _ = write!(out, "'{text}'");
        }))
    }),
    function("cat", 0, ANY, |arguments| Ok(around(arguments, String::push_str))),
    function("indent", 2, 2, |arguments| Ok(Value::of(indent(arguments)?))),
    function("nindent", 2, 2, |arguments| {
        Ok(Value::of(format!("\n{}", indent(arguments)?)))
    }),
    function("toString", 1, 1, |arguments| {
        Ok(Value::Text(arguments.get(0).to_text()))
    }),
    function("toStrings", 1, 1, |arguments| {
        Ok(Value::List(
            arguments
                .list(0)?
                .iter()
                .map(|item| Value::Text(item.to_text()))
                .collect(),
        ))
    }),
    function("join", 2, 2, |arguments| {
        let items: Vec<_> = match arguments.get(1) {
            Value::List(items) => items
                .iter()
                .filter(|item| **item != Value::Nil)
                .map(Value::to_text)
                .collect(),
            other => vec![other.to_text()],
        };
        let items: Vec<&str> = items.iter().map(|item| &**item).collect();
        Ok(Value::of(items.join(arguments.text(0)?)))
    }),
    function("splitList", 2, 2, |arguments| {
        let text = arguments.text(1)?;
        let parts = text.split(&**arguments.text(0)?);
        Ok(Value::List(
            parts.map(|part| Value::Text(text.slice_ref(part))).collect(),
        ))
    }),
    function("split", 2, 2, |arguments| {
        let text = arguments.text(1)?;
        let parts = text.split(&**arguments.text(0)?).enumerate();
        Ok(Value::Map(
            parts
                .map(|(at, part)| (format!("_{at}"), Value::Text(text.slice_ref(part))))
                .collect(),
        ))
    }),
    function("splitn", 3, 3, |arguments| {
        let text = arguments.text(2)?;
        let count = usize::try_from(arguments.int(1)?).unwrap_or(usize::MAX);
        let parts = text.splitn(count, &**arguments.text(0)?).enumerate();
        Ok(Value::Map(
            parts
                .map(|(at, part)| (format!("_{at}"), Value::Text(text.slice_ref(part))))
                .collect(),
        ))
    }),
    function("b64enc", 1, 1, |arguments| {
        Ok(Value::of(STANDARD.encode(&**arguments.text(0)?)))
    }),
    function("b64dec", 1, 1, |arguments| {
        // As in sprig what goes wrong is the result.
        Ok(Value::of(match STANDARD.decode(&**arguments.text(0)?) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => error.to_string(),
        }))
    }),
    function("sha256sum", 1, 1, |arguments| {
        Ok(hash::<sha2::Sha256>(&[arguments.text(0)?]))
    }),
    function("sha512sum", 1, 1, |arguments| {
        Ok(hash::<sha2::Sha512>(&[arguments.text(0)?]))
    }),
    function("regexMatch", 2, 2, |arguments| {
        Ok(Value::Bool(
            re2::shared(arguments.text(0)?)?.is_match(arguments.text(1)?),
        ))
    }),
    function("regexFind", 2, 2, |arguments| {
        let text = arguments.text(1)?;
        let found = re2::shared(arguments.text(0)?)?
            .find(text)
            .map_or("", |found| found.as_str());
        Ok(Value::of(found.to_owned()))
    }),
    function("regexFindAll", 3, 3, |arguments| {
        let count = usize::try_from(arguments.int(2)?).unwrap_or(usize::MAX);
        let expression = re2::shared(arguments.text(0)?)?;
        let found = expression.find_iter(arguments.text(1)?).take(count);
        Ok(Value::List(
            found.map(|found| Value::text(found.as_str())).collect(),
        ))
    }),
    function("regexSplit", 3, 3, |arguments| {
        let count = usize::try_from(arguments.int(2)?).unwrap_or(usize::MAX);
        let expression = re2::shared(arguments.text(0)?)?;
        let parts = expression.splitn(arguments.text(1)?, count);
        Ok(Value::List(parts.map(Value::text).collect()))
    }),
    function("regexQuoteMeta", 1, 1, |arguments| {
        Ok(Value::of(regex::escape(arguments.text(0)?)))
    }),
];

/// A part of an argument that stays a slice of it.
fn part(
    arguments: &Arguments<'_>,
    at: usize,
    part: impl FnOnce(&str) -> Result<&str, String>,
) -> Result<Value, String> {
    let text = arguments.text(at)?;
    Ok(Value::Text(text.slice_ref(part(text)?)))
}

/// The characters of a cut set.
fn set(chars: &str) -> impl Fn(char) -> bool + Copy + '_ {
    move |c| chars.contains(c)
}

fn hash<H: Digest>(texts: &[&str]) -> Value {
    let mut hash = H::new();
    for text in texts {
        hash.update(text.as_bytes());
    }
    let mut out = String::new();
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    Value::of(out)
}

/// The words of a text with their first characters changed.
fn words(text: &str, change: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside || c.is_whitespace() {
            out.push(c);
        } else {
            out.push_str(&change(c));
        }
        inside = !c.is_whitespace();
    }
    out
}

/// Every argument but nothing, with spaces between.
fn around(arguments: &Arguments<'_>, push: impl Fn(&mut String, &str)) -> Value {
    let mut out = String::new();
    for (at, value) in arguments
        .all()
        .iter()
        .filter(|value| **value != Value::Nil)
        .enumerate()
    {
        if at > 0 {
            out.push(' ');
        }
        push(&mut out, &value.to_text());
    }
    Value::of(out)
}

fn indent(arguments: &Arguments<'_>) -> Result<String, String> {
    let spaces = usize::try_from(arguments.int(0)?).map_err(|_| "a negative count")?;
    let text = arguments.text(1)?;
    let lines = 1 + text.matches('\n').count();
    if spaces.saturating_mul(lines).saturating_add(text.len()) > MAX_BYTES {
        return Err("the text gets too long".to_owned());
    }
    let spaces = " ".repeat(spaces);
    Ok(format!("{spaces}{}", text.replace('\n', &format!("\n{spaces}"))))
}
