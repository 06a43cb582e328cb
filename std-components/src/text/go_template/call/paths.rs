//! Functions of paths and URLs, and of texts in other texts: HTML, scripts, base 32.

use super::super::map::Map;
use super::super::value::Value;
use super::{ANY, Function, function};
use sha1::Digest;
use std::fmt::Write;

pub(super) const ALL: &[Function] = &[
    function("base", 1, 1, |arguments| Ok(Value::of(base(arguments.text(0)?)))),
    function("dir", 1, 1, |arguments| Ok(Value::of(dir(arguments.text(0)?)))),
    function("ext", 1, 1, |arguments| Ok(Value::text(ext(arguments.text(0)?)))),
    function("clean", 1, 1, |arguments| {
        Ok(Value::of(clean(arguments.text(0)?)))
    }),
    function("isAbs", 1, 1, |arguments| {
        Ok(Value::Bool(arguments.text(0)?.starts_with('/')))
    }),
    // Those of the operating system, which is one with such paths.
    function("osBase", 1, 1, |arguments| {
        Ok(Value::of(base(arguments.text(0)?)))
    }),
    function("osDir", 1, 1, |arguments| Ok(Value::of(dir(arguments.text(0)?)))),
    function("osExt", 1, 1, |arguments| {
        Ok(Value::text(ext(arguments.text(0)?)))
    }),
    function("osClean", 1, 1, |arguments| {
        Ok(Value::of(clean(arguments.text(0)?)))
    }),
    function("osIsAbs", 1, 1, |arguments| {
        Ok(Value::Bool(arguments.text(0)?.starts_with('/')))
    }),
    function("env", 1, 1, |arguments| {
        let value = std::env::var(&**arguments.text(0)?).unwrap_or_default();
        Ok(Value::of(value))
    }),
    function("expandenv", 1, 1, |arguments| {
        Ok(Value::of(expanded(arguments.text(0)?)))
    }),
    function("urlParse", 1, 1, |arguments| url(arguments.text(0)?)),
    function("urlJoin", 1, 1, |arguments| match arguments.get(0) {
        Value::Map(parts) => Ok(Value::of(joined(parts))),
        other => Err(format!("expected a map, got {}", other.type_name())),
    }),
    function("urlquery", 0, ANY, |arguments| {
        let text = super::super::printf::print(arguments.all());
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    out.push(char::from(byte));
                }
                b' ' => out.push('+'),
                // Writing to a String cannot fail.
                _ => drop(write!(out, "%{byte:02X}")),
            }
        }
        Ok(Value::of(out))
    }),
    function("html", 0, ANY, |arguments| {
        let text = super::super::printf::print(arguments.all());
        Ok(Value::of(escaped(&text, |c| match c {
            '\0' => Some("\u{fffd}"),
            '"' => Some("&#34;"),
            '\'' => Some("&#39;"),
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            _ => None,
        })))
    }),
    function("js", 0, ANY, |arguments| {
        let text = super::super::printf::print(arguments.all());
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '"' => out.push_str("\\\""),
                '<' | '>' | '&' | '=' | '\u{0}'..='\u{1f}' => drop(write!(out, "\\u{:04X}", u32::from(c))),
                c => out.push(c),
            }
        }
        Ok(Value::of(out))
    }),
    function("b32enc", 1, 1, |arguments| {
        Ok(Value::of(base32(arguments.text(0)?.as_bytes())))
    }),
    function("b32dec", 1, 1, |arguments| {
        // As in sprig what goes wrong is the result.
        Ok(Value::of(match from_base32(arguments.text(0)?) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(at) => format!("illegal base32 data at input byte {at}"),
        }))
    }),
    function("sha1sum", 1, 1, |arguments| {
        let mut out = String::with_capacity(40);
        for byte in sha1::Sha1::digest(arguments.text(0)?.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{byte:02x}");
        }
        Ok(Value::of(out))
    }),
    function("adler32sum", 1, 1, |arguments| {
        // RFC 1950, 8.2
        let step = |(one, two): (u32, u32), byte: u8| {
            let one = (one + u32::from(byte)) % 65_521;
            (one, (two + one) % 65_521)
        };
        let (one, two) = arguments.text(0)?.bytes().fold((1, 0), step);
        Ok(Value::of((two << 16 | one).to_string()))
    }),
];

/// Go's `os.ExpandEnv`: `$NAME` and `${NAME}`.
fn expanded(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_special = |c: &char| matches!(c, '*' | '#' | '$' | '@' | '!' | '?' | '-' | '0'..='9');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let name = if let Some(inner) = after.strip_prefix('{') {
            match inner.split_once('}') {
                Some((name, behind)) => {
                    rest = behind;
                    name
                }
                // What is never closed is taken away.
                None => {
                    rest = inner;
                    ""
                }
            }
        } else {
            let end = match after.chars().next() {
                Some(first) if is_special(&first) => first.len_utf8(),
                _ => after.find(|c| !is_name(c)).unwrap_or(after.len()),
            };
            let (name, behind) = after.split_at(end);
            if name.is_empty() {
                out.push('$');
            }
            rest = behind;
            name
        };
        // No variable has such a name, and asking for it is a panic.
        if !name.is_empty() && !name.contains(['=', '\0']) {
            out.push_str(&std::env::var(name).unwrap_or_default());
        }
    }
    out.push_str(rest);
    out
}

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        None | Some("") => "/".to_owned(),
        Some(last) => last.to_owned(),
    }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or(""))
}

fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').and_then(|at| name.get(at..)).unwrap_or("")
}

fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// A URL's parts (RFC 3986, appendix B).
fn url(text: &str) -> Result<Value, String> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("invalid control character in URL".to_owned());
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let is_scheme = |scheme: &&str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, after)) if is_scheme(&scheme) => (scheme.to_ascii_lowercase(), after),
        _ => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_opaque = !scheme.is_empty() && !rest.starts_with('/');
    let (opaque, rest) = if is_opaque { (rest, "") } else { ("", rest) };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
        None => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let parts = [
        ("scheme", scheme.as_str()),
        ("host", host),
        ("hostname", hostname),
        ("path", &decoded(path)?),
        ("query", query),
        ("opaque", opaque),
        ("fragment", &decoded(fragment)?),
        ("userinfo", user),
    ];
    Ok(Value::Map(
        parts
            .map(|(name, value)| (name.to_owned(), Value::text(value)))
            .into_iter()
            .collect(),
    ))
}

fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.ok_or("invalid URL escape")?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn joined(parts: &Map) -> String {
    let part = |name: &str| match parts.get(name) {
        None | Some(Value::Nil) => String::new(),
        Some(value) => value.to_text().to_string(),
    };
    let mut out = String::new();
    let scheme = part("scheme");
    if !scheme.is_empty() {
        out = scheme + ":";
    }
    let (opaque, host, user, path) = (part("opaque"), part("host"), part("userinfo"), part("path"));
    if opaque.is_empty() {
        if !out.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                out.push_str("//");
            }
            if !user.is_empty() {
                out.push_str(&user);
                out.push('@');
            }
            out.push_str(&host);
            if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
                out.push('/');
            }
        }
        for byte in path.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
                b'-' | b'_' | b'.' | b'~' | b'/' | b'$' | b'&' | b'+' | b',' | b':' | b';' | b'=' | b'@' => {
                    out.push(char::from(byte));
                }
                // Writing to a String cannot fail.
                _ => drop(write!(out, "%{byte:02X}")),
            }
        }
    } else {
        out.push_str(&opaque);
    }
    for (mark, name) in [('?', "query"), ('#', "fragment")] {
        let text = part(name);
        if !text.is_empty() {
            out.push(mark);
            out.push_str(&text);
        }
    }
    out
}

fn escaped(text: &str, escape: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match escape(c) {
            Some(escape) => out.push_str(escape),
            None => out.push(c),
        }
    }
    out
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648, 6, with padding.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = group
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let bits = bits << (8 * (5 - group.len()));
        let digits = (group.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or(0);
            let digit = BASE32.get(digit).copied().filter(|_| at < digits);
            out.push(char::from(digit.unwrap_or(b'=')));
        }
    }
    out
}

/// Where the text is none, the place.
fn from_base32(text: &str) -> Result<Vec<u8>, usize> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(8) || text.len() - digits.len() > 6 {
        return Err(digits.len());
    }
    let mut out = Vec::with_capacity(digits.len() * 5 / 8);
    let (mut bits, mut count) = (0_u64, 0);
    for (at, byte) in digits.bytes().enumerate() {
        let digit = BASE32.iter().position(|known| *known == byte).ok_or(at)?;
        bits = (bits << 5 | digit as u64) & 0xffff;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Ok(out)
}
