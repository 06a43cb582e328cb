//! `#[derive(TextEnum)]`.

use crate::attributes::{River, snake_case};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new_spanned(
            input,
            "only an enum is a closed set of words",
        ));
    };
    let text = River::of(&input.attrs)?
        .text
        .map_or_else(|| snake_case(&input.ident.to_string()), |text| text.value());
    let mut words = Vec::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(syn::Error::new_spanned(variant, "a word holds nothing"));
        }
        let river = River::of(&variant.attrs)?;
        words.push(
            river
                .name
                .map_or_else(|| snake_case(&variant.ident.to_string()), |name| name.value()),
        );
        variants.push(&variant.ident);
    }
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #name {
            /// The words, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[#(#words),*];

            /// The word of this variant.
            pub fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#variants => #words,)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[automatically_derived]
        impl ::river_eval::FromValue for #name {
            fn from_value(value: &::river_eval::Value) -> ::core::result::Result<Self, ::river_eval::ConvertError> {
                let text = <::river_eval::Str as ::river_eval::FromValue>::from_value(value)?;
                match &*text {
                    #(#words => ::core::result::Result::Ok(Self::#variants),)*
                    other => ::core::result::Result::Err(::river_eval::ConvertError::unknown_word(#text, other, Self::WORDS)),
                }
            }

            fn schema() -> ::river_eval::schema::Type {
                ::river_eval::schema::Type::Text { name: #text, words: Self::WORDS }
            }
        }

        #[automatically_derived]
        impl ::river_eval::IntoValue for #name {
            fn into_value(self) -> ::river_eval::Value {
                ::river_eval::Value::string(self.as_str())
            }
        }
    })
}
