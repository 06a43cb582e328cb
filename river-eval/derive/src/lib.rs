//! Derive macros of `river-eval`: `Arguments`, `Exports` and `TextEnum`. Their attribute syntax is told in `docs/components/writing.md`.

mod arguments;
mod attributes;
mod exports;
mod text_enum;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct decodable from a block's body, or an enum from alternative blocks, and yields its schema.
#[proc_macro_derive(Arguments, attributes(river))]
pub fn arguments(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    arguments::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a struct's fields an exported object and yields its schema.
#[proc_macro_derive(Exports, attributes(river))]
pub fn exports(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    exports::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a plain enum a string of a closed set of words.
#[proc_macro_derive(TextEnum, attributes(river))]
pub fn text_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    text_enum::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
