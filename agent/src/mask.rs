//! Configuration texts as they may be shown: literals of secrets stand as `"(secret)"`.
//!
//! What is secret is known from the components' schemas. Where no schema knows a name (a custom component, a text with mistakes) the name decides:
//! a literal too many is hidden rather than one too few.

use river_eval::schema::{BodySchema, Type};
use river_syntax::ast::{Body, Statement};
use river_syntax::{FileId, SyntaxKind, Tree};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std_components::controller::ComponentInfo;
use std_components::http_client::{sounds_secret, without_secrets};

/// What stands for a secret.
const HIDDEN: &str = "(secret)";

/// Shorter literals are too common in other words to be hidden in messages.
const SHORTEST_HIDDEN: usize = 4;

/// Texts of one component's secrets that are looked for in what it exports, at the most.
const MAX_NOTED: usize = 100;

/// A text that may be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masked {
    /// The text.
    pub(crate) text: String,
    /// Places of the original with the lengths of what stands there now, in order.
    edits: Vec<(Range<usize>, usize)>,
    /// What was hidden.
    secrets: Vec<String>,
}

impl Masked {
    /// Where something of the original stands now.
    pub(crate) fn offset(&self, original: usize) -> usize {
        let mut moved = original;
        for (range, length) in &self.edits {
            if range.start >= original {
                break;
            }
            if original < range.end {
                // In a hidden literal: at its start.
                return moved - (original - range.start);
            }
            moved = moved + length - range.len();
        }
        moved
    }

    /// A message about the text, without what was hidden.
    pub(crate) fn hide(&self, message: &str) -> String {
        let mut shown = message.to_owned();
        for secret in &self.secrets {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), HIDDEN);
            }
        }
        shown
    }
}

/// Hides the secrets of a configuration text, one with mistakes too.
pub(crate) fn mask(text: &str) -> Masked {
    let parse = river_syntax::parse_file(FileId(0), text);
    let mut known = HashMap::new();
    let mut finder = Finder::default();
    if let Some(body) = parse.body() {
        finder.body(body, None, true, &mut known);
    }
    let Some(root) = parse.root() else {
        return Masked {
            text: text.to_owned(),
            ..Masked::default()
        };
    };
    let tree = root.tree();
    let tokens = tree.tokens();
    let mut masked = Masked::default();
    let mut copied = 0;
    let mut hiding = Hiding::default();
    for token in 0..u32::try_from(tokens.len()).unwrap_or(u32::MAX) {
        let kind = tokens.kind(token);
        hiding.step(tree, token, kind, &known);
        if !is_text(kind) {
            continue;
        }
        let (range, literal) = (tokens.range(token), tree.token_text(token));
        let shown = if hiding.hides() {
            let inner = literal.trim_matches(['"', '`']);
            if inner.len() >= SHORTEST_HIDDEN {
                masked.secrets.push(inner.to_owned());
            }
            // An empty literal hides nothing, and tells that nothing is set.
            if inner.is_empty() {
                continue;
            }
            format!("\"{HIDDEN}\"")
        } else {
            match without_secrets(literal, HIDDEN) {
                Some((shown, secrets)) => {
                    masked.secrets.extend(secrets);
                    shown
                }
                None => continue,
            }
        };
        masked.text.push_str(text.get(copied..range.start).unwrap_or(""));
        masked.text.push_str(&shown);
        copied = range.end;
        masked.edits.push((range, shown.len()));
    }
    masked.text.push_str(text.get(copied..).unwrap_or(""));
    masked
}

fn is_text(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::String
            | SyntaxKind::RawString
            | SyntaxKind::BadEscape
            | SyntaxKind::OpenString
            | SyntaxKind::OpenRawString
    )
}

/// A text with what is secret in the URLs in it hidden.
pub(crate) fn in_text(text: String) -> String {
    match without_secrets(&text, HIDDEN) {
        Some((shown, _)) => shown,
        None => text,
    }
}

/// Hides what the types of a component do not tell: passwords and secret parameters in URLs, values of maps and arguments of custom components that
/// have the name of a secret, and what a custom component exports of the latter.
pub(crate) fn conceal(mut component: ComponentInfo) -> ComponentInfo {
    let is_custom = std_components::components().all(|known| known.name != &*component.name);
    let guess = if is_custom {
        Guess::Attributes
    } else {
        Guess::Nothing
    };
    let mut hidden = Vec::new();
    conceal_json(&mut component.arguments, guess, &mut hidden);
    if !is_custom {
        hidden.clear();
    }
    conceal_json(&mut component.exports, guess, &mut hidden);
    conceal_json(&mut component.debug_info, guess, &mut hidden);
    component
}

/// Whose names tell that their values are secret.
#[derive(Clone, Copy, PartialEq)]
enum Guess {
    /// Keys of maps; attributes are known by their schema.
    Nothing,
    /// Attributes, and keys of maps.
    Attributes,
}

/// Hides in a value of the API; texts that were hidden once are hidden where they are met again.
fn conceal_json(value: &mut Value, guess: Guess, hidden: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| conceal_json(item, guess, hidden)),
        Value::Object(fields) => {
            let named = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or("");
            let (kind, key) = (named("type"), named("key"));
            let is_attribute = guess == Guess::Attributes && kind == "attr";
            let is_secret =
                is_attribute && sounds_secret(named("name")) || !key.is_empty() && sounds_secret(key);
            let (is_block, is_string) = (kind == "block", kind == "string");
            let Some(inner) = fields.get_mut(if is_block { "body" } else { "value" }) else {
                return;
            };
            match inner {
                inner if is_secret => {
                    note(inner, hidden);
                    *inner = serde_json::json!({"type": "capsule", "value": HIDDEN});
                }
                Value::String(text) if is_string && hidden.contains(text) => *text = HIDDEN.to_owned(),
                Value::String(text) if is_string => *text = in_text(std::mem::take(text)),
                inner => conceal_json(inner, guess, hidden),
            }
        }
        _ => {}
    }
}

/// Notes the texts in a value that is hidden.
fn note(value: &Value, hidden: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| note(item, hidden)),
        Value::Object(fields) => match fields.get("value") {
            Some(Value::String(text)) if text.len() >= SHORTEST_HIDDEN && hidden.len() < MAX_NOTED => {
                hidden.push(text.clone());
            }
            Some(inner) => note(inner, hidden),
            None => {}
        },
        _ => {}
    }
}

/// Follows the tokens: whether a literal is the value of something secret.
#[derive(Default)]
struct Hiding {
    inside: bool,
    /// Open brackets since the value began: whether what stands in them is a name, of a variable or a key, and may be seen.
    open: Vec<bool>,
    /// The token before, layout left out.
    before: Option<u32>,
    /// The last name or literal, which an `=` may follow.
    last: Option<u32>,
}

impl Hiding {
    fn hides(&self) -> bool {
        self.inside && !self.open.contains(&true)
    }

    fn step(&mut self, tree: &Tree, token: u32, kind: SyntaxKind, known: &HashMap<u32, bool>) {
        if self.inside {
            match kind {
                SyntaxKind::LCurly => self.open.push(false),
                SyntaxKind::LParen => self
                    .open
                    .push(self.before.is_some_and(|token| tree.token_text(token) == "env")),
                SyntaxKind::LBrack => self.open.push(self.before.is_some_and(|token| {
                    matches!(
                        tree.tokens().kind(token),
                        SyntaxKind::Ident | SyntaxKind::RBrack | SyntaxKind::RParen
                    )
                })),
                SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => {
                    self.inside = self.open.pop().is_some();
                }
                SyntaxKind::Newline | SyntaxKind::Comma if self.open.is_empty() => self.inside = false,
                _ => {}
            }
        }
        if !kind.is_trivia() {
            self.before = Some(token);
        }
        match kind {
            SyntaxKind::Eq if !self.inside => {
                let name = self.last.take();
                self.inside = name.is_some_and(|name| {
                    let start = tree.tokens().start(name);
                    known
                        .get(&start)
                        .copied()
                        .unwrap_or_else(|| sounds_secret(tree.token_text(name).trim_matches(['"', '`'])))
                });
                self.open.clear();
            }
            SyntaxKind::Ident => self.last = Some(token),
            kind if is_text(kind) => self.last = Some(token),
            SyntaxKind::Whitespace => {}
            _ => self.last = None,
        }
    }
}

/// Tells of each attribute that a schema knows whether it is secret, by where its name starts.
#[derive(Default)]
struct Finder {
    schemas: HashMap<&'static str, BodySchema>,
}

impl Finder {
    fn body(
        &mut self,
        body: Body<'_>,
        schema: Option<&BodySchema>,
        top: bool,
        known: &mut HashMap<u32, bool>,
    ) {
        for statement in body.statements() {
            match statement {
                Statement::Attribute(attribute) => {
                    if let Some(schema) = schema.and_then(|schema| schema.attribute(attribute.name())) {
                        known.insert(attribute.name_span().start, holds_secrets(&schema.ty));
                    }
                }
                Statement::Block(block) => {
                    let Some(inner) = block.body() else { continue };
                    let name = block.name();
                    let label = block.label().map_or("", |(label, _)| label);
                    if name == "argument" && sounds_secret(label) {
                        secret_default(inner, known);
                        continue;
                    }
                    // Bodies of modules hold components again.
                    if top && matches!(&*name, "declare" | "foreach" | "template") {
                        self.body(inner, None, true, known);
                        continue;
                    }
                    let found = match schema {
                        Some(schema) => schema.block(&name).map(|block| block.body.get().clone()),
                        None if top => self.component(&name),
                        None => None,
                    };
                    self.body(inner, found.as_ref(), found.is_none() && top, known);
                }
            }
        }
    }

    fn component(&mut self, name: &str) -> Option<BodySchema> {
        if let Some(schema) = self.schemas.get(name) {
            return Some(schema.clone());
        }
        let registration = std_components::components().find(|known| known.name == name)?;
        let schema = (registration.arguments)();
        self.schemas.insert(registration.name, schema.clone());
        Some(schema)
    }
}

/// The default of an argument whose name is that of a secret.
fn secret_default(body: Body<'_>, known: &mut HashMap<u32, bool>) {
    for statement in body.statements() {
        if let Statement::Attribute(attribute) = statement {
            known.insert(attribute.name_span().start, attribute.name() == "default");
        }
    }
}

fn holds_secrets(ty: &Type) -> bool {
    let mut seen = HashSet::new();
    fn look(ty: &Type, seen: &mut HashSet<*const BodySchema>) -> bool {
        match ty {
            Type::Secret => true,
            Type::List(inner) | Type::Map(inner) => look(inner, seen),
            Type::Object(body) => {
                seen.insert(&raw const **body) && body.attributes.iter().any(|field| look(&field.ty, seen))
            }
            _ => false,
        }
    }
    look(ty, &mut seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_secrets_are_hidden_and_others_are_not() {
        let text = r#"loki.write "out" {
	endpoint {
		url = "https://me:hunter2@logs.example/push"
		basic_auth {
			username = "me"
			password = "hunter3" // of the proxy
		}
		tenant_id = "t"
		headers = { "X-Key" = "hunter7", "X-Scope" = "t" }
	}
	endpoint { url = "https://logs.example/push?token=hunter8&x=y" }
}
node "one" {
	api_token = [ "hunter4" ]
	token_url = "https://tokens.example"
}
declare "node" {
	argument "password" { default = "hunter5" }
	prometheus.remote_write "x" { endpoint { url = "u"
		bearer_token = env("X") + "hunter6"
	} }
}
"#;
        insta::assert_snapshot!(mask(text).text, @r#"
        loki.write "out" {
        	endpoint {
        		url = "https://me:(secret)@logs.example/push"
        		basic_auth {
        			username = "me"
        			password = "(secret)" // of the proxy
        		}
        		tenant_id = "t"
        		headers = { "X-Key" = "(secret)", "X-Scope" = "t" }
        	}
        	endpoint { url = "https://logs.example/push?token=(secret)&x=y" }
        }
        node "one" {
        	api_token = [ "(secret)" ]
        	token_url = "https://tokens.example"
        }
        declare "node" {
        	argument "password" { default = "(secret)" }
        	prometheus.remote_write "x" { endpoint { url = "u"
        		bearer_token = env("X") + "(secret)"
        	} }
        }
        "#);
    }

    #[test]
    fn texts_with_mistakes_hide_theirs_too() {
        let text = "x {{{ = \n password = \"hunter2\"\n bearer_token = \"hunter3";
        let shown = mask(text).text;
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn places_are_found_again_and_messages_keep_the_secret() {
        let text = "a { password = \"hunter2hunter2\" }\nb = oops";
        let masked = mask(text);
        let moved = masked.offset(text.find("oops").unwrap());
        assert_eq!(masked.text.get(moved..), Some("oops"));
        assert_eq!(masked.offset(0), 0);
        assert_eq!(
            masked.hide("cannot use \"hunter2hunter2\""),
            "cannot use \"(secret)\""
        );
    }
}
