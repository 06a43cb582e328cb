//! Which comments belong to which node.

use crate::kind::SyntaxKind;
use crate::tree::Node;

impl<'t> Node<'t> {
    /// The comments right above it, first to last: up to an empty line, and without those that end another statement's line. Tokens of the tree.
    pub fn comments_above(&self) -> Vec<u32> {
        let tokens = self.tree().tokens();
        let mut found = Vec::new();
        let mut token = self.first_token();
        // Comments of the line at hand; they count once its beginning is reached.
        let mut line = Vec::new();
        let mut line_ends = 0;
        while token > 0 {
            token -= 1;
            match tokens.kind(token) {
                SyntaxKind::Whitespace | SyntaxKind::ByteOrderMark => {}
                SyntaxKind::Newline => {
                    found.append(&mut line);
                    line_ends += 1;
                    if line_ends > 1 {
                        break;
                    }
                }
                kind if kind.is_comment() => {
                    line.push(token);
                    line_ends = 0;
                }
                _ => {
                    line.clear();
                    break;
                }
            }
        }
        found.append(&mut line);
        found.reverse();
        found
    }

    /// The comment after it on its last line.
    pub fn comment_after(&self) -> Option<u32> {
        let tokens = self.tree().tokens();
        let mut token = self.end_token();
        while tokens.kind(token) == SyntaxKind::Whitespace || tokens.kind(token) == SyntaxKind::Comma {
            token += 1;
        }
        tokens.kind(token).is_comment().then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use crate::{FileId, parse_file};

    #[test]
    fn comments_belong_to_the_statement_below_or_before() {
        let text = "// file\n\n// a1\n/* a2 */ a = 1 // a3\n// b1\n// b2\nb { } /* b3 */\n";
        let parse = parse_file(FileId(0), text);
        let told: Vec<String> = parse
            .body()
            .unwrap()
            .statements()
            .map(|statement| {
                let node = statement.node();
                let text = |token: u32| parse.tree.token_text(token);
                let above: Vec<&str> = node.comments_above().into_iter().map(text).collect();
                format!("{} | {}", above.join(" "), node.comment_after().map_or("", text))
            })
            .collect();
        assert_eq!(told, ["// a1 /* a2 */ | // a3", "// b1 // b2 | /* b3 */"]);
    }
}
