//! Did you mean: the known name that is nearest to one that was written.

/// The known name nearest to a written one, if it is near enough to be meant.
///
/// Near is an edit distance (insertions, deletions, substitutions and swaps of neighbours) of at most a third of the name's length, and
/// never above three.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|name| name.len().abs_diff(written.len()) <= 4)
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, _)| *distance > 0 && *distance <= bound)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["forward_to", "targets", "scrape_interval"];
        assert_eq!(nearest("forward_too", known), Some("forward_to"));
        assert_eq!(nearest("fowrard_to", known), Some("forward_to"));
        assert_eq!(nearest("interval", known), None);
        assert_eq!(nearest("to", ["of"]), None);
    }
}
