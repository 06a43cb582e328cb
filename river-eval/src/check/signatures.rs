//! What the functions of the standard library take and give, as types.

use super::types::Ty;
use crate::schema::Type;

/// The types of a function's arguments and of its result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// What it must be given, in order.
    pub(super) required: &'static [Kind],
    /// What it may be given after that.
    pub(super) optional: &'static [Kind],
    /// What all further arguments are, where there may be any number.
    pub(super) rest: Option<Kind>,
    /// What it gives.
    pub(super) gives: Kind,
    /// Whether its result is known when its arguments are.
    pub(super) pure: bool,
}

/// A type in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Text,
    Bool,
    List,
    Texts,
    Objects,
    Secret,
}

impl Kind {
    /// As the catalog writes it.
    pub(super) fn schema(self) -> Type {
        let list = |item| Type::List(Box::new(item));
        match self {
            Kind::Any => Type::Any,
            Kind::Text => Type::String,
            Kind::Bool => Type::Bool,
            Kind::List => list(Type::Any),
            Kind::Texts => list(Type::String),
            Kind::Objects => list(Type::Map(Box::new(Type::Any))),
            Kind::Secret => Type::Secret,
        }
    }

    /// As an inferred type.
    pub(super) fn ty(self) -> Ty {
        Ty::of_schema(&self.schema())
    }
}

const fn takes(required: &'static [Kind], gives: Kind) -> Signature {
    Signature {
        required,
        optional: &[],
        rest: None,
        gives,
        pure: true,
    }
}

const fn and_any(required: &'static [Kind], rest: Kind, gives: Kind) -> Signature {
    Signature {
        rest: Some(rest),
        ..takes(required, gives)
    }
}

/// The signature of a function by its full name, deprecated names included.
pub(super) fn of(name: &str) -> Option<Signature> {
    use Kind::{Any, Bool, List, Objects, Secret, Text, Texts};
    Some(match name {
        "array.combine_maps" => Signature {
            optional: &[Bool],
            ..takes(&[Objects, Objects, Texts], Objects)
        },
        "array.concat" | "concat" => and_any(&[], List, List),
        "array.group_by" => takes(&[Objects, Text, Bool], Objects),
        "coalesce" => and_any(&[], Any, Any),
        "convert.nonsensitive" | "nonsensitive" => takes(&[Secret], Text),
        "encoding.from_URLbase64" | "encoding.from_base64" | "base64_decode" => takes(&[Text], Any),
        "encoding.from_json" | "json_decode" | "encoding.from_yaml" | "yaml_decode" => takes(&[Text], Any),
        "encoding.to_URLbase64" | "encoding.to_base64" => takes(&[Text], Text),
        "encoding.url_decode" | "encoding.url_encode" => takes(&[Text], Text),
        "encoding.to_json" => takes(&[Any], Text),
        "file.path_join" => and_any(&[], Text, Text),
        "json_path" => takes(&[Text, Text], List),
        "string.format" | "format" => and_any(&[Text], Any, Text),
        "string.join" | "join" => takes(&[Texts, Text], Text),
        "string.replace" | "replace" => takes(&[Text, Text, Text], Text),
        "string.split" | "split" => takes(&[Text, Text], Texts),
        "string.to_lower" | "to_lower" | "string.to_upper" | "to_upper" => takes(&[Text], Text),
        "string.trim_space" | "trim_space" => takes(&[Text], Text),
        "string.trim" | "trim" | "string.trim_prefix" | "trim_prefix" | "string.trim_suffix"
        | "trim_suffix" => takes(&[Text, Text], Text),
        "sys.env" | "env" => Signature {
            pure: false,
            ..takes(&[Text], Text)
        },
        _ => return None,
    })
}

impl Signature {
    /// The type of the argument at a position.
    pub(super) fn argument(&self, at: usize) -> Option<Kind> {
        let all = self.required.iter().chain(self.optional);
        all.copied().nth(at).or(self.rest)
    }

    /// How many arguments it takes, as a message says it; `None` where `given` is right.
    pub(super) fn count_mistake(&self, given: usize) -> Option<String> {
        let least = self.required.len();
        let most = least + self.optional.len();
        if given >= least && (self.rest.is_some() || given <= most) {
            return None;
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        Some(match (self.rest, most > least) {
            (Some(_), _) => format!("at least {least} argument{}", plural(least)),
            (None, true) => format!("{least} to {most} arguments"),
            (None, false) => format!("{least} argument{}", plural(least)),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::stdlib;

    #[test]
    fn every_function_has_a_signature_with_as_many_arguments_as_it_is_documented_with() {
        for info in stdlib::functions() {
            let signature = super::of(info.name).unwrap_or_else(|| panic!("{} has none", info.name));
            let (_, arguments) = info.signature.split_once('(').unwrap();
            let arguments: Vec<&str> = arguments.trim_end_matches(')').split(", ").collect();
            let rest = arguments
                .iter()
                .filter(|argument| argument.ends_with("..."))
                .count();
            let optional = arguments
                .iter()
                .filter(|argument| argument.ends_with('?'))
                .count();
            assert_eq!(signature.rest.is_some(), rest == 1, "{}", info.name);
            assert_eq!(signature.optional.len(), optional, "{}", info.name);
            assert_eq!(
                signature.required.len(),
                arguments.len() - rest - optional,
                "{}",
                info.name
            );
        }
    }
}
