//! LogQL's patterns, as `stage.pattern` takes them: `<ip> - - [<_>] "<method> <path>"`
//! (<https://grafana.com/docs/loki/latest/query/log_queries/#pattern>).

use super::Mistake;

/// A pattern: captures with plain text between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What a line has to begin with.
    start: Box<str>,
    /// Captures with the text after each; only the last one may have none.
    captures: Vec<Capture>,
}

#[derive(Clone, Debug, PartialEq)]
struct Capture {
    /// `None` is `<_>`.
    name: Option<Box<str>>,
    after: Box<str>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The first mistake.
    pub fn new(text: &str) -> Result<Self, Mistake> {
        let mut start = String::new();
        let mut captures: Vec<Capture> = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            let Some(name) = capture(&text[at..]) else {
                plain.push(next);
                at += next.len_utf8();
                continue;
            };
            let range = at..at + name.len() + 2;
            at = range.end;
            match captures.last_mut() {
                Some(_) if plain.is_empty() => {
                    return Err(Mistake::new(range, "two captures follow each other")
                        .with_help("put the text that parts them between them"));
                }
                Some(last) => last.after = std::mem::take(&mut plain).into(),
                None => start = std::mem::take(&mut plain),
            }
            let name = (name != "_").then(|| name.into());
            if name.is_some() && captures.iter().any(|other| other.name == name) {
                return Err(Mistake::new(range, "the name of this capture stands there twice")
                    .with_help("use <_> for what is not needed"));
            }
            captures.push(Capture {
                name,
                after: "".into(),
            });
        }
        if let Some(last) = captures.last_mut() {
            last.after = plain.into();
        }
        if captures.iter().all(|capture| capture.name.is_none()) {
            return Err(Mistake::new(0..text.len(), "it captures nothing")
                .with_help("write `<name>` where a value stands"));
        }
        Ok(Self {
            start: start.into(),
            captures,
        })
    }

    /// The names of the captures in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.captures.iter().filter_map(|capture| capture.name.as_deref())
    }

    /// Tells what each named capture, by its number among them, has of a line. Where the text after a capture is missing that capture has all the
    /// rest, and those after it have nothing. Whether the line matches at all.
    pub fn captures<'l>(&self, line: &'l str, mut found: impl FnMut(usize, &'l str)) -> bool {
        let Some(mut rest) = line.strip_prefix(&*self.start).filter(|_| !line.is_empty()) else {
            return false;
        };
        let mut named = 0;
        for capture in &self.captures {
            let end = match &*capture.after {
                "" => None,
                after => memchr::memmem::find(rest.as_bytes(), after.as_bytes()),
            };
            let value = end.map_or(rest, |end| &rest[..end]);
            if capture.name.is_some() {
                found(named, value);
                named += 1;
            }
            match end {
                Some(end) => rest = &rest[end + capture.after.len()..],
                None => return true,
            }
        }
        true
    }
}

/// The name of the capture at the start of a text.
fn capture(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let name = &inner[..inner.find('>')?];
    let mut bytes = name.bytes();
    let first = bytes.next()?;
    let is_name = (first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, line: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(pattern).unwrap();
        let mut values = Vec::new();
        pattern
            .captures(line, |_, value| values.push(value.to_owned()))
            .then_some(values)
    }

    #[test]
    fn captures_end_at_the_text_after_them() {
        assert_eq!(
            matched("<ip> - [<_>] \"<method> <path>\"", "::1 - [now] \"GET /a b\" x").unwrap(),
            ["::1", "GET", "/a b"]
        );
        assert_eq!(matched("<a>é<b>", "xéy").unwrap(), ["x", "y"]);
        assert_eq!(matched("<a> <b>", "one").unwrap(), ["one"], "the rest is missing");
        assert_eq!(matched("at <a>", "xat b"), None);
        assert_eq!(matched("<a>", ""), None);
        assert_eq!(matched("1 < 2 <a>", "1 < 2 ok").unwrap(), ["ok"]);
    }

    #[test]
    fn mistakes_have_their_place() {
        let refused = |text: &str| {
            let mistake = Pattern::new(text).unwrap_err();
            format!("{:?}: {}", mistake.range, mistake.message)
        };
        insta::assert_snapshot!(refused("<a><b>"), @"3..6: two captures follow each other");
        insta::assert_snapshot!(refused("<a> <a>"), @"4..7: the name of this capture stands there twice");
        insta::assert_snapshot!(refused("<_> x"), @"0..5: it captures nothing");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(pattern in "[<>a_ é]{0,12}", line in "[a é<]{0,12}") {
            if let Ok(pattern) = Pattern::new(&pattern) {
                pattern.captures(&line, |_, _| {});
            }
        }
    }
}
