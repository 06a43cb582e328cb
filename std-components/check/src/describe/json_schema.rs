//! JSON Schema (draft 2020-12) of a component's body written as JSON: attributes are properties, blocks are objects, repeated ones arrays of them.
//!
//! Alternatives, whose order matters across their names, stand in one array `KIND.*` of objects with one property each. A block's label is its property
//! `$label`.

use super::json::plain;
use super::{Around, alternatives, kind};
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Type};
use serde_json::{Map, Value, json};

/// The dialect.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// A duration as the language writes it, `1h30m`.
const DURATION: &str =
    r"^[+-]?(0|(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)$";

/// The schema of a component's or config block's body.
pub fn component(component: &ComponentSchema, title: &str) -> Value {
    let mut definitions = Map::new();
    let mut writer = Writer {
        around: Around::default(),
        definitions: &mut definitions,
    };
    let body = writer.body(&component.arguments, component.name, false);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert(
        "title".to_owned(),
        json!(format!("{} of {title}", component.name)),
    );
    if !component.doc.is_empty() {
        schema.insert("description".to_owned(), json!(component.doc));
    }
    schema.extend(body);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Value::Object(schema)
}

struct Writer<'s, 'd> {
    around: Around<'s>,
    /// The alternatives by the path of the body that has them.
    definitions: &'d mut Map<String, Value>,
}

impl<'s> Writer<'s, '_> {
    fn body(&mut self, of: &'s BodySchema, path: &str, label: bool) -> Map<String, Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        if label {
            properties.insert("$label".to_owned(), json!({"type": "string"}));
            required.push(json!("$label"));
        }
        for attribute in &of.attributes {
            properties.insert(attribute.name.to_owned(), of_attribute(attribute));
            if attribute.required {
                required.push(json!(attribute.name));
            }
        }
        let definition = match self.around.same_alternatives(of) {
            Some(place) => place.to_owned(),
            None => path.to_owned(),
        };
        self.around.enter(path, of);
        for block in of.blocks.iter().filter(|block| !block.alternative) {
            properties.insert(block.name.clone(), self.block(block, path));
            if block.required {
                required.push(json!(block.name));
            }
        }
        for first in alternatives(of) {
            let kind = kind(first);
            let name = format!("{kind}.*");
            if properties.contains_key(&name) {
                continue;
            }
            let definition = format!("{definition}:{name}");
            if definition.starts_with(&format!("{path}:")) {
                let one_of = self.alternatives(of, kind, path);
                self.definitions.insert(definition.clone(), one_of);
            }
            let reference = definition
                .replace('~', "~0")
                .replace('/', "~1")
                .replace(' ', "%20")
                .replace('>', "%3E");
            let items = json!({"$ref": format!("#/$defs/{reference}")});
            properties.insert(name, json!({"type": "array", "items": items}));
        }
        self.around.leave();

        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }

    fn block(&mut self, block: &'s BlockSchema, path: &str) -> Value {
        let path = format!("{path} > {}", block.name);
        let mut schema = self.body(block.body.get(), &path, block.label);
        if block.repeated {
            let items = std::mem::take(&mut schema);
            schema.insert("type".to_owned(), json!("array"));
            schema.insert("items".to_owned(), Value::Object(items));
        }
        if !block.doc.is_empty() {
            schema.insert("description".to_owned(), json!(block.doc));
        }
        Value::Object(schema)
    }

    /// An object with one property: the block.
    fn alternatives(&mut self, of: &'s BodySchema, wanted: &str, path: &str) -> Value {
        let mut properties = Map::new();
        for block in alternatives(of).into_iter().filter(|block| kind(block) == wanted) {
            let body = self.body(block.body.get(), &format!("{path} > {}", block.name), block.label);
            properties.insert(block.name.clone(), Value::Object(body));
        }
        json!({
            "type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
        })
    }
}

fn of_attribute(attribute: &AttributeSchema) -> Value {
    let mut schema = of_type(&attribute.ty);
    if attribute.default == Some(river_eval::Value::Null)
        && let Some(ty) = schema.get_mut("type")
    {
        *ty = json!([ty.take(), "null"]);
    }
    if let Some(default) = &attribute.default {
        schema.insert("default".to_owned(), plain(default));
    }
    if !attribute.doc.is_empty() {
        schema.insert("description".to_owned(), json!(attribute.doc));
    }
    Value::Object(schema)
}

fn of_type(ty: &Type) -> Map<String, Value> {
    let schema = match ty {
        Type::String | Type::OptionalSecret => json!({"type": "string"}),
        Type::Secret => json!({"type": "string", "writeOnly": true}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Duration => json!({"type": "string", "pattern": DURATION}),
        Type::Any => json!({}),
        Type::Number(kind) => number(kind),
        Type::List(item) => json!({"type": "array", "items": of_type(item)}),
        Type::Map(value) => json!({"type": "object", "additionalProperties": of_type(value)}),
        Type::Object(body) => {
            let properties: Map<String, Value> = body
                .attributes
                .iter()
                .map(|attribute| (attribute.name.to_owned(), of_attribute(attribute)))
                .collect();
            let required: Vec<&str> = body
                .attributes
                .iter()
                .filter(|attribute| attribute.required)
                .map(|attribute| attribute.name)
                .collect();
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
        }
        Type::Capsule("discovery.Target") => {
            json!({"type": "object", "additionalProperties": {"type": "string"}, "$comment": "discovery.Target"})
        }
        Type::Function => json!({"type": "string", "$comment": "a reference to a function"}),
        Type::Capsule(name) => {
            json!({"type": "string", "$comment": format!("a reference to an export of type {name}")})
        }
        Type::Text { name, words: [] } => json!({"type": "string", "$comment": name}),
        Type::Text { words, .. } => json!({"type": "string", "enum": words}),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn number(kind: &str) -> Value {
    let signed = |bits: u32| json!({"type": "integer", "minimum": -(1_i64 << (bits - 1)), "maximum": (1_i64 << (bits - 1)) - 1});
    let unsigned = |bits: u32| json!({"type": "integer", "minimum": 0, "maximum": (1_u64 << bits) - 1});
    match kind {
        "int8" => signed(8),
        "int16" => signed(16),
        "int32" => signed(32),
        "uint8" => unsigned(8),
        "uint16" => unsigned(16),
        "uint32" => unsigned(32),
        // Beyond what every reader of JSON keeps apart, so the highest values are not bounded.
        kind if kind.starts_with("uint") => json!({"type": "integer", "minimum": 0}),
        kind if kind.starts_with("int") => json!({"type": "integer"}),
        _ => json!({"type": "number"}),
    }
}
