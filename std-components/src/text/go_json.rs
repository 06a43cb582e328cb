//! JSON as Go's `encoding/json` writes it: safe within HTML.

/// What HTML and JavaScript would take for their own.
const UNSAFE: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

/// JSON that is written already, with these characters, which stand in strings only, escaped.
pub(crate) fn for_html(json: String) -> String {
    if !json.contains(UNSAFE) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        match UNSAFE.contains(&character) {
            true => safe.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_would_take_for_its_own_is_escaped() {
        assert_eq!(
            for_html("\"<a> & \u{2028}\u{2029} é\"".into()),
            r#""\u003ca\u003e \u0026 \u2028\u2029 é""#
        );
        assert_eq!(for_html("\"plain é\"".into()), "\"plain é\"");
    }
}
