//! What an endpoint says when it refuses.

/// Bytes of an answer that are read for a message at the most.
const MAX_ANSWER: usize = 1024;

/// The first line of an answer's text, for a message; empty where it has none or cannot be read.
pub async fn first_line(answer: reqwest::Response) -> String {
    let text = beginning(answer, MAX_ANSWER).await;
    text.lines().next().unwrap_or_default().to_owned()
}

/// A whole answer of so many bytes at the most.
///
/// # Errors
/// A connection that breaks; an answer that is larger.
pub async fn whole(mut answer: reqwest::Response, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| super::HttpError::from(error).to_string())?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > most {
            return Err(format!("it is larger than {most} bytes"));
        }
    }
    Ok(bytes)
}

/// An answer's text, of which no more than so many bytes are read; empty where it has none or cannot be read.
pub async fn beginning(mut answer: reqwest::Response, most: usize) -> String {
    let mut text = Vec::new();
    while text.len() < most
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        text.extend_from_slice(&chunk);
    }
    text.truncate(most);
    String::from_utf8_lossy(&text).into_owned()
}
