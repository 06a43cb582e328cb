//! Lays fixes over texts: those that do not stand in each other's way, and only where the result can still be read.

use river_syntax::{FileId, Fix, parse_file};
use std::collections::HashSet;
use std::ops::Range;

/// Fixes that are tried one by one where all of them together make a text worse.
const MAX_TRIED_ALONE: usize = 200;

/// Texts after some fixes, and how many those were.
#[derive(Debug, PartialEq)]
pub(crate) struct Edited {
    pub(crate) texts: Vec<String>,
    pub(crate) fixes: usize,
}

/// Applies fixes, the first of those that stand in each other's way; `None` where nothing comes of it. The number of a file is its place among the texts.
pub(crate) fn apply(texts: &[&str], fixes: &[&Fix]) -> Option<Edited> {
    let chosen = choose(texts, fixes);
    if chosen.is_empty() {
        return None;
    }
    let all = edited(texts, &chosen);
    if readable(texts, &all) {
        return changed(texts, all, chosen.len());
    }
    let mut good: Vec<&Fix> = Vec::new();
    for fix in chosen.into_iter().take(MAX_TRIED_ALONE) {
        good.push(fix);
        if !readable(texts, &edited(texts, &good)) {
            good.pop();
        }
    }
    changed(texts, edited(texts, &good), good.len())
}

fn changed(old: &[&str], texts: Vec<String>, fixes: usize) -> Option<Edited> {
    let same = old.iter().zip(&texts).all(|(old, new)| *old == new);
    (!same).then_some(Edited { texts, fixes })
}

/// The fixes that can be applied together. Of two that change the same place, or insert at the same place, the first is taken.
fn choose<'f>(texts: &[&str], fixes: &[&'f Fix]) -> Vec<&'f Fix> {
    let mut taken: Vec<Vec<Range<u32>>> = vec![Vec::new(); texts.len()];
    let mut seen: HashSet<Vec<(u32, u32, u32, &str)>> = HashSet::new();
    let mut chosen = Vec::new();
    for &fix in fixes {
        let key = fix.edits.iter().map(|edit| {
            let span = edit.span;
            (span.file.0, span.start, span.end, edit.replacement.as_str())
        });
        if fix.edits.is_empty() || !seen.insert(key.collect()) {
            continue;
        }
        let mut own: Vec<(usize, Range<u32>)> = Vec::new();
        let fits = fix.edits.iter().all(|edit| {
            let (file, range) = (edit.span.file.0 as usize, edit.span.start..edit.span.end);
            let valid = texts
                .get(file)
                .is_some_and(|text| text.get(edit.span.range()).is_some());
            let free = taken
                .get(file)
                .is_some_and(|taken| taken.iter().all(|other| apart(other, &range)))
                && own
                    .iter()
                    .all(|(other_file, other)| *other_file != file || apart(other, &range));
            own.push((file, range));
            valid && free
        });
        if fits {
            for (file, range) in own {
                if let Some(taken) = taken.get_mut(file) {
                    taken.push(range);
                }
            }
            chosen.push(fix);
        }
    }
    chosen
}

/// Whether two changes have nothing to do with each other. Those that touch may: what the one puts in could be what the other asks for.
fn apart(a: &Range<u32>, b: &Range<u32>) -> bool {
    a.end < b.start || b.end < a.start
}

/// The texts with all of these fixes, which have to be apart.
fn edited(texts: &[&str], fixes: &[&Fix]) -> Vec<String> {
    let mut edits: Vec<_> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    for edit in edits {
        if let Some(text) = texts.get_mut(edit.span.file.0 as usize)
            && text.get(edit.span.range()).is_some()
        {
            text.replace_range(edit.span.range(), &edit.replacement);
        }
    }
    texts
}

/// Whether no text has more syntax errors than before.
fn readable(old: &[&str], new: &[String]) -> bool {
    let errors = |text: &str| parse_file(FileId(0), text).errors.len();
    old.iter()
        .zip(new)
        .all(|(old, new)| *old == new || errors(new) <= errors(old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use river_syntax::{Edit, Span};

    fn fix(edits: &[(u32, u32, u32, &str)]) -> Fix {
        Fix {
            title: String::new(),
            edits: edits
                .iter()
                .map(|&(file, start, end, text)| Edit {
                    span: Span::new(FileId(file), start, end),
                    replacement: text.to_owned(),
                })
                .collect(),
            safe: true,
        }
    }

    fn applied(texts: &[&str], fixes: &[Fix]) -> Option<(Vec<String>, usize)> {
        let fixes: Vec<&Fix> = fixes.iter().collect();
        apply(texts, &fixes).map(|edited| (edited.texts, edited.fixes))
    }

    #[test]
    fn fixes_in_each_others_way_wait_and_equal_ones_count_once() {
        let rename = fix(&[(0, 0, 1, "x"), (1, 4, 5, "2")]);
        let other = fix(&[(0, 0, 1, "y")]);
        let far = fix(&[(0, 11, 12, "3")]);
        assert_eq!(
            applied(
                &["a = 1\n\nb = 1\n", "a = 1\n"],
                &[rename.clone(), other, rename, far]
            ),
            Some((vec!["x = 1\n\nb = 3\n".to_owned(), "a = 2\n".to_owned()], 2))
        );
        // Two insertions at one place: their order would be a guess.
        let twice = applied(
            &["a = 1\n"],
            &[fix(&[(0, 0, 0, "// x\n")]), fix(&[(0, 0, 0, "// y\n")])],
        );
        assert_eq!(twice, Some((vec!["// x\na = 1\n".to_owned()], 1)));
    }

    #[test]
    fn what_breaks_a_text_is_left_out() {
        let good = fix(&[(0, 4, 5, "2")]);
        let bad = fix(&[(0, 10, 11, "[")]);
        assert_eq!(
            applied(&["a = 1\nb = 1\n"], &[bad, good]),
            Some((vec!["a = 2\nb = 1\n".to_owned()], 1))
        );
    }

    #[test]
    fn places_that_do_not_exist_change_nothing() {
        for wrong in [
            fix(&[(7, 0, 1, "x")]),
            fix(&[(0, 3, 99, "x")]),
            fix(&[(0, 1, 2, "x")]),
            fix(&[]),
        ] {
            assert_eq!(applied(&["é = 1\n"], &[wrong]), None);
        }
        let split = fix(&[(0, 0, 1, "x")]);
        assert_eq!(applied(&["é = 1\n"], &[split]), None, "half a character");
    }

    proptest::proptest! {
        /// Whatever is asked for, no text gets more syntax errors than it had.
        #[test]
        fn texts_stay_readable(
            edits in proptest::collection::vec((0_u32..2, 0_u32..30, 0_u32..30, "[a-z=,\\[{}\n ]{0,3}"), 0..6),
        ) {
            let texts = ["a = [1, 2]\nb {\n\tc = 1\n}\n", "é = [\n]\n"];
            let fixes: Vec<Fix> = edits
                .iter()
                .map(|(file, a, b, text)| fix(&[(*file, *a.min(b), *a.max(b), text.as_str())]))
                .collect();
            let fixes: Vec<&Fix> = fixes.iter().collect();
            if let Some(edited) = apply(&texts, &fixes) {
                proptest::prop_assert!(readable(&texts, &edited.texts));
                proptest::prop_assert!(edited.fixes > 0);
            }
        }
    }
}
