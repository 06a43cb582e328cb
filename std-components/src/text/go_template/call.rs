//! The functions that templates can call here: Go's own, the pipeline's and those of sprig that log pipelines use.

mod lists;
mod maps;
mod numbers;
mod paths;
mod random;
mod texts;
mod times;
mod versions;
mod words;

use super::value::Value;
use bytestring::ByteString;

/// A function with how many arguments it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    run: Run,
}

type Run = fn(&Arguments<'_>) -> Result<Value, String>;

/// What a function is called with.
pub(super) struct Arguments<'a>(&'a [Value]);

impl Arguments<'_> {
    fn get(&self, at: usize) -> &Value {
        self.0.get(at).unwrap_or(&Value::Nil)
    }

    fn all(&self) -> &[Value] {
        self.0
    }

    /// The last one: where the value itself stands, as it may be piped.
    fn last(&self) -> &Value {
        self.0.last().unwrap_or(&Value::Nil)
    }

    /// An argument that has to be a text.
    fn text(&self, at: usize) -> Result<&ByteString, String> {
        match self.get(at) {
            Value::Text(text) => Ok(text),
            Value::Nil => Err("invalid value; expected string".to_owned()),
            other => Err(format!("expected string, got {}", other.type_name())),
        }
    }

    /// An argument that has to be a whole number.
    fn int(&self, at: usize) -> Result<i64, String> {
        match self.get(at) {
            Value::Int(value) => Ok(*value),
            other => Err(format!("expected int, got {}", other.type_name())),
        }
    }

    /// An argument that has to be a list.
    fn list(&self, at: usize) -> Result<&[Value], String> {
        match self.get(at) {
            Value::List(items) => Ok(items),
            other => Err(format!("expected a list, got {}", other.type_name())),
        }
    }
}

/// Without an upper bound on the number of arguments.
const ANY: usize = usize::MAX;

const fn function(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function {
        name,
        least,
        most,
        run,
    }
}

/// All functions, by subject.
const ALL: [&[Function]; 9] = [
    texts::ALL,
    numbers::ALL,
    lists::ALL,
    maps::ALL,
    random::ALL,
    versions::ALL,
    words::ALL,
    paths::ALL,
    times::ALL,
];

/// The function of a name.
pub(super) fn find(name: &str) -> Option<Function> {
    let of = |name: &str| ALL.into_iter().flatten().find(|function| function.name == name);
    // `mustFirst` is `first`: what the ones panic at the others fail at, and both end the template.
    let plain = || {
        let mut chars = name.strip_prefix("must")?.chars();
        let first = chars.next()?.to_ascii_lowercase();
        of(&format!("{first}{}", chars.as_str()))
    };
    of(name).or_else(plain).copied()
}

/// What to do about a function that is not here.
pub(super) fn instead_of(name: &str) -> &'static str {
    match name {
        "call" => "the values of a log line are texts: there is no function among them to call",
        "bcrypt" | "htpasswd" | "derivePassword" | "encryptAES" | "decryptAES" => {
            "passwords and ciphers are not for log lines: hide a value with `Sha2Hash \"salt\" .Value`"
        }
        "getHostByName" => "a template asks no servers: look names up where the logs are read",
        _ => "use another function, or other stages",
    }
}

/// Calls a function with as many arguments as it takes.
pub(super) fn run(function: Function, arguments: &[Value]) -> Result<Value, String> {
    (function.run)(&Arguments(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_functions_are_known_to_the_checks() {
        for function in ALL.into_iter().flatten() {
            let is_known = super::super::is_known(function.name)
                || super::super::functions::BUILT_IN.contains(&function.name);
            assert!(is_known, "{}", function.name);
        }
    }
}
