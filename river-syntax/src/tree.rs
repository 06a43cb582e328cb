//! The lossless tree: tokens that cover every byte, and nodes over ranges of tokens.
//!
//! Nodes are kept in two flat arrays in post-order (children before their parent), so building one allocates nothing for a node and wrapping
//! an expression in a binary one is an append.

use crate::kind::SyntaxKind;
use crate::lexer::Tokens;
use crate::source::{FileId, Span};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeData {
    pub(crate) kind: SyntaxKind,
    /// Index of the first node below this one; its own index where there is none.
    pub(crate) first_below: u32,
    /// First and last token, layout at the ends not counted.
    pub(crate) first: u32,
    /// The token after the last one.
    pub(crate) end: u32,
}

/// A parsed text.
#[derive(Clone, Debug)]
pub struct Tree {
    file: FileId,
    text: Arc<str>,
    tokens: Arc<Tokens>,
    /// Not `Arc<[_]>`: that would copy them once more.
    nodes: Arc<Vec<NodeData>>,
}

impl Tree {
    pub(crate) fn new(file: FileId, text: Arc<str>, tokens: Tokens, nodes: Vec<NodeData>) -> Self {
        Self {
            file,
            text,
            tokens: Arc::new(tokens),
            nodes: Arc::new(nodes),
        }
    }

    /// The number that spans carry.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The text of a token.
    pub fn token_text(&self, token: u32) -> &str {
        self.text.get(self.tokens.range(token)).unwrap_or("")
    }

    /// Where a token stands.
    pub fn token_span(&self, token: u32) -> Span {
        Span::new(self.file, self.tokens.start(token), self.tokens.end(token))
    }

    /// The node that holds all others; `None` for an empty tree.
    pub fn root(&self) -> Option<Node<'_>> {
        let last = self.nodes.len().checked_sub(1)?;
        Some(Node {
            tree: self,
            index: last as u32,
        })
    }
}

/// A node of a tree.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}@{:?}", self.kind(), self.span().range())
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.index == other.index
    }
}

impl<'t> Node<'t> {
    fn data(&self) -> &'t NodeData {
        &self.tree.nodes[self.index as usize]
    }

    /// The tree that it is part of.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// What it is.
    pub fn kind(&self) -> SyntaxKind {
        self.data().kind
    }

    /// Its first token.
    pub fn first_token(&self) -> u32 {
        self.data().first
    }

    /// The token after its last one.
    pub fn end_token(&self) -> u32 {
        self.data().end
    }

    /// Where it stands, without layout around it.
    pub fn span(&self) -> Span {
        let data = self.data();
        let start = self.tree.tokens.start(data.first);
        let end = if data.end > data.first {
            self.tree.tokens.start(data.end)
        } else {
            start
        };
        Span::new(self.tree.file, start, end)
    }

    /// Its text, layout and comments inside included.
    pub fn text(&self) -> &'t str {
        self.tree.text.get(self.span().range()).unwrap_or("")
    }

    /// The nodes right below it, last first: the way in which they are stored.
    pub fn children_from_last(&self) -> impl Iterator<Item = Node<'t>> + use<'t> {
        let tree = self.tree;
        let bottom = self.data().first_below;
        let mut next = self.index;
        std::iter::from_fn(move || {
            if next <= bottom {
                return None;
            }
            let child = Node {
                tree,
                index: next - 1,
            };
            next = child.data().first_below;
            Some(child)
        })
    }

    /// The nodes right below it, in order.
    pub fn children(&self) -> Vec<Node<'t>> {
        let mut children: Vec<Node<'t>> = self.children_from_last().collect();
        children.reverse();
        children
    }

    /// The last node right below it.
    pub fn last_child(&self) -> Option<Node<'t>> {
        self.children_from_last().next()
    }

    /// The first node right below it. Takes time in proportion to the number of children.
    pub fn first_child(&self) -> Option<Node<'t>> {
        self.children_from_last().last()
    }

    /// The first token of a kind in a range of tokens.
    pub(crate) fn find_token(
        &self,
        range: std::ops::Range<u32>,
        wanted: impl Fn(SyntaxKind) -> bool,
    ) -> Option<u32> {
        range
            .into_iter()
            .find(|&token| wanted(self.tree.tokens.kind(token)))
    }
}
