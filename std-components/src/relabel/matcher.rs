//! Anchored expressions, with shortcuts for the simple ones that most rules have.

use crate::text::re2;
use regex::Regex;
use river_eval::schema::Type;
use river_eval::{ConvertError, FromValue, IntoValue, Value};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// An RE2 expression that has to match a whole text. Equal when written equally.
#[derive(Clone)]
pub struct Anchored {
    text: Arc<str>,
    regex: Arc<Regex>,
    shortcut: Shortcut,
}

/// What an expression means where it needs no machine.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shortcut {
    /// `.*`, `(.*)`.
    Anything,
    /// `.+`, `(.+)`.
    Something,
    /// One of some texts: `a`, `a|b`.
    OneOf(Arc<[Box<str>]>),
    /// A machine is needed.
    None,
}

static DEFAULT: LazyLock<Anchored> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the expression is a valid constant")]
    Anchored::new("(.*)").expect("the default expression is valid")
});

impl Default for Anchored {
    /// `(.*)`.
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl Anchored {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn new(text: &str) -> Result<Self, String> {
        Ok(Self {
            regex: re2::shared_anchored(text)?,
            shortcut: shortcut(text),
            text: text.into(),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches the whole of a text.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.shortcut {
            Shortcut::Anything => true,
            Shortcut::Something => !text.is_empty(),
            Shortcut::OneOf(texts) => texts.iter().any(|one| **one == *text),
            Shortcut::None => self.regex.is_match(text),
        }
    }

    pub(super) fn regex(&self) -> &Regex {
        &self.regex
    }

    /// Whether group 1 is the whole text and there is no other group.
    pub(super) fn captures_whole(&self) -> bool {
        matches!(&*self.text, "(.*)" | "(.+)")
    }

    /// Whether it has groups at all.
    pub(super) fn has_groups(&self) -> bool {
        self.regex.captures_len() > 1
    }
}

fn shortcut(text: &str) -> Shortcut {
    match text {
        ".*" | "(.*)" => Shortcut::Anything,
        ".+" | "(.+)" => Shortcut::Something,
        _ if text.contains(|c: char| "\\.+*?()[]{}^$".contains(c)) => Shortcut::None,
        _ => Shortcut::OneOf(text.split('|').map(Into::into).collect()),
    }
}

impl PartialEq for Anchored {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Anchored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl FromValue for Anchored {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let text = String::from_value(value)?;
        Self::new(&text).map_err(|reason| {
            ConvertError::new(format!("{text:?} is not a regular expression: {reason}"))
                .with_help("expressions are RE2's, without look-around and back references")
        })
    }

    fn schema() -> Type {
        Type::Text {
            name: "RE2 regular expression, anchored at both ends",
            words: &[],
        }
    }
}

impl IntoValue for Anchored {
    fn into_value(self) -> Value {
        Value::String(self.text)
    }
}
