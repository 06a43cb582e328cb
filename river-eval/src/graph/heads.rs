//! Mistakes in the head of a block: its name, its label, where it stands.

use super::{BlockSpec, Blocks, Graph, Node, NodeKind, Sort, names};
use crate::codes::graph as codes;
use crate::eval::Stability;
use crate::ir;
use crate::suggest::nearest;
use river_syntax::{Diagnostic, Edit, Fix, Span};

/// A block's name and label.
pub(crate) fn head(block: &ir::Block) -> Span {
    match &block.label {
        Some((_, label)) => block.name_span.to(*label),
        None => block.name_span,
    }
}

/// An attribute where only blocks belong.
pub(crate) fn top_level_attribute(attribute: &ir::Attribute) -> Diagnostic {
    let name = &attribute.name;
    let diagnostic = Diagnostic::error(
        &codes::TOP_LEVEL_ATTRIBUTE,
        attribute.name_span,
        format!("attribute {name:?} stands outside of any block"),
    );
    match name.as_ref() {
        "level" | "format" | "write_to" => diagnostic.with_help(format!(
            "it belongs into a logging block: logging {{ {name} = … }}"
        )),
        _ => diagnostic.with_help("here stand blocks only; put it into the block that it belongs to"),
    }
}

/// An attribute in the text of a module, whose words the reference chose.
pub(super) fn module_attribute(attribute: &ir::Attribute) -> Diagnostic {
    Diagnostic::error(
        &codes::TOP_LEVEL_ATTRIBUTE,
        attribute.name_span,
        format!("unrecognized attribute name {:?}", attribute.name),
    )
    .with_help("a module holds blocks only; what it is given is declared by argument blocks")
}

pub(super) fn unknown_component(graph: &Graph, block: &ir::Block, blocks: &dyn Blocks) -> Diagnostic {
    no_definition(
        block,
        nearest(&block.name, names::known(graph, blocks)),
        "docs/components lists the components that this agent has",
    )
}

/// A block whose name nothing defines: the name that was probably meant, or else where the names stand.
pub(crate) fn no_definition(
    block: &ir::Block,
    near: Option<&str>,
    otherwise: impl Into<String>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_COMPONENT,
        block.name_span,
        format!("cannot find the definition of component name {:?}", block.name),
    );
    let Some(near) = near else {
        return diagnostic.with_help(otherwise);
    };
    diagnostic
        .with_help(format!("did you mean {near}?"))
        .with_fix(Fix {
            title: format!("write {near}"),
            edits: vec![Edit {
                span: block.name_span,
                replacement: near.to_owned(),
            }],
            safe: false,
        })
}

pub(crate) fn missing_label(block: &ir::Block, what: &str) -> Diagnostic {
    let name = &block.name;
    Diagnostic::error(
        &codes::MISSING_LABEL,
        block.name_span,
        format!("{what} {name:?} must have a label"),
    )
    .with_help(format!("write one in double quotes: {name} \"default\" {{"))
}

pub(crate) fn unexpected_label(block: &ir::Block, label: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        &codes::UNEXPECTED_LABEL,
        label,
        format!("{what} {:?} does not take a label", block.name),
    )
    .with_help("take the label away")
}

/// What is wrong with the head of a block that the host knows.
pub(super) fn check_head(
    block: &ir::Block,
    spec: BlockSpec,
    allowed: Stability,
    sort: &Sort,
) -> Option<Diagnostic> {
    let name = &block.name;
    let what = match spec.kind {
        NodeKind::Config | NodeKind::Import => "block",
        _ => "component",
    };
    match &block.label {
        _ if spec.kind == NodeKind::Config && !matches!(sort, Sort::Root) => Some(
            Diagnostic::error(
                &codes::MISPLACED_BLOCK,
                block.name_span,
                format!("{name} block not allowed inside a module"),
            )
            .with_help(
                "it sets something of the whole process: move it to the top level of the configuration",
            ),
        ),
        None if spec.labelled => Some(missing_label(block, what)),
        Some((_, span)) if !spec.labelled => Some(unexpected_label(block, *span, what)),
        _ => below_stability(block, what, spec.stability, allowed),
    }
}

/// What is wrong with the head of a block of the language itself.
pub(super) fn check_own(
    block: &ir::Block,
    kind: NodeKind,
    allowed: Stability,
    sort: &Sort,
) -> Option<Diagnostic> {
    let name = &block.name;
    if matches!(kind, NodeKind::Argument | NodeKind::Export) && !matches!(sort, Sort::Declare) {
        let diagnostic = match sort {
            Sort::Template { .. } => Diagnostic::error(
                &codes::MISPLACED_BLOCK,
                block.name_span,
                format!("{name} blocks are not allowed in the template of a foreach"),
            )
            .with_help("a template holds components, and declare, import and foreach blocks; it sees what is outside of the foreach"),
            _ => Diagnostic::error(
                &codes::MISPLACED_BLOCK,
                block.name_span,
                format!("{name} blocks only allowed inside a module"),
            )
            .with_help("put it into the declare block of the custom component that it belongs to"),
        };
        return Some(diagnostic);
    }
    if block.label.is_none() {
        return Some(missing_label(block, "block"));
    }
    if kind == NodeKind::Foreach {
        return below_stability(block, "config block", Stability::Experimental, allowed)
            .or_else(|| template(block));
    }
    None
}

/// A foreach has one template, and no other block.
fn template(block: &ir::Block) -> Option<Diagnostic> {
    let mut found: Option<&ir::Block> = None;
    for statement in &block.body.statements {
        let ir::Statement::Block(inner) = statement else {
            continue;
        };
        if *inner.name != *"template" {
            return Some(
                Diagnostic::error(
                    &codes::FOREACH_TEMPLATE,
                    inner.name_span,
                    format!("unrecognized block name {:?}", inner.name),
                )
                .with_help("the components of a foreach stand in its template block"),
            );
        }
        if let Some(first) = found {
            return Some(
                Diagnostic::error(
                    &codes::FOREACH_TEMPLATE,
                    inner.name_span,
                    "block \"template\" may only be provided once",
                )
                .with_secondary(first.name_span, "the first one is here")
                .with_help("join the two"),
            );
        }
        found = Some(inner);
    }
    if found.is_some() {
        return None;
    }
    Some(
        Diagnostic::error(
            &codes::FOREACH_TEMPLATE,
            head(block),
            "the block template is missing in the foreach block",
        )
        .with_help("add template { … } with the components that every item gets"),
    )
}

pub(crate) fn below_stability(
    block: &ir::Block,
    what: &str,
    stability: Stability,
    allowed: Stability,
) -> Option<Diagnostic> {
    let name = &block.name;
    (stability < allowed).then(|| {
        Diagnostic::error(
            &codes::BELOW_STABILITY,
            block.name_span,
            format!(
                "{what} {name:?} is at stability level \"{stability}\", which is below the minimum allowed stability level \"{allowed}\". \
                 Use --stability.level command-line flag to enable \"{stability}\" features"
            ),
        )
        .with_help(format!("--stability.level={stability} allows it"))
    })
}

pub(super) fn duplicate(block: &ir::Block, id: &str, first: &Node) -> Diagnostic {
    match first.kind {
        NodeKind::Component | NodeKind::Custom => declared_twice("component", block, id, &first.block),
        NodeKind::Config => given_twice(block, id, &first.block),
        _ => declared_twice("block", block, id, &first.block),
    }
}

/// Two blocks of one name and label.
pub(crate) fn declared_twice(what: &str, block: &ir::Block, id: &str, first: &ir::Block) -> Diagnostic {
    Diagnostic::error(
        &codes::DUPLICATE_BLOCK,
        head(block),
        format!("{what} {id:?} is already declared"),
    )
    .with_help("give one of them another label")
    .with_secondary(head(first), "declared here first")
}

/// Two blocks of which there may be one.
pub(crate) fn given_twice(block: &ir::Block, id: &str, first: &ir::Block) -> Diagnostic {
    Diagnostic::error(
        &codes::CONFIG_BLOCK_TWICE,
        head(block),
        format!("block {id:?} is given twice"),
    )
    .with_help("join the two blocks")
    .with_secondary(head(first), "declared here first")
}

/// What a library may not hold.
pub(super) fn not_importable(block: &ir::Block) -> Diagnostic {
    Diagnostic::error(
        &codes::IMPORTED_BLOCK,
        block.name_span,
        format!(
            "only declare and import blocks are allowed in a module, got {}",
            block.name
        ),
    )
    .with_help(
        "put components into the declare block of a custom component, and use that where it is imported",
    )
}
