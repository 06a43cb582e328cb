//! Targets: what discovery finds and scrapes or tails are pointed at.

use river_eval::convert::PathStep;
use river_eval::schema::Type;
use river_eval::{ConvertError, FromValue, IntoValue, Str, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A target: a map of label names to values, `__address__` and other `__` labels included. Cloning shares.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Target(Arc<BTreeMap<Str, Str>>);

impl Target {
    /// A target with these labels.
    pub fn new<K: Into<Str>, V: Into<Str>>(labels: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Arc::new(
            labels
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value)
    }

    /// The labels in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The same target with a label set.
    #[must_use]
    pub fn with(&self, name: impl Into<Str>, value: impl Into<Str>) -> Self {
        let mut labels = BTreeMap::clone(&self.0);
        labels.insert(name.into(), value.into());
        Self(Arc::new(labels))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromValue for Target {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let Value::Object(fields) = value else {
            return Err(ConvertError::expected("a target (an object)", value));
        };
        let label = |(name, value): (&Str, &Value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            Value::OptionalSecret(text) if !text.is_secret() => Ok((name.clone(), text.reveal().clone())),
            Value::Null => Ok((name.clone(), "".into())),
            other => Err(ConvertError::expected("string", other).within(PathStep::Field(name.to_string()))),
        };
        fields
            .iter()
            .map(label)
            .collect::<Result<_, _>>()
            .map(|labels| Self(Arc::new(labels)))
    }

    fn schema() -> Type {
        Type::Capsule("discovery.Target")
    }
}

impl IntoValue for Target {
    fn into_value(self) -> Value {
        Value::object(
            self.0
                .iter()
                .map(|(name, value)| (name.clone(), Value::String(value.clone()))),
        )
    }
}
