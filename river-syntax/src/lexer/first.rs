//! What a token's first byte tells: layout, names and punctuation that begins nothing longer, three of four tokens of a configuration, need no
//! automaton.

use crate::kind::SyntaxKind;

/// What begins with a byte.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// A token of this byte alone.
    Alone(SyntaxKind),
    /// White space.
    Blank,
    /// A name or a word of the language.
    Name,
    /// What the generated lexer has to tell.
    Other,
}

/// By first byte.
pub(super) const FIRST: [First; 256] = {
    let mut table = [First::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\r' => First::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => First::Name,
            b'\n' => First::Alone(SyntaxKind::Newline),
            b'{' => First::Alone(SyntaxKind::LCurly),
            b'}' => First::Alone(SyntaxKind::RCurly),
            b'(' => First::Alone(SyntaxKind::LParen),
            b')' => First::Alone(SyntaxKind::RParen),
            b'[' => First::Alone(SyntaxKind::LBrack),
            b']' => First::Alone(SyntaxKind::RBrack),
            b',' => First::Alone(SyntaxKind::Comma),
            b'+' => First::Alone(SyntaxKind::Plus),
            b'-' => First::Alone(SyntaxKind::Minus),
            b'*' => First::Alone(SyntaxKind::Star),
            b'%' => First::Alone(SyntaxKind::Percent),
            b'^' => First::Alone(SyntaxKind::Caret),
            _ => First::Other,
        };
        byte += 1;
    }
    table
};
