//! What an endpoint says when it refuses.

/// Bytes of an answer that are read for a message at the most.
const MAX_ANSWER: usize = 1024;

/// The first line of an answer's text, for a message; empty where it has none or cannot be read.
pub async fn first_line(mut answer: reqwest::Response) -> String {
    let mut text = Vec::new();
    while text.len() < MAX_ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        text.extend_from_slice(&chunk);
    }
    text.truncate(MAX_ANSWER);
    String::from_utf8_lossy(&text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
