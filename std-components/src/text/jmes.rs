//! JMESPath (<https://jmespath.org/specification.html>) on the `jmespath` crate, with those functions of the community's edition that work on texts
//! and pairs, which the reference has too: `split`, `replace`, `trim`, `lower`, `items` and their kin.

use jmespath::ast::Ast;
use jmespath::functions::Function;
use jmespath::{Context, ErrorReason, Expression, JmespathError, Rcvar, Runtime, Variable};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Bytes of a padded text at the most.
const MAX_WIDTH: usize = 1 << 20;

type Run = fn(&[Rcvar]) -> Result<Variable, &'static str>;

/// Name, arguments at the least and at the most.
const MORE: &[(&str, usize, usize, Run)] = &[
    ("lower", 1, 1, |all| {
        Ok(Variable::String(text(all, 0)?.to_lowercase()))
    }),
    ("upper", 1, 1, |all| {
        Ok(Variable::String(text(all, 0)?.to_uppercase()))
    }),
    ("trim", 1, 2, |all| {
        let set = cut_set(all)?;
        Ok(Variable::String(text(all, 0)?.trim_matches(set).to_owned()))
    }),
    ("trim_left", 1, 2, |all| {
        let set = cut_set(all)?;
        Ok(Variable::String(text(all, 0)?.trim_start_matches(set).to_owned()))
    }),
    ("trim_right", 1, 2, |all| {
        let set = cut_set(all)?;
        Ok(Variable::String(text(all, 0)?.trim_end_matches(set).to_owned()))
    }),
    ("split", 2, 3, |all| {
        let (whole, by) = (text(all, 0)?, text(all, 1)?);
        let most = match all.get(2) {
            Some(_) => count(all, 2)?.saturating_add(1),
            None => usize::MAX,
        };
        let part = |part: String| Rcvar::new(Variable::String(part));
        Ok(Variable::Array(if whole.is_empty() {
            Vec::new()
        } else if by.is_empty() {
            // Each character by itself, and the rest with the last.
            let mut parts: Vec<String> = whole.chars().take(most - 1).map(String::from).collect();
            let rest: String = whole.chars().skip(parts.len()).collect();
            if !rest.is_empty() {
                parts.push(rest);
            }
            parts.into_iter().map(part).collect()
        } else {
            whole.splitn(most, by).map(str::to_owned).map(part).collect()
        }))
    }),
    ("replace", 3, 4, |all| {
        let (whole, old, new) = (text(all, 0)?, text(all, 1)?, text(all, 2)?);
        Ok(Variable::String(match all.get(3) {
            Some(_) => whole.replacen(old, new, count(all, 3)?),
            None => whole.replace(old, new),
        }))
    }),
    ("find_first", 2, 4, |all| {
        find(all, |within, what| within.find(what))
    }),
    ("find_last", 2, 4, |all| {
        find(all, |within, what| within.rfind(what))
    }),
    ("pad_left", 2, 3, |all| {
        let (whole, padding) = padding(all)?;
        Ok(Variable::String(padding + whole))
    }),
    ("pad_right", 2, 3, |all| {
        let (whole, padding) = padding(all)?;
        Ok(Variable::String(whole.to_owned() + &padding))
    }),
    ("items", 1, 1, |all| {
        let pairs = all
            .first()
            .and_then(|value| value.as_object())
            .ok_or("an object expected")?;
        let pair = |(name, value): (&String, &Rcvar)| {
            let name = Rcvar::new(Variable::String(name.clone()));
            Rcvar::new(Variable::Array(vec![name, value.clone()]))
        };
        Ok(Variable::Array(pairs.iter().map(pair).collect()))
    }),
    ("from_items", 1, 1, |all| {
        let mut out = BTreeMap::new();
        for pair in list(all, 0)? {
            match pair.as_array().map(Vec::as_slice) {
                Some([name, value]) => {
                    let name = name.as_string().ok_or("a name has to be a string")?;
                    out.insert(name.clone(), value.clone());
                }
                _ => return Err("a list of pairs expected"),
            }
        }
        Ok(Variable::Object(out))
    }),
    ("zip", 1, usize::MAX, |all| {
        let lists = (0..all.len())
            .map(|at| list(all, at))
            .collect::<Result<Vec<_>, _>>()?;
        let shortest = lists.iter().map(|list| list.len()).min().unwrap_or(0);
        let row = |at: usize| {
            let row = lists.iter().filter_map(|list| list.get(at).cloned());
            Rcvar::new(Variable::Array(row.collect()))
        };
        Ok(Variable::Array((0..shortest).map(row).collect()))
    }),
];

fn text(all: &[Rcvar], at: usize) -> Result<&str, &'static str> {
    let text = all.get(at).and_then(|value| value.as_string());
    text.map(String::as_str).ok_or("a string expected")
}

fn list(all: &[Rcvar], at: usize) -> Result<&Vec<Rcvar>, &'static str> {
    all.get(at)
        .and_then(|value| value.as_array())
        .ok_or("an array expected")
}

fn whole(all: &[Rcvar], at: usize) -> Result<i64, &'static str> {
    let number = all.get(at).and_then(|value| value.as_number());
    number
        .filter(|number| number.fract() == 0.0)
        .map(|number| number as i64)
        .ok_or("a whole number expected")
}

fn count(all: &[Rcvar], at: usize) -> Result<usize, &'static str> {
    usize::try_from(whole(all, at)?).map_err(|_| "a number from 0 on expected")
}

fn cut_set(all: &[Rcvar]) -> Result<impl Fn(char) -> bool + Copy + '_, &'static str> {
    let set = match all.get(1) {
        Some(_) => text(all, 1)?,
        None => "",
    };
    Ok(move |c: char| {
        if set.is_empty() {
            c.is_whitespace()
        } else {
            set.contains(c)
        }
    })
}

/// The text, and what is missing to a width, in characters.
fn padding(all: &[Rcvar]) -> Result<(&str, String), &'static str> {
    let whole = text(all, 0)?;
    let with = match all.get(2) {
        Some(_) => text(all, 2)?,
        None => " ",
    };
    let mut chars = with.chars();
    let (Some(with), None) = (chars.next(), chars.next()) else {
        return Err("one character to pad with expected");
    };
    let width = count(all, 1)?.min(MAX_WIDTH);
    let missing = width.saturating_sub(whole.chars().count());
    Ok((whole, std::iter::repeat_n(with, missing).collect()))
}

/// Where a text stands in another, in characters; null where it does not.
fn find(all: &[Rcvar], find: fn(&str, &str) -> Option<usize>) -> Result<Variable, &'static str> {
    let (within, what) = (text(all, 0)?, text(all, 1)?);
    let length = within.chars().count();
    let at = |at: usize, other: usize| {
        all.get(at).map_or(Ok::<usize, &str>(other), |_| {
            let at = whole(all, at)?;
            let from_end = i64::try_from(length)
                .unwrap_or(i64::MAX)
                .saturating_add(at)
                .max(0);
            Ok(usize::try_from(if at < 0 { from_end } else { at })
                .unwrap_or(0)
                .min(length))
        })
    };
    let (from, to) = (at(2, 0)?, at(3, length)?);
    if what.is_empty() || from >= to {
        return Ok(Variable::Null);
    }
    let byte = |at: usize| {
        within
            .char_indices()
            .nth(at)
            .map_or(within.len(), |(byte, _)| byte)
    };
    let part = within.get(byte(from)..byte(to)).unwrap_or("");
    let found = find(part, what).and_then(|byte| part.get(..byte));
    Ok(found.map_or(Variable::Null, |before| {
        Variable::Number((from + before.chars().count()).into())
    }))
}

/// One of [`MORE`] as the crate calls it.
struct Added(usize, usize, Run);

impl Function for Added {
    fn evaluate(&self, all: &[Rcvar], context: &mut Context<'_>) -> Result<Rcvar, JmespathError> {
        let Self(least, most, run) = self;
        let made = if (*least..=*most).contains(&all.len()) {
            run(all)
        } else {
            Err("wrong number of arguments")
        };
        made.map(Rcvar::new)
            .map_err(|reason| JmespathError::from_ctx(context, ErrorReason::Parse(reason.to_owned())))
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    for (name, least, most, run) in MORE {
        runtime.register_function(name, Box::new(Added(*least, *most, *run)));
    }
    runtime
});

/// Compiles an expression.
///
/// # Errors
/// What is wrong with it, in a sentence; a function that is not there, too.
pub fn compile(expression: &str) -> Result<Expression<'static>, String> {
    let compiled = RUNTIME.compile(expression).map_err(|error| {
        let error = error.to_string();
        error.lines().next().unwrap_or("it does not parse").to_owned()
    })?;
    match unknown(compiled.as_ast()) {
        Some(name) => Err(format!("there is no function {name}")),
        None => Ok(compiled),
    }
}

/// A function that is not there.
fn unknown(ast: &Ast) -> Option<&str> {
    match ast {
        Ast::Function { name, args, .. } => match RUNTIME.get_function(name) {
            None => Some(name),
            Some(_) => args.iter().find_map(unknown),
        },
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => unknown(lhs).or_else(|| unknown(rhs)),
        Ast::Condition { predicate, then, .. } => unknown(predicate).or_else(|| unknown(then)),
        Ast::Expref { ast, .. } => unknown(ast),
        Ast::Flatten { node, .. } | Ast::Not { node, .. } | Ast::ObjectValues { node, .. } => unknown(node),
        Ast::MultiList { elements, .. } => elements.iter().find_map(unknown),
        Ast::MultiHash { elements, .. } => elements.iter().find_map(|pair| unknown(&pair.value)),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. }
        | Ast::Slice { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = r#"{"s":" a,b,,c ","o":{"x":1,"y":"z"},"l":[{"n":"Bob","age":3},{"n":"al","age":5}],"e":[["k","v"]],"é":"aébé"}"#;

    fn found(expression: &str) -> String {
        match compile(expression) {
            Err(reason) => format!("refused: {reason}"),
            Ok(compiled) => match compiled.search(Variable::from_json(DATA).unwrap()) {
                Ok(value) => value.to_string(),
                Err(_) => "failed".to_owned(),
            },
        }
    }

    #[test]
    fn paths_of_the_specification_and_the_communitys_functions() {
        for (expression, expected) in [
            ("l[?age > `4`].n | [0]", "\"al\""),
            ("l[*].age | sum(@)", "8.0"),
            ("sort_by(l, &age)[-1].n", "\"al\""),
            ("{a: o.x, b: length(l)}", r#"{"a":1,"b":2}"#),
            ("o.missing || 'none'", "\"none\""),
            ("split(trim(s), ',')", r#"["a","b","","c"]"#),
            ("split(trim(s), ',', `1`)", r#"["a","b,,c"]"#),
            ("split('abc', '', `1`)", r#"["a","bc"]"#),
            ("l[*].lower(n)", r#"["bob","al"]"#),
            ("upper(o.y)", "\"Z\""),
            ("replace(trim(s), ',', '-', `1`)", "\"a-b,,c\""),
            ("trim_left('xxa', 'x')", "\"a\""),
            ("trim_right('a ')", "\"a\""),
            ("find_first(\"é\", 'é')", "1"),
            ("find_last(\"é\", 'é')", "3"),
            ("find_first(\"é\", 'é', `-2`)", "3"),
            ("find_first(\"é\", 'q')", "null"),
            ("pad_left('7', `3`, '0')", "\"007\""),
            ("pad_right('7', `3`)", "\"7  \""),
            ("items(o)", r#"[["x",1],["y","z"]]"#),
            ("from_items(e)", r#"{"k":"v"}"#),
            ("zip(l[*].n, l[*].age)", r#"[["Bob",3],["al",5]]"#),
            ("lower(o)", "failed"),
            ("lower()", "failed"),
            (
                "l[*].[n, group_by(@, &n)]",
                "refused: there is no function group_by",
            ),
        ] {
            assert_eq!(found(expression), expected, "{expression}");
        }
    }
}
