//! Typed views over the tree. Views borrow it and cost nothing; what a broken text lacks is `None`.

use crate::kind::SyntaxKind;
use crate::source::Span;
use crate::tree::Node;

macro_rules! views {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name<'t>(Node<'t>);

        impl<'t> $name<'t> {
            /// The view of a node, if it is of this kind.
            pub fn cast(node: Node<'t>) -> Option<Self> {
                (node.kind() == SyntaxKind::$name).then_some(Self(node))
            }

            /// The node behind the view.
            pub fn node(&self) -> Node<'t> {
                self.0
            }

            /// Where it stands.
            pub fn span(&self) -> Span {
                self.0.span()
            }
        }
    )*};
}

views! {
    /// The statements between braces, or of a whole file.
    Body;
    /// `name = value`.
    Attribute;
    /// `name "label" { … }`.
    Block;
    /// A literal.
    LiteralExpr;
    /// A name by itself.
    IdentExpr;
    /// `base.name`.
    AccessExpr;
    /// `base[index]`.
    IndexExpr;
    /// `callee(arguments)`.
    CallExpr;
    /// `-x` or `!x`.
    UnaryExpr;
    /// `a + b` and the like.
    BinaryExpr;
    /// `(x)`.
    ParenExpr;
    /// `[a, b]`.
    ListExpr;
    /// `{ a = b }`.
    ObjectExpr;
    /// `key = value` in an object.
    Field;
}

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statement<'t> {
    /// `name = value`.
    Attribute(Attribute<'t>),
    /// `name "label" { … }`.
    Block(Block<'t>),
}

impl<'t> Statement<'t> {
    /// The view of a node, if it is a statement.
    pub fn cast(node: Node<'t>) -> Option<Self> {
        match node.kind() {
            SyntaxKind::Attribute => Some(Self::Attribute(Attribute(node))),
            SyntaxKind::Block => Some(Self::Block(Block(node))),
            _ => None,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Attribute(attribute) => attribute.span(),
            Self::Block(block) => block.span(),
        }
    }

    /// The node behind the view.
    pub fn node(&self) -> Node<'t> {
        match self {
            Self::Attribute(attribute) => attribute.0,
            Self::Block(block) => block.0,
        }
    }
}

impl<'t> Body<'t> {
    /// The statements in order; what could not be read as one is left out.
    pub fn statements(&self) -> impl Iterator<Item = Statement<'t>> + use<'t> {
        self.0.children().into_iter().filter_map(Statement::cast)
    }
}

impl<'t> Attribute<'t> {
    /// Its name.
    pub fn name(&self) -> &'t str {
        self.0.tree().token_text(self.0.first_token())
    }

    /// Where the name stands.
    pub fn name_span(&self) -> Span {
        self.0.tree().token_span(self.0.first_token())
    }

    /// What it is set to.
    pub fn value(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.last_child()?)
    }
}

impl<'t> Block<'t> {
    fn child(&self, kind: SyntaxKind) -> Option<Node<'t>> {
        self.0.children_from_last().find(|child| child.kind() == kind)
    }

    /// The tokens of the name: identifiers and dots, layout between them not counted.
    pub(crate) fn name_tokens(&self) -> impl Iterator<Item = u32> + use<'t> {
        let tree = self.0.tree();
        let range = self
            .child(SyntaxKind::BlockName)
            .map_or(0..0, |name| name.first_token()..name.end_token());
        range.filter(move |&token| !tree.tokens().kind(token).is_trivia())
    }

    /// The dotted name, `loki.source.file`.
    pub fn name(&self) -> std::borrow::Cow<'t, str> {
        let Some(name) = self.child(SyntaxKind::BlockName) else {
            return "".into();
        };
        let text = name.text();
        // Layout inside a name is rare: it can only stand around its dots.
        if text
            .bytes()
            .any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'/'))
        {
            return self
                .name_tokens()
                .map(|token| self.0.tree().token_text(token))
                .collect::<String>()
                .into();
        }
        text.into()
    }

    /// Where the name stands.
    pub fn name_span(&self) -> Span {
        self.child(SyntaxKind::BlockName)
            .map_or(self.span(), |name| name.span())
    }

    /// The label without its quotes, and where it stands with them. An empty label counts as none, as in the reference.
    pub fn label(&self) -> Option<(&'t str, Span)> {
        let label = self.child(SyntaxKind::Label)?;
        let text = label.text().trim_matches(['"', '`']);
        (!text.is_empty()).then_some((text, label.span()))
    }

    /// What stands between the braces.
    pub fn body(&self) -> Option<Body<'t>> {
        self.child(SyntaxKind::Body).and_then(Body::cast)
    }

    /// The token of the opening brace.
    pub fn open_brace(&self) -> Option<u32> {
        let name = self
            .child(SyntaxKind::Label)
            .or(self.child(SyntaxKind::BlockName))?;
        self.0.find_token(name.end_token()..self.0.end_token(), |kind| {
            kind == SyntaxKind::LCurly
        })
    }

    /// The token of the closing brace; `None` where it is missing.
    pub fn close_brace(&self) -> Option<u32> {
        let last = self.0.end_token().checked_sub(1)?;
        (self.0.tree().tokens().kind(last) == SyntaxKind::RCurly).then_some(last)
    }
}

/// An expression.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the views' own docs tell")]
pub enum Expr<'t> {
    Literal(LiteralExpr<'t>),
    Ident(IdentExpr<'t>),
    Access(AccessExpr<'t>),
    Index(IndexExpr<'t>),
    Call(CallExpr<'t>),
    Unary(UnaryExpr<'t>),
    Binary(BinaryExpr<'t>),
    Paren(ParenExpr<'t>),
    List(ListExpr<'t>),
    Object(ObjectExpr<'t>),
}

impl<'t> Expr<'t> {
    /// The view of a node, if it is an expression.
    pub fn cast(node: Node<'t>) -> Option<Self> {
        Some(match node.kind() {
            SyntaxKind::LiteralExpr => Self::Literal(LiteralExpr(node)),
            SyntaxKind::IdentExpr => Self::Ident(IdentExpr(node)),
            SyntaxKind::AccessExpr => Self::Access(AccessExpr(node)),
            SyntaxKind::IndexExpr => Self::Index(IndexExpr(node)),
            SyntaxKind::CallExpr => Self::Call(CallExpr(node)),
            SyntaxKind::UnaryExpr => Self::Unary(UnaryExpr(node)),
            SyntaxKind::BinaryExpr => Self::Binary(BinaryExpr(node)),
            SyntaxKind::ParenExpr => Self::Paren(ParenExpr(node)),
            SyntaxKind::ListExpr => Self::List(ListExpr(node)),
            SyntaxKind::ObjectExpr => Self::Object(ObjectExpr(node)),
            _ => return None,
        })
    }

    /// The node behind the view.
    pub fn node(&self) -> Node<'t> {
        match self {
            Self::Literal(view) => view.0,
            Self::Ident(view) => view.0,
            Self::Access(view) => view.0,
            Self::Index(view) => view.0,
            Self::Call(view) => view.0,
            Self::Unary(view) => view.0,
            Self::Binary(view) => view.0,
            Self::Paren(view) => view.0,
            Self::List(view) => view.0,
            Self::Object(view) => view.0,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.node().span()
    }
}

fn two<'t>(node: Node<'t>) -> (Option<Expr<'t>>, Option<Expr<'t>>) {
    let mut children = node.children_from_last();
    let last = children.next().and_then(Expr::cast);
    let first = children.next().and_then(Expr::cast);
    (first, last)
}

impl<'t> LiteralExpr<'t> {
    /// What kind of token it is.
    pub fn kind(&self) -> SyntaxKind {
        self.0.tree().tokens().kind(self.0.first_token())
    }

    /// The literal as it is written.
    pub fn text(&self) -> &'t str {
        self.0.tree().token_text(self.0.first_token())
    }
}

impl<'t> IdentExpr<'t> {
    /// The name.
    pub fn name(&self) -> &'t str {
        self.0.tree().token_text(self.0.first_token())
    }
}

impl<'t> AccessExpr<'t> {
    /// What the field is taken of.
    pub fn base(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.last_child()?)
    }

    /// The token of the field's name; `None` where it is missing.
    pub fn name_token(&self) -> Option<u32> {
        let last = self.0.end_token().checked_sub(1)?;
        let kind = self.0.tree().tokens().kind(last);
        matches!(kind, SyntaxKind::Ident | SyntaxKind::Null | SyntaxKind::Bool).then_some(last)
    }

    /// The field's name and where it stands.
    pub fn name(&self) -> Option<(&'t str, Span)> {
        let token = self.name_token()?;
        Some((self.0.tree().token_text(token), self.0.tree().token_span(token)))
    }
}

impl<'t> IndexExpr<'t> {
    /// What is indexed.
    pub fn base(&self) -> Option<Expr<'t>> {
        two(self.0).0
    }

    /// The index.
    pub fn index(&self) -> Option<Expr<'t>> {
        two(self.0).1
    }
}

impl<'t> CallExpr<'t> {
    /// What is called.
    pub fn callee(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.first_child()?)
    }

    /// The arguments in order.
    pub fn arguments(&self) -> impl Iterator<Item = Expr<'t>> + use<'t> {
        self.0.children().into_iter().skip(1).filter_map(Expr::cast)
    }
}

impl<'t> UnaryExpr<'t> {
    /// The operator: [`SyntaxKind::Bang`] or [`SyntaxKind::Minus`].
    pub fn operator(&self) -> SyntaxKind {
        self.0.tree().tokens().kind(self.0.first_token())
    }

    /// What it is applied to.
    pub fn operand(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.last_child()?)
    }
}

impl<'t> BinaryExpr<'t> {
    /// The left side.
    pub fn left(&self) -> Option<Expr<'t>> {
        two(self.0).0
    }

    /// The right side.
    pub fn right(&self) -> Option<Expr<'t>> {
        two(self.0).1
    }

    /// The operator's token.
    pub fn operator_token(&self) -> Option<u32> {
        let mut children = self.0.children_from_last();
        let right = children.next()?;
        let left = children.next()?;
        self.0
            .find_token(left.end_token()..right.first_token(), |kind| !kind.is_trivia())
    }

    /// The operator and where it stands.
    pub fn operator(&self) -> Option<(SyntaxKind, Span)> {
        let token = self.operator_token()?;
        Some((
            self.0.tree().tokens().kind(token),
            self.0.tree().token_span(token),
        ))
    }
}

impl<'t> ParenExpr<'t> {
    /// What stands between the parentheses.
    pub fn inner(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.last_child()?)
    }
}

impl<'t> ListExpr<'t> {
    /// The items in order.
    pub fn items(&self) -> impl Iterator<Item = Expr<'t>> + use<'t> {
        self.0.children().into_iter().filter_map(Expr::cast)
    }
}

impl<'t> ObjectExpr<'t> {
    /// The fields in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'t>> + use<'t> {
        self.0.children().into_iter().filter_map(Field::cast)
    }
}

impl<'t> Field<'t> {
    /// The key as it is written, quotes included, and where it stands.
    pub fn key(&self) -> (&'t str, Span) {
        let token = self.0.first_token();
        (self.0.tree().token_text(token), self.0.tree().token_span(token))
    }

    /// The value.
    pub fn value(&self) -> Option<Expr<'t>> {
        Expr::cast(self.0.last_child()?)
    }
}
