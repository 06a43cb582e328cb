//! Hides what a schema calls a secret: a password that a configuration writes as a plain string must not be shown either.

use crate::body::BodyValue;
use crate::schema::{BodySchema, Type};
use crate::value::{Secret, Value};

impl BodySchema {
    /// The body as it may be shown: texts of secret arguments are secrets. What the schema does not know stays as it is.
    pub fn conceal(&self, body: &BodyValue) -> BodyValue {
        let mut shown = body.clone();
        for attribute in &mut shown.attributes {
            let known = self
                .attributes
                .iter()
                .find(|known| *attribute.name == *known.name);
            if let Some(known) = known {
                attribute.value = conceal(&known.ty, &attribute.value);
            }
        }
        for block in &mut shown.blocks {
            let known = self.blocks.iter().find(|known| *block.name == *known.name);
            if let Some(known) = known {
                block.body = known.body.get().conceal(&block.body);
            }
        }
        shown
    }
}

fn conceal(ty: &Type, value: &Value) -> Value {
    match (ty, value) {
        (Type::Secret, Value::String(text)) => Value::Secret(Secret::new(text.clone())),
        (Type::Secret, Value::OptionalSecret(text)) => Value::Secret(Secret::new(text.reveal().clone())),
        (Type::List(inner), Value::List(items)) => Value::list(items.iter().map(|item| conceal(inner, item))),
        (Type::Map(inner), Value::Object(fields)) => Value::object(
            fields
                .iter()
                .map(|(key, value)| (key.clone(), conceal(inner, value))),
        ),
        (Type::Object(inner), Value::Object(fields)) => Value::object(fields.iter().map(|(key, value)| {
            let known = inner.attributes.iter().find(|known| **key == *known.name);
            let value = known.map_or_else(|| value.clone(), |known| conceal(&known.ty, value));
            (key.clone(), value)
        })),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ui_json::UiBody;
    use crate::{Arguments, BodyValue, Secret, Value};
    use std::collections::BTreeMap;

    #[derive(Debug, crate::Arguments)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Client {
        #[river(default)]
        user: String,
        password: Option<Secret>,
        headers: Option<BTreeMap<String, Vec<Secret>>>,
        #[river(block, name = "inner")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, crate::Arguments)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Inner {
        token: Secret,
    }

    #[test]
    fn secrets_written_as_strings_are_hidden_wherever_they_stand() {
        let mut inner = BodyValue::default();
        inner.attribute("token", "hush-1");
        let mut body = BodyValue::default();
        body.attribute("user", "me").attribute("password", "hush-2");
        let headers = Value::object([("X-Key", Value::list([Value::string("hush-3")]))]);
        body.attribute("headers", headers);
        body.block("inner", inner);
        let shown = serde_json::to_string(&UiBody(&Client::schema().conceal(&body))).unwrap();
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(shown.matches("(secret)").count(), 3, "{shown}");
        assert!(shown.contains("\"me\""), "{shown}");
    }
}
