//! Types as people read them, and which value fits where.

use river_eval::schema::{AttributeSchema, Type};

/// A type, `list(capsule("loki.LogsReceiver"))`.
pub(crate) fn show(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Secret => "secret".to_owned(),
        Type::OptionalSecret => "string or secret".to_owned(),
        Type::Any => "any".to_owned(),
        Type::Function => "function".to_owned(),
        Type::Number(name) => (*name).to_owned(),
        Type::List(item) => format!("list({})", show(item)),
        Type::Map(value) => format!("map({})", show(value)),
        Type::Object(body) => {
            let fields: Vec<String> = body
                .attributes
                .iter()
                .map(|field| format!("{}: {}", field.name, show(&field.ty)))
                .collect();
            format!("object({})", fields.join(", "))
        }
        Type::Capsule(name) => format!("capsule({name:?})"),
        Type::Text { name, words: [] } => (*name).to_owned(),
        Type::Text { words, .. } => {
            let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            words.join(" | ")
        }
    }
}

/// An attribute as its schema has it: `url: string, required`.
pub(crate) fn attribute(schema: &AttributeSchema) -> String {
    let mut text = format!("{}: {}", schema.name, show(&schema.ty));
    match &schema.default {
        _ if schema.required => text.push_str(", required"),
        Some(default) => {
            text.push_str(", default ");
            text.push_str(&river_eval::show::text(default));
        }
        None => {}
    }
    text
}

/// How well a value fits a place, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Its type is the one that is wanted.
    Same,
    /// Its type is that of an item of the list that is wanted.
    Item,
    /// It is converted, or nothing is known of it.
    Perhaps,
    /// It does not.
    No,
}

/// How well a value of one type fits where another one is wanted; `None` where nothing is known.
pub(crate) fn fit(wanted: Option<&Type>, given: Option<&Type>) -> Fit {
    let (Some(wanted), Some(given)) = (wanted, given) else {
        // Of capsules everything is known: what is none is none.
        return match wanted.or(given) {
            Some(ty) if given.is_some() && holds_capsule(ty) && wanted.is_some() => Fit::No,
            _ => Fit::Perhaps,
        };
    };
    match (wanted, given) {
        (Type::Any, _) | (_, Type::Any) => Fit::Perhaps,
        (Type::Capsule(wanted), Type::Capsule(given)) if wanted == given => Fit::Same,
        (Type::Capsule(_), _) | (_, Type::Capsule(_)) if !matches!(wanted, Type::List(_)) => Fit::No,
        (Type::List(wanted), Type::List(given)) => fit(Some(wanted), Some(given)),
        (Type::List(item), given) => match fit(Some(item), Some(given)) {
            Fit::Same => Fit::Item,
            _ => Fit::No,
        },
        (Type::Map(wanted), Type::Map(given)) => fit(Some(wanted), Some(given)),
        (Type::Map(_), Type::Object(_)) | (Type::Object(_), Type::Map(_)) => Fit::Perhaps,
        (Type::Object(_), Type::Object(_)) => Fit::Same,
        (Type::Secret | Type::OptionalSecret, given) if is_text(given) => Fit::Same,
        (Type::Number(_), Type::Number(_)) | (Type::Bool, Type::Bool) => Fit::Same,
        (wanted, Type::Secret) if is_text(wanted) => Fit::No,
        (wanted, given) if is_text(wanted) && is_text(given) => Fit::Same,
        (wanted, Type::Number(_)) if is_text(wanted) => Fit::Perhaps,
        (Type::Number(_), given) if is_text(given) => Fit::Perhaps,
        (Type::Function, Type::Function) => Fit::Same,
        _ => Fit::No,
    }
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::String | Type::Duration | Type::Text { .. } | Type::Secret | Type::OptionalSecret
    )
}

/// Whether values of a type are, or hold, capsules.
pub(crate) fn holds_capsule(ty: &Type) -> bool {
    match ty {
        Type::Capsule(_) => true,
        Type::List(item) => holds_capsule(item),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_receivers_of_the_right_capsule_fit() {
        let receivers = Type::List(Box::new(Type::Capsule("LogsReceiver")));
        let fits = |given: &Type| fit(Some(&receivers), Some(given));
        assert_eq!(fits(&Type::Capsule("LogsReceiver")), Fit::Item);
        assert_eq!(fits(&Type::Capsule("storage.Appendable")), Fit::No);
        assert_eq!(fits(&Type::String), Fit::No);
        assert_eq!(fits(&receivers), Fit::Same);
        assert_eq!(fit(Some(&Type::String), Some(&Type::Secret)), Fit::No);
        assert_eq!(fit(Some(&Type::Secret), Some(&Type::String)), Fit::Same);
        assert_eq!(fit(None, Some(&Type::Secret)), Fit::Perhaps);
        assert_eq!(fit(Some(&Type::String), None), Fit::Perhaps);
    }
}
