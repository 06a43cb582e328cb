//! The blocks that belong to the language itself, described as a catalog describes components.

use crate::eval::Stability;
use crate::schema::{
    AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Experimental, LazyBody, Type,
};
use crate::value::Value;
use std::sync::{Arc, LazyLock};

/// The names of the blocks of the language, sorted.
pub const LANGUAGE_BLOCKS: &[&str] = &["argument", "declare", "export", "foreach", "template"];

fn attribute(
    name: &'static str,
    ty: Type,
    required: bool,
    default: Option<Value>,
    doc: &'static str,
) -> AttributeSchema {
    AttributeSchema {
        name,
        ty,
        required,
        experimental: Experimental::No,
        default,
        doc,
    }
}

fn block(
    name: &'static str,
    labelled: bool,
    stability: Stability,
    attributes: Vec<AttributeSchema>,
    doc: &'static str,
) -> Arc<ComponentSchema> {
    Arc::new(ComponentSchema {
        name,
        labelled,
        stability,
        community: false,
        arguments: BodySchema {
            attributes,
            blocks: Vec::new(),
        },
        exports: Vec::new(),
        doc,
    })
}

static BLOCKS: LazyLock<[Arc<ComponentSchema>; 5]> = LazyLock::new(|| {
    let stable = Stability::GenerallyAvailable;
    let mut foreach = ComponentSchema::clone(&block(
        "foreach",
        true,
        Stability::Experimental,
        vec![
            attribute(
                "collection",
                Type::List(Box::new(Type::Any)),
                true,
                None,
                "The items.",
            ),
            attribute(
                "var",
                Type::String,
                true,
                None,
                "The name of the item inside of the template.",
            ),
            attribute(
                "id",
                Type::String,
                false,
                Some(Value::string("")),
                "The field of an item that tells it from others.",
            ),
            attribute(
                "enable_metrics",
                Type::Bool,
                false,
                Some(Value::Bool(false)),
                "Whether the template's components are measured.",
            ),
        ],
        "Runs the components of its template once for each item of a collection.",
    ));
    foreach.arguments.blocks.push(BlockSchema {
        name: "template".to_owned(),
        required: true,
        repeated: false,
        label: false,
        alternative: false,
        experimental: false,
        body: LazyBody::new(BodySchema::default),
        doc: "The components that run for each item.",
    });
    [
        block(
            "argument",
            true,
            stable,
            vec![
                attribute(
                    "optional",
                    Type::Bool,
                    false,
                    Some(Value::Bool(false)),
                    "Whether it may be left out.",
                ),
                attribute(
                    "comment",
                    Type::String,
                    false,
                    Some(Value::string("")),
                    "What it is for.",
                ),
                attribute(
                    "default",
                    Type::Any,
                    false,
                    Some(Value::Null),
                    "What it is when it is left out.",
                ),
            ],
            "An argument of the custom component that the `declare` around it defines: `argument.NAME.value`.",
        ),
        block("declare", true, stable, Vec::new(), "Defines a custom component."),
        block(
            "export",
            true,
            stable,
            vec![
                attribute("value", Type::Any, true, None, "The exported value."),
                attribute(
                    "optional",
                    Type::Bool,
                    false,
                    Some(Value::Bool(false)),
                    "Accepted, and of no effect.",
                ),
                attribute(
                    "comment",
                    Type::String,
                    false,
                    Some(Value::string("")),
                    "What it is for.",
                ),
            ],
            "An export of the custom component that the `declare` around it defines.",
        ),
        Arc::new(foreach),
        block(
            "template",
            false,
            Stability::Experimental,
            Vec::new(),
            "The components that `foreach` runs for each item.",
        ),
    ]
});

/// A block of the language by its name.
pub fn language_block(name: &str) -> Option<Arc<ComponentSchema>> {
    BLOCKS.iter().find(|block| block.name == name).cloned()
}
