//! What `#[river(…)]` says on a struct, an enum, a field or a variant.

use syn::{Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Type};

/// A field's default.
pub(crate) enum DefaultValue {
    /// `#[river(default)]`: the type's own.
    OfType,
    /// `#[river(default = …)]`.
    Of(Box<Expr>),
}

/// Everything that `#[river(…)]` may say.
#[derive(Default)]
pub(crate) struct River {
    pub(crate) name: Option<LitStr>,
    pub(crate) block: bool,
    pub(crate) label: bool,
    pub(crate) squash: bool,
    pub(crate) alternatives: bool,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) validate: Option<ExprPath>,
    pub(crate) prefix: Option<LitStr>,
    pub(crate) text: Option<LitStr>,
    /// `#[river(experimental)]`: all but the default; `#[river(experimental = …)]`: this value.
    pub(crate) experimental: Option<DefaultValue>,
}

impl River {
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut river = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("river"))
        {
            attribute.parse_nested_meta(|meta| {
                let Some(word) = meta.path.get_ident().map(Ident::to_string) else {
                    return Err(meta.error("expected a word"));
                };
                match word.as_str() {
                    "name" => river.name = Some(meta.value()?.parse()?),
                    "prefix" => river.prefix = Some(meta.value()?.parse()?),
                    "text" => river.text = Some(meta.value()?.parse()?),
                    "validate" => river.validate = Some(meta.value()?.parse()?),
                    "block" => river.block = true,
                    "label" => river.label = true,
                    "squash" => river.squash = true,
                    "alternatives" => river.alternatives = true,
                    "experimental" => {
                        river.experimental = Some(match meta.value() {
                            Ok(value) => DefaultValue::Of(value.parse()?),
                            Err(_) => DefaultValue::OfType,
                        });
                    }
                    "default" => {
                        river.default = Some(match meta.value() {
                            Ok(value) => DefaultValue::Of(value.parse()?),
                            Err(_) => DefaultValue::OfType,
                        });
                    }
                    _ => {
                        return Err(meta.error(
                            "expected name, prefix, text, validate, block, label, squash, alternatives, default or experimental",
                        ));
                    }
                }
                Ok(())
            })?;
        }
        Ok(river)
    }

    /// Refuses words that mean nothing together on a field.
    pub(crate) fn check_field(&self, field: &syn::Field) -> syn::Result<()> {
        let kinds = [self.block, self.label, self.squash, self.alternatives];
        let error = |message| Err(syn::Error::new_spanned(field, message));
        if kinds.into_iter().filter(|&kind| kind).count() > 1 {
            return error("a field is one of block, label, squash and alternatives");
        }
        if self.default.is_some() && (self.label || self.squash || self.alternatives) {
            return error("only attributes and blocks have defaults");
        }
        if self.block && matches!(self.default, Some(DefaultValue::Of(_))) {
            return error(
                "a block's default is what an empty one decodes to: write `default` without a value",
            );
        }
        if self.block
            && self.default.is_some()
            && (inside(&field.ty, "Option").is_some() || inside(&field.ty, "Vec").is_some())
        {
            return error("an optional or repeated block needs no default");
        }
        if self.experimental.is_some() && (self.label || self.squash || self.alternatives) {
            return error("only attributes and blocks are experimental");
        }
        if self.experimental.is_some() && self.block && inside(&field.ty, "Option").is_none() {
            return error("an experimental block is optional; mark the attributes of others");
        }
        if self.validate.is_some() || self.prefix.is_some() || self.text.is_some() {
            return error("validate, prefix and text belong on a type");
        }
        Ok(())
    }
}

/// The text of the doc comments, a line each.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(
            |attribute| match &attribute.meta.require_name_value().ok()?.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text), ..
                }) => Some(text.value().trim().to_owned()),
                _ => None,
            },
        )
        .collect();
    lines.join("\n").trim().to_owned()
}

/// The type inside `Option<…>`, `Vec<…>` or `Box<…>`.
pub(crate) fn inside<'t>(ty: &'t Type, outer: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != outer {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// A field's name as configurations write it: `r#type` is `type`.
pub(crate) fn field_name(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// `LabelDrop` as `label_drop`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
