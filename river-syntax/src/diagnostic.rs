//! The one `Diagnostic` type of the product: what is wrong, where, why, and the way out.

use crate::source::Span;
use std::borrow::Cow;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A remark that needs no action.
    Info,
    /// Works, but is probably not what was meant.
    Warning,
    /// The configuration cannot be used.
    Error,
}

/// A stable code with its documentation page. Declared with [`codes!`](macro@crate::codes), one list for each crate.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `AR0001`; never used again for another meaning.
    pub id: &'static str,
    /// A line that says what the code is about.
    pub title: &'static str,
    /// The page in Markdown: an example and the way out.
    pub page: &'static str,
}

/// Declares a crate's codes and the list `CODES` of all of them: `NAME = "AR0001", "title", "page";`.
#[macro_export]
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $id:literal, $title:literal, $page:literal;)*) => {
        $(
            $(#[$meta])*
            #[doc = $title]
            pub static $name: $crate::diagnostic::Code =
                $crate::diagnostic::Code { id: $id, title: $title, page: $page };
        )*
        /// Every code that this crate declares.
        pub static CODES: &[&$crate::diagnostic::Code] = &[$(&$name),*];
    };
}

/// A place with words beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: Cow<'static, str>,
}

/// One replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to take out; an empty span inserts.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// A change that mends the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does.
    pub title: String,
    /// The replacements, not overlapping.
    pub edits: Vec<Edit>,
    /// Whether it may be applied without a person looking at it.
    pub safe: bool,
}

/// A finding in a configuration.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// Which kind of finding.
    pub code: &'static Code,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The place of the mistake.
    pub primary: Label,
    /// Further places that explain it, in any file.
    pub secondary: Vec<Label>,
    /// The way out.
    pub help: Option<String>,
    /// A machine-applicable change.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding of a severity at a place.
    pub fn new(severity: Severity, code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            primary: Label {
                span,
                text: Cow::Borrowed(""),
            },
            secondary: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// An error at a place.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message)
    }

    /// A warning at a place.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message)
    }

    /// Words beside the primary place.
    #[must_use]
    pub fn with_label(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// A further place.
    #[must_use]
    pub fn with_secondary(mut self, span: Span, text: impl Into<Cow<'static, str>>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A change that mends it.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether the configuration cannot be used because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
