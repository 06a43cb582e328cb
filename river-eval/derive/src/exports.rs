//! `#[derive(Exports)]`.

use crate::attributes::{River, doc, field_name};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(input, "only a struct can be exported"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new_spanned(
            input,
            "the fields need names: they are the exports'",
        ));
    };
    let mut values = Vec::new();
    let mut describes = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let river = River::of(&field.attrs)?;
        let name = river.name.map_or_else(|| field_name(ident), |name| name.value());
        let ty = &field.ty;
        let doc = doc(&field.attrs);
        values.push(
            quote!((#name, ::river_eval::IntoValue::into_value(::core::clone::Clone::clone(&self.#ident)))),
        );
        describes.push(quote! {
            ::river_eval::schema::AttributeSchema {
                name: #name,
                ty: <#ty as ::river_eval::FromValue>::schema(),
                required: true,
                default: ::core::option::Option::None,
                experimental: ::river_eval::schema::Experimental::No,
                doc: #doc,
            }
        });
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::river_eval::Exports for #name #type_generics #where_clause {
            fn to_value(&self) -> ::river_eval::Value {
                ::river_eval::Value::object([#(#values),*])
            }

            fn schema() -> ::river_eval::schema::BodySchema {
                ::river_eval::schema::BodySchema { attributes: ::std::vec![#(#describes),*], blocks: ::std::vec::Vec::new() }
            }
        }
    })
}
