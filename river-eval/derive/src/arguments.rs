//! `#[derive(Arguments)]`.

use crate::attributes::{DefaultValue, River, doc, field_name, inside, snake_case};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Field, Fields, Type};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    match &input.data {
        Data::Struct(data) => of_struct(input, &data.fields),
        Data::Enum(data) => of_enum(input, data),
        Data::Union(_) => Err(syn::Error::new_spanned(input, "a union cannot be decoded")),
    }
}

/// How a field is read and described.
struct Part {
    read: TokenStream,
    describe: TokenStream,
}

fn of_struct(input: &DeriveInput, fields: &Fields) -> syn::Result<TokenStream> {
    let Fields::Named(fields) = fields else {
        return Err(syn::Error::new_spanned(
            input,
            "the fields need names: they are the attributes'",
        ));
    };
    let river = River::of(&input.attrs)?;
    let mut reads = Vec::new();
    let mut describes = Vec::new();
    let mut names = Vec::new();
    let mut labelled = false;
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let part = part(field, &mut labelled)?;
        let read = part.read;
        // Every field is read before one that failed ends the struct, so that all mistakes are told.
        reads.push(quote!(let #ident = #read;));
        describes.push(part.describe);
        names.push(ident);
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let validate = river.validate.map(|validate| {
        quote! {
            if reader.mistakes() == before {
                #validate(&value, &mut ::river_eval::Checks::new(reader));
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::river_eval::Arguments for #name #type_generics #where_clause {
            const LABELLED: bool = #labelled;

            fn read(reader: &mut ::river_eval::Reader<'_>) -> ::core::option::Option<Self> {
                let before = reader.mistakes();
                let _ = before;
                #(#reads)*
                let value = Self { #(#names: #names?),* };
                #validate
                ::core::option::Option::Some(value)
            }

            fn describe(schema: &mut ::river_eval::schema::BodySchema) {
                let _ = &schema;
                #(#describes)*
            }
        }
    })
}

fn part(field: &Field, labelled: &mut bool) -> syn::Result<Part> {
    let river = River::of(&field.attrs)?;
    river.check_field(field)?;
    let ty = &field.ty;
    let Some(ident) = &field.ident else {
        return Err(syn::Error::new_spanned(field, "the field needs a name"));
    };
    let name = river
        .name
        .as_ref()
        .map_or_else(|| field_name(ident), syn::LitStr::value);
    let doc = doc(&field.attrs);
    if river.label {
        *labelled = true;
        return Ok(Part {
            read: quote!(reader.label()),
            describe: quote!(),
        });
    }
    if river.squash {
        return Ok(Part {
            read: quote!(<#ty as ::river_eval::Arguments>::read(reader)),
            describe: quote!(<#ty as ::river_eval::Arguments>::describe(schema);),
        });
    }
    if river.alternatives {
        let Some(item) = inside(ty, "Vec") else {
            return Err(syn::Error::new_spanned(ty, "alternatives are kept in a Vec"));
        };
        return Ok(Part {
            read: quote!(reader.alternatives::<#item>()),
            describe: quote!(schema.blocks.extend(<#item as ::river_eval::Alternatives>::blocks());),
        });
    }
    if river.block {
        return Ok(block(&name, ty, &river, &doc));
    }
    Ok(attribute(&name, ty, &river, &doc))
}

fn block(name: &str, ty: &Type, river: &River, doc: &str) -> Part {
    let optional = inside(ty, "Option");
    let repeated = inside(ty, "Vec");
    let (read, item, required) = match (optional, repeated) {
        (Some(item), _) => (quote!(reader.optional_block::<#item>(#name)), item, false),
        (None, Some(item)) => (quote!(reader.repeated_block::<#item>(#name)), item, false),
        (None, None) if river.default.is_some() => (quote!(reader.defaulted_block::<#ty>(#name)), ty, false),
        (None, None) => (quote!(reader.required_block::<#ty>(#name)), ty, true),
    };
    let is_repeated = repeated.is_some();
    let is_experimental = river.experimental.is_some();
    let read = if is_experimental {
        quote!({
            reader.experimental_block(#name);
            #read
        })
    } else {
        read
    };
    let describe = quote! {
        schema.blocks.push(::river_eval::schema::BlockSchema {
            name: #name.into(),
            required: #required,
            repeated: #is_repeated,
            label: <#item as ::river_eval::Arguments>::LABELLED,
            alternative: false,
            experimental: #is_experimental,
            body: ::river_eval::schema::LazyBody::new(<#item as ::river_eval::Arguments>::schema),
            doc: #doc,
        });
    };
    Part { read, describe }
}

fn attribute(name: &str, ty: &Type, river: &River, doc: &str) -> Part {
    let (read, required, default) = match (&river.default, inside(ty, "Option")) {
        (None, Some(item)) => (
            quote!(reader.optional::<::core::option::Option<#item>>(#name).map(::core::option::Option::flatten)),
            false,
            quote!(::core::option::Option::None),
        ),
        (None, None) => (
            quote!(reader.required::<#ty>(#name)),
            true,
            quote!(::core::option::Option::None),
        ),
        (Some(default), _) => {
            let value = match default {
                DefaultValue::OfType => quote!(<#ty as ::core::default::Default>::default()),
                DefaultValue::Of(value) => quote!(#value),
            };
            (
                quote!(reader.defaulted::<#ty>(#name, || #value)),
                false,
                quote!({
                    let value: #ty = #value;
                    ::core::option::Option::Some(::river_eval::IntoValue::into_value(value))
                }),
            )
        }
    };
    let (is_gated, experimental) = match &river.experimental {
        None => (None, quote!(::river_eval::schema::Experimental::No)),
        Some(DefaultValue::OfType) => {
            let unchanged = match &river.default {
                None | Some(DefaultValue::OfType) => quote!(<#ty as ::core::default::Default>::default()),
                Some(DefaultValue::Of(value)) => quote!(#value),
            };
            let is_gated = quote!(|value: &#ty| *value != #unchanged);
            (
                Some(is_gated),
                quote!(::river_eval::schema::Experimental::Changed),
            )
        }
        Some(DefaultValue::Of(value)) => {
            let experimental = quote!({
                let value: #ty = #value;
                ::river_eval::schema::Experimental::Value(::river_eval::IntoValue::into_value(value))
            });
            (Some(quote!(|value: &#ty| *value == #value)), experimental)
        }
    };
    let read = match is_gated {
        None => read,
        Some(is_gated) => quote!({
            let read = #read;
            if read.as_ref().is_some_and(#is_gated) {
                reader.experimental_attribute(#name);
            }
            read
        }),
    };
    let describe = quote! {
        schema.attributes.push(::river_eval::schema::AttributeSchema {
            name: #name,
            ty: <#ty as ::river_eval::FromValue>::schema(),
            required: #required,
            default: #default,
            experimental: #experimental,
            doc: #doc,
        });
    };
    Part { read, describe }
}

fn of_enum(input: &DeriveInput, data: &syn::DataEnum) -> syn::Result<TokenStream> {
    let prefix = River::of(&input.attrs)?
        .prefix
        .map(|prefix| format!("{}.", prefix.value()))
        .unwrap_or_default();
    let mut names = Vec::new();
    let mut reads = Vec::new();
    let mut blocks = Vec::new();
    for variant in &data.variants {
        let river = River::of(&variant.attrs)?;
        let short = river
            .name
            .map_or_else(|| snake_case(&variant.ident.to_string()), |name| name.value());
        let name = format!("{prefix}{short}");
        let doc = doc(&variant.attrs);
        let Fields::Unnamed(fields) = &variant.fields else {
            return Err(syn::Error::new_spanned(
                variant,
                "an alternative holds one struct",
            ));
        };
        let Some(field) = fields.unnamed.first().filter(|_| fields.unnamed.len() == 1) else {
            return Err(syn::Error::new_spanned(
                variant,
                "an alternative holds one struct",
            ));
        };
        let ident = &variant.ident;
        let (ty, read) = match inside(&field.ty, "Box") {
            Some(ty) => (
                ty,
                quote!(<#ty as ::river_eval::Arguments>::read(reader).map(|value| Self::#ident(::std::boxed::Box::new(value)))),
            ),
            None => {
                let ty = &field.ty;
                (
                    ty,
                    quote!(<#ty as ::river_eval::Arguments>::read(reader).map(Self::#ident)),
                )
            }
        };
        reads.push(quote!(#name => #read,));
        blocks.push(quote! {
            ::river_eval::schema::BlockSchema {
                name: #name.into(),
                required: false,
                repeated: true,
                label: <#ty as ::river_eval::Arguments>::LABELLED,
                alternative: true,
                experimental: false,
                body: ::river_eval::schema::LazyBody::new(<#ty as ::river_eval::Arguments>::schema),
                doc: #doc,
            }
        });
        names.push(name);
    }
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::river_eval::Alternatives for #ident {
            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn read_named(name: &str, reader: &mut ::river_eval::Reader<'_>) -> ::core::option::Option<Self> {
                match name {
                    #(#reads)*
                    _ => ::core::option::Option::None,
                }
            }

            fn blocks() -> ::std::vec::Vec<::river_eval::schema::BlockSchema> {
                ::std::vec![#(#blocks),*]
            }
        }
    })
}
