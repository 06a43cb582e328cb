//! Doublestar globs: what `__path__` and `__path_exclude__` mean in `local.file_match` and `loki.source.file`.
//!
//! The patterns are those of the Go library doublestar (v4): `**` as a whole component stands for any number of folders, `*` and `?`
//! stay within a component and match leading dots, `[a-z]`, `[!a]`, `{a,b}` (also across `/`), `\` takes the meaning from the next character.

use regex::Regex;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Patterns that the braces of one pattern may stand for, at the most.
const MAX_ALTERNATIVES: usize = 1024;

/// Folders that could not be read and are named in a result, at the most.
const MAX_PROBLEMS: usize = 4;

/// A glob that is not one: a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no valid glob: {reason}")]
pub(crate) struct BadPattern {
    pattern: String,
    reason: String,
}

/// A compiled glob.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// One for each combination of the braces' alternatives.
    alternatives: Vec<Vec<Segment>>,
}

/// A component of a path.
#[derive(Debug)]
enum Segment {
    /// Exactly this name: no folder has to be listed to find it.
    Literal(String),
    /// A name that matches.
    Wild(Regex),
    /// `**`.
    Folders,
}

/// Something that matches.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    /// Absolute.
    pub(crate) path: PathBuf,
    /// Whether its folder says that it is a regular file. Where it does not, it may still be one, at the end of symbolic links.
    pub(crate) is_file: bool,
}

/// What a glob found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Whatever matches, folders too; sorted, each once.
    pub(crate) matches: Vec<Match>,
    /// Folders that exist but could not be listed.
    pub(crate) problems: Vec<(PathBuf, io::Error)>,
}

impl Pattern {
    /// Compiles a glob. A relative one starts in the working directory.
    ///
    /// # Errors
    /// A brace or bracket that is not closed, a trailing backslash, too many alternatives.
    pub(crate) fn new(pattern: &str) -> Result<Self, BadPattern> {
        let bad = |reason: String| BadPattern {
            pattern: pattern.into(),
            reason,
        };
        let mut alternatives = Vec::new();
        for text in expand_braces(pattern).map_err(|reason| bad(reason.into()))? {
            let absolute = if text.starts_with('/') {
                text
            } else {
                let here = std::env::current_dir()
                    .map_err(|error| bad(format!("the working directory is unknown ({error})")))?;
                format!("{}/{text}", escape(&here.to_string_lossy()))
            };
            alternatives.push(segments(&absolute).map_err(bad)?);
        }
        Ok(Self { alternatives })
    }

    /// Whether an absolute path matches.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        let names: Option<Vec<&str>> = path
            .components()
            .filter(|part| !matches!(part, Component::RootDir))
            .map(|part| part.as_os_str().to_str())
            .collect();
        names.is_some_and(|names| self.alternatives.iter().any(|segments| matches(segments, &names)))
    }

    /// Finds what exists. Symbolic links are followed, but never into a folder that is being walked already.
    pub(crate) fn find(&self) -> Found {
        let mut walk = Walk::default();
        for segments in &self.alternatives {
            walk.visit(&mut PathBuf::from("/"), segments);
        }
        // Several alternatives may have found the same; what one knows of it is known.
        walk.found.matches.sort_unstable();
        walk.found.matches.dedup_by(|next, one| {
            let is_same = next.path == one.path;
            one.is_file |= is_same && next.is_file;
            is_same
        });
        walk.found
    }
}

/// Greedy with one point to go back to: enough, as every other segment takes exactly one name.
fn matches(segments: &[Segment], names: &[&str]) -> bool {
    let (mut segment, mut name) = (0, 0);
    let mut retry = None;
    loop {
        match (segments.get(segment), names.get(name)) {
            (None, None) => return true,
            (Some(Segment::Folders), _) => {
                retry = Some((segment + 1, name));
                segment += 1;
                continue;
            }
            (Some(wanted), Some(found)) if wanted.takes(found) => {
                segment += 1;
                name += 1;
                continue;
            }
            _ => {}
        }
        match retry {
            Some((after, skipped)) if skipped < names.len() => {
                retry = Some((after, skipped + 1));
                (segment, name) = (after, skipped + 1);
            }
            _ => return false,
        }
    }
}

impl Segment {
    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == name,
            Self::Wild(glob) => glob.is_match(name),
            Self::Folders => false,
        }
    }
}

/// What a folder's entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A regular file.
    File,
    /// A folder, or a symbolic link to one.
    Folder,
    Other,
}

/// An entry of a folder.
struct Listed {
    name: String,
    kind: Kind,
}

/// A walk over the file system.
#[derive(Default)]
struct Walk {
    found: Found,
    /// Device and inode of the folders that `**` is in now.
    inside: Vec<(u64, u64)>,
}

impl Walk {
    fn visit(&mut self, at: &mut PathBuf, segments: &[Segment]) {
        match segments {
            [] => self.found(at, false),
            [Segment::Literal(name), rest @ ..] => {
                at.push(name);
                if !rest.is_empty() || at.symlink_metadata().is_ok() {
                    self.visit(at, rest);
                }
                at.pop();
            }
            [wild @ Segment::Wild(_), rest @ ..] => {
                for Listed { name, kind } in self.list(at) {
                    if wild.takes(&name) && (rest.is_empty() || kind == Kind::Folder) {
                        at.push(&name);
                        match rest {
                            [] => self.found(at, kind == Kind::File),
                            rest => self.visit(at, rest),
                        }
                        at.pop();
                    }
                }
            }
            [Segment::Folders, rest @ ..] => {
                let Ok(identity) = at.metadata().map(|folder| (folder.dev(), folder.ino())) else {
                    return;
                };
                if self.inside.contains(&identity) {
                    return;
                }
                self.inside.push(identity);
                self.visit(at, rest);
                for Listed { name, kind } in self.list(at) {
                    at.push(&name);
                    if kind == Kind::Folder {
                        self.visit(at, segments);
                    } else if rest.is_empty() {
                        self.found(at, kind == Kind::File);
                    }
                    at.pop();
                }
                self.inside.pop();
            }
        }
    }

    fn found(&mut self, path: &Path, is_file: bool) {
        self.found.matches.push(Match {
            path: path.into(),
            is_file,
        });
    }

    /// The names in a folder and what each is. Names that are not UTF-8 cannot be written in a configuration nor
    /// in a label, so nothing matches them.
    fn list(&mut self, at: &Path) -> Vec<Listed> {
        let entries = match std::fs::read_dir(at) {
            Ok(entries) => entries,
            Err(error) => {
                let absent = matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                );
                if !absent && self.found.problems.len() < MAX_PROBLEMS {
                    self.found.problems.push((at.into(), error));
                }
                return Vec::new();
            }
        };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) => Kind::Folder,
                _ => Kind::Other,
            };
            names.push(Listed { name, kind });
        }
        names
    }
}

/// Splits an absolute pattern without braces at its slashes.
fn segments(pattern: &str) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            "**" => {
                if !matches!(segments.last(), Some(Segment::Folders)) {
                    segments.push(Segment::Folders);
                }
            }
            part if part.contains(['*', '?', '[']) => segments.push(Segment::Wild(wild(part)?)),
            part => segments.push(Segment::Literal(unescape(part)?)),
        }
    }
    Ok(segments)
}

/// The expression for a component. It is on characters, not on bytes: `?` takes an `é`.
fn wild(part: &str) -> Result<Regex, String> {
    let mut expression = String::from("^(?s:");
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        match character {
            // Within a component two stars mean no more than one.
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => class(&mut characters, &mut expression)?,
            '\\' => push_literal(
                &mut expression,
                characters.next().ok_or("it ends in a backslash")?,
            ),
            other => push_literal(&mut expression, other),
        }
    }
    expression.push_str(")$");
    Regex::new(&expression).map_err(|error| format!("{part} cannot be compiled: {error}"))
}

/// What follows an opening bracket, up to the closing one.
fn class(characters: &mut std::str::Chars<'_>, expression: &mut String) -> Result<(), String> {
    let mut next = || characters.next().ok_or("a bracket is not closed");
    expression.push('[');
    let mut character = next()?;
    if character == '!' || character == '^' {
        expression.push('^');
        character = next()?;
    }
    let mut first = true;
    while character != ']' || first {
        first = false;
        match character {
            '\\' => push_literal(expression, next()?),
            '-' if !expression.ends_with(['[', '^']) => expression.push('-'),
            other => push_literal(expression, other),
        }
        character = next()?;
    }
    // A range without an end means the hyphen itself.
    if expression.ends_with('-') && !expression.ends_with("\\-") {
        expression.pop();
        expression.push_str("\\-");
    }
    expression.push(']');
    Ok(())
}

fn push_literal(expression: &mut String, character: char) {
    expression.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

fn unescape(part: &str) -> Result<String, String> {
    let mut text = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().ok_or("it ends in a backslash")?),
            other => text.push(other),
        }
    }
    Ok(text)
}

fn escape(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for character in path.chars() {
        if "\\*?[]{}".contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Writes out the alternatives of the outermost braces until none is left.
fn expand_braces(pattern: &str) -> Result<Vec<String>, &'static str> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        if done.len() + open.len() >= MAX_ALTERNATIVES {
            return Err("its braces stand for too many patterns");
        }
        match first_braces(&next)? {
            None => done.push(next),
            Some((before, choices, after)) => {
                open.extend(choices.iter().map(|choice| format!("{before}{choice}{after}")));
            }
        }
    }
    Ok(done)
}

type Braces<'a> = (&'a str, Vec<&'a str>, &'a str);

/// What stands before, in and after the first braces.
fn first_braces(pattern: &str) -> Result<Option<Braces<'_>>, &'static str> {
    let mut depth = 0_usize;
    let (mut start, mut choice) = (0, 0);
    let mut choices = Vec::new();
    let mut characters = pattern.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next().ok_or("it ends in a backslash")?;
            }
            '[' => {
                // Braces and commas in a class stand for themselves; so does a bracket right at its beginning.
                let mut first = true;
                loop {
                    match characters.next().ok_or("a bracket is not closed")?.1 {
                        '\\' => {
                            characters.next().ok_or("it ends in a backslash")?;
                        }
                        ']' if !first => break,
                        '!' | '^' if first => continue,
                        _ => {}
                    }
                    first = false;
                }
            }
            '{' => {
                depth += 1;
                if depth == 1 {
                    (start, choice) = (at, at + 1);
                }
            }
            ',' if depth == 1 => {
                choices.push(pattern.get(choice..at).unwrap_or_default());
                choice = at + 1;
            }
            '}' if depth == 1 => {
                choices.push(pattern.get(choice..at).unwrap_or_default());
                let before = pattern.get(..start).unwrap_or_default();
                return Ok(Some((before, choices, pattern.get(at + 1..).unwrap_or_default())));
            }
            '}' if depth > 1 => depth -= 1,
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a brace is not closed");
    }
    Ok(None)
}

#[cfg(test)]
#[path = "glob_tests.rs"]
mod tests;
