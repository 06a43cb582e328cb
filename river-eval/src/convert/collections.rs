//! Conversions of optional values, lists and maps.

use super::{ConvertError, FromValue, IntoValue, PathStep};
use crate::schema::Type;
use crate::value::{Str, Value};
use indexmap::IndexMap;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn schema() -> Type {
        T::schema()
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

fn each<T: FromValue>(items: &[Value]) -> Result<Vec<T>, ConvertError> {
    items
        .iter()
        .enumerate()
        .map(|(at, item)| T::from_value(item).map_err(|error| error.within(PathStep::Item(at))))
        .collect()
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::List(items) => each(items),
            // Bytes that a function decoded are a list of numbers to the language.
            bytes @ Value::Bytes(_) => each(&bytes.items().unwrap_or_default()),
            Value::Null => Ok(Vec::new()),
            other => {
                Err(ConvertError::expected("array", other).with_help("put the value in brackets: [ … ]"))
            }
        }
    }

    fn schema() -> Type {
        Type::List(Box::new(T::schema()))
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::list(self.into_iter().map(IntoValue::into_value))
    }
}

impl<T: FromValue> FromValue for Arc<[T]> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Vec::from_value(value).map(Into::into)
    }

    fn schema() -> Type {
        Vec::<T>::schema()
    }
}

impl<T: FromValue> FromValue for Box<[T]> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Vec::from_value(value).map(Into::into)
    }

    fn schema() -> Type {
        Vec::<T>::schema()
    }
}

impl<T: IntoValue> IntoValue for Box<[T]> {
    fn into_value(self) -> Value {
        self.into_vec().into_value()
    }
}

impl<T: IntoValue + Clone> IntoValue for Arc<[T]> {
    fn into_value(self) -> Value {
        Value::list(self.iter().cloned().map(IntoValue::into_value))
    }
}

fn pairs<K: From<Str>, V: FromValue, M: FromIterator<(K, V)>>(value: &Value) -> Result<M, ConvertError> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match V::from_value(value) {
                Ok(value) => Ok((K::from(key.clone()), value)),
                Err(error) => Err(error.within(PathStep::Field(key.to_string()))),
            })
            .collect(),
        Value::Null => Ok(std::iter::empty().collect()),
        other => Err(ConvertError::expected("object", other).with_help("write { key = value }")),
    }
}

/// A key of a map: `String` has no conversion from shared text of its own.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key(String);

impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Self(text.to_string())
    }
}

impl<V: FromValue> FromValue for BTreeMap<String, V> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let pairs: Vec<(Key, V)> = pairs(value)?;
        Ok(pairs.into_iter().map(|(Key(key), value)| (key, value)).collect())
    }

    fn schema() -> Type {
        Type::Map(Box::new(V::schema()))
    }
}

impl<V: FromValue, S: BuildHasher + Default> FromValue for HashMap<String, V, S> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let pairs: Vec<(Key, V)> = pairs(value)?;
        Ok(pairs.into_iter().map(|(Key(key), value)| (key, value)).collect())
    }

    fn schema() -> Type {
        Type::Map(Box::new(V::schema()))
    }
}

impl<V: FromValue, S: BuildHasher + Default> FromValue for IndexMap<Str, V, S> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        pairs(value)
    }

    fn schema() -> Type {
        Type::Map(Box::new(V::schema()))
    }
}

impl<V: IntoValue> IntoValue for BTreeMap<String, V> {
    fn into_value(self) -> Value {
        Value::object(self.into_iter().map(|(key, value)| (key, value.into_value())))
    }
}

impl<V: IntoValue, S> IntoValue for HashMap<String, V, S> {
    fn into_value(self) -> Value {
        // In order of the keys, so that equal maps are equal values.
        let sorted: BTreeMap<String, V> = self.into_iter().collect();
        sorted.into_value()
    }
}

impl<V: IntoValue, S> IntoValue for IndexMap<Str, V, S> {
    fn into_value(self) -> Value {
        Value::object(self.into_iter().map(|(key, value)| (key, value.into_value())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_way_to_the_wrong_part() {
        let targets = Value::list([
            Value::object([("__address__", Value::string("a:1"))]),
            Value::object([("__address__", Value::list([]))]),
        ]);
        let error = Vec::<BTreeMap<String, String>>::from_value(&targets).unwrap_err();
        let path: String = error.path.iter().map(PathStep::to_string).collect();
        assert_eq!(
            (path.as_str(), error.message.as_str()),
            ("[1].__address__", "expected string, got array")
        );
    }

    #[test]
    fn objects_keep_their_order_only_where_the_type_does() {
        let value = Value::object([("b", Value::Int(1)), ("a", Value::string("2"))]);
        let kept = IndexMap::<Str, u8>::from_value(&value).unwrap();
        assert_eq!(
            kept.iter().map(|(key, n)| (&**key, *n)).collect::<Vec<_>>(),
            [("b", 1), ("a", 2)]
        );
        let sorted: BTreeMap<String, u8> = BTreeMap::from_value(&value).unwrap();
        let hashed: HashMap<String, u8> = HashMap::from_value(&value).unwrap();
        assert_eq!(sorted.into_value(), hashed.into_value());
    }

    #[test]
    fn lists_options_and_bytes() {
        assert_eq!(Option::<u8>::from_value(&Value::Null), Ok(None));
        assert_eq!(Vec::<u8>::from_value(&Value::Null), Ok(Vec::new()));
        let bytes = Value::Bytes(Arc::from(*b"ab"));
        assert_eq!(Box::<[u8]>::from_value(&bytes).unwrap().as_ref(), b"ab");
        assert_eq!(
            Vec::<Option<i8>>::from_value(&Value::list([Value::Null, Value::Int(1)])),
            Ok(vec![None, Some(1)])
        );
        assert!(BTreeMap::<String, Value>::from_value(&bytes).is_err());
    }
}
