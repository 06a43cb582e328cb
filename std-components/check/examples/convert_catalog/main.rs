//! Makes the text of a catalog from its JSON: `cargo run -p alloy-check --example convert_catalog -- alloy-1.15.0.json > data/1.15.0.catalog`.
//!
//! With `--back` it makes the JSON of a catalog from its text. Both are described in docs/catalog.md.

mod from_json;
mod runs;
mod to_json;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        },
        Err(message) => {
            drop(writeln!(std::io::stderr(), "convert_catalog: {message}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Vec<String>) -> Result<String, String> {
    let (back, path) = match arguments.as_slice() {
        [path] if path != "--back" => (false, path),
        [flag, path] if flag == "--back" => (true, path),
        _ => return Err("give the path of a JSON catalog, or --back and the path of a text".to_owned()),
    };
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    if back {
        let json = to_json::convert(&text)?;
        return serde_json::to_string_pretty(&json).map_err(|error| error.to_string());
    }
    let json = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    from_json::convert(&json)
}
