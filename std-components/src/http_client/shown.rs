//! What may be shown of URLs and of what has a name: passwords, and values whose name says that they are secret, are left out.

use std::ops::Range;

/// What stands for a secret in a URL, as Go writes it.
const LEFT_OUT: &str = "xxxxx";

/// What ends a URL in a text.
const ENDS: [char; 6] = ['"', '`', '\'', ' ', '\n', '\t'];

/// A URL for messages: the password and secret parameters are left out; text that is no URL is not shown at all.
pub fn safe_url(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else {
        return "(invalid URL)".into();
    };
    if url.password().is_some() {
        // Fails only for URLs that cannot have a password.
        let _ = url.set_password(Some(LEFT_OUT));
    }
    if let Some((query, _)) = url
        .query()
        .and_then(|query| hide(query, &secret_values(query), LEFT_OUT))
    {
        url.set_query(Some(&query));
    }
    url.into()
}

/// A text with the passwords and secret parameters of the URLs in it replaced, and what was; `None` where it holds none.
pub fn without_secrets(text: &str, replacement: &str) -> Option<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("://")) {
        let start = from + at + 3;
        let url = text.get(start..)?.split(ENDS).next().unwrap_or("");
        let authority = url.split(['/', '?', '#']).next().unwrap_or("");
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((name, password)) = user.split_once(':')
            && !password.is_empty()
        {
            let at = start + name.len() + 1;
            found.push(at..at + password.len());
        }
        if let Some((before, query)) = url.split_once('?') {
            let query_at = start + before.len() + 1;
            let values = secret_values(query).into_iter();
            found.extend(values.map(|value| query_at + value.start..query_at + value.end));
        }
        from = start + url.len();
    }
    hide(text, &found, replacement)
}

/// The places of the values of secret parameters in a URL's query.
fn secret_values(query: &str) -> Vec<Range<usize>> {
    let query = query.split('#').next().unwrap_or("");
    let mut at = 0;
    let mut found = Vec::new();
    for parameter in query.split('&') {
        if let Some((name, value)) = parameter.split_once('=')
            && !value.is_empty()
            && (sounds_secret(name) || ["key", "auth", "sig", "signature"].contains(&name))
        {
            let start = at + name.len() + 1;
            found.push(start..start + value.len());
        }
        at += parameter.len() + 1;
    }
    found
}

/// Replaces places of a text, which stand in order.
fn hide(text: &str, places: &[Range<usize>], replacement: &str) -> Option<(String, Vec<String>)> {
    let mut shown = String::with_capacity(text.len());
    let mut hidden = Vec::new();
    let mut copied = 0;
    for place in places {
        shown.push_str(text.get(copied..place.start)?);
        shown.push_str(replacement);
        hidden.push(text.get(place.clone())?.to_owned());
        copied = place.end;
    }
    shown.push_str(text.get(copied..)?);
    (!hidden.is_empty()).then_some((shown, hidden))
}

/// Whether a name that no schema knows, of an attribute, a key, a header or a parameter, stands for a secret.
pub fn sounds_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // What Kubernetes and others tell of a target holds such words often, and secrets never.
    if lower.starts_with("__meta_") {
        return false;
    }
    let name = lower.replace('-', "_");
    let harmless = [
        "_file", "_path", "_url", "_uri", "_name", "_type", "_id", "_expiry",
    ];
    if harmless.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let words = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "credential",
        "api_key",
        "apikey",
        "private_key",
        "access_key",
        "secret_key",
        "key_pem",
        "authorization",
        "cookie",
    ];
    // Headers are written with hyphens: X-Key.
    words.iter().any(|word| name.contains(word)) || lower.ends_with("-key") || lower.ends_with("-auth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_secret_parameters_are_left_out() {
        assert_eq!(
            safe_url("https://u:hunter2@host/p?q=1&api_key=hunter3&sig=hunter4#x"),
            "https://u:xxxxx@host/p?q=1&api_key=xxxxx&sig=xxxxx#x"
        );
        assert_eq!(safe_url("http://h/?q=1&token="), "http://h/?q=1&token=");
        assert_eq!(safe_url("no url"), "(invalid URL)");
        let text = "sent to 'http://a:b@c/d' and http://e/?token=f&g=h, http://i/j?k=l";
        assert_eq!(
            without_secrets(text, "(secret)"),
            Some((
                "sent to 'http://a:(secret)@c/d' and http://e/?token=(secret)&g=h, http://i/j?k=l".to_owned(),
                vec!["b".to_owned(), "f".to_owned()]
            ))
        );
        assert_eq!(without_secrets("http://i/j?k=l", "(secret)"), None);
    }

    #[test]
    fn names_tell() {
        for secret in [
            "X-API-Key",
            "x-key",
            "__param_token",
            "client_secret",
            "Proxy-Authorization",
        ] {
            assert!(sounds_secret(secret), "{secret}");
        }
        for plain in [
            "token_url",
            "secret_name",
            "key",
            "__meta_kubernetes_pod_label_token",
            "job",
        ] {
            assert!(!sounds_secret(plain), "{plain}");
        }
    }
}
