//! Kinds of tokens and of nodes.

/// What a token or a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "the names are those of the grammar; docs/language.md tells them"
)]
pub enum SyntaxKind {
    // Layout.
    Whitespace,
    Newline,
    LineComment,
    BlockComment,
    /// At the very start of a text only.
    ByteOrderMark,

    // Literals and names.
    Ident,
    Number,
    Float,
    /// `"…"`.
    String,
    /// `` `…` ``.
    RawString,
    Null,
    Bool,

    // Operators and punctuation.
    OrOr,
    AndAnd,
    Bang,
    Eq,
    EqEq,
    BangEq,
    Lt,
    Le,
    Gt,
    Ge,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    Comma,
    Dot,
    LCurly,
    RCurly,
    LParen,
    RParen,
    LBrack,
    RBrack,

    // What is wrong already as a token.
    /// A string with an escape that does not exist.
    BadEscape,
    OpenString,
    OpenRawString,
    OpenBlockComment,
    /// `'…'`.
    SingleQuoted,
    /// `1e`.
    BadNumber,
    /// One `|` or `&`.
    HalfOperator,
    Illegal,

    /// Not in the text: the end of a statement, which a line's end makes after certain tokens.
    Terminator,
    Eof,

    // Nodes.
    File,
    Body,
    Attribute,
    Block,
    BlockName,
    Label,
    LiteralExpr,
    IdentExpr,
    AccessExpr,
    IndexExpr,
    CallExpr,
    UnaryExpr,
    BinaryExpr,
    ParenExpr,
    ListExpr,
    ObjectExpr,
    Field,
    /// Tokens that fit nowhere.
    Error,
}

impl SyntaxKind {
    /// Whether it is layout: white space or a comment.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Whitespace
                | Self::Newline
                | Self::LineComment
                | Self::BlockComment
                | Self::ByteOrderMark
                | Self::OpenBlockComment
        )
    }

    /// Whether it is a comment.
    pub fn is_comment(self) -> bool {
        matches!(
            self,
            Self::LineComment | Self::BlockComment | Self::OpenBlockComment
        )
    }

    /// Whether the end of a line after this token ends the statement.
    pub(crate) fn ends_statement(self) -> bool {
        matches!(
            self,
            Self::Ident
                | Self::Number
                | Self::Float
                | Self::String
                | Self::RawString
                | Self::Null
                | Self::Bool
                | Self::RCurly
                | Self::RParen
                | Self::RBrack
                | Self::BadEscape
                | Self::OpenString
                | Self::OpenRawString
                | Self::SingleQuoted
                | Self::BadNumber
        )
    }

    /// What messages call it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Ident => "an identifier",
            Self::Number | Self::Float | Self::BadNumber => "a number",
            Self::String
            | Self::RawString
            | Self::BadEscape
            | Self::OpenString
            | Self::OpenRawString
            | Self::SingleQuoted => "a string",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::OrOr => "`||`",
            Self::AndAnd => "`&&`",
            Self::Bang => "`!`",
            Self::Eq => "`=`",
            Self::EqEq => "`==`",
            Self::BangEq => "`!=`",
            Self::Lt => "`<`",
            Self::Le => "`<=`",
            Self::Gt => "`>`",
            Self::Ge => "`>=`",
            Self::Plus => "`+`",
            Self::Minus => "`-`",
            Self::Star => "`*`",
            Self::Slash => "`/`",
            Self::Percent => "`%`",
            Self::Caret => "`^`",
            Self::Comma => "`,`",
            Self::Dot => "`.`",
            Self::LCurly => "`{`",
            Self::RCurly => "`}`",
            Self::LParen => "`(`",
            Self::RParen => "`)`",
            Self::LBrack => "`[`",
            Self::RBrack => "`]`",
            Self::HalfOperator | Self::Illegal => "an illegal character",
            Self::Terminator => "the end of the line",
            Self::Eof => "the end of the file",
            _ => "something else",
        }
    }
}
