//! Metrics that other programs left in `*.prom` files.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A file above this size is not read: it could not be a page of metrics.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// The collector.
pub(super) struct TextFiles {
    directory: String,
    text: String,
}

impl TextFiles {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Textfile) -> Self {
        Self {
            directory: arguments.directory.clone(),
            text: String::new(),
        }
    }

    /// The folders: the pattern itself, or those that it matches.
    fn folders(&self) -> Vec<PathBuf> {
        if self.directory.contains(['*', '?', '[']) {
            let found = expand(&self.directory);
            if !found.is_empty() {
                return found;
            }
        }
        vec![self.directory.clone().into()]
    }
}

/// Matches a pattern of one or more levels (`/run/*/metrics`) against the file system, in order of names.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "." })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let Ok(matcher) = crate::text::re2::compile_anchored(&as_expression(part)) else {
            return Vec::new();
        };
        found = found
            .iter()
            .filter_map(|path| std::fs::read_dir(path).ok())
            .flat_map(|entries| entries.filter_map(Result::ok))
            .filter(|entry| {
                entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| matcher.is_match(name))
            })
            .map(|entry| entry.path())
            .collect();
        found.sort_unstable();
    }
    found.retain(|path| path.exists());
    found
}

/// A level of a shell pattern as a regular expression.
fn as_expression(part: &str) -> String {
    let mut out = String::new();
    let mut in_class = false;
    for c in part.chars() {
        match c {
            '*' if !in_class => out.push_str("[^/]*"),
            '?' if !in_class => out.push_str("[^/]"),
            '[' | ']' => {
                in_class = c == '[';
                out.push(c);
            }
            _ if in_class => out.push(c),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// A family as a file told it.
#[derive(Default, Debug)]
struct Found<'t> {
    help: Option<&'t str>,
    kind: Option<Kind>,
    /// Series as written, and value.
    samples: Vec<(&'t str, f64)>,
}

/// What a file holds, by family.
fn parse(text: &str) -> Result<BTreeMap<&str, Found<'_>>, String> {
    let mut families = BTreeMap::<&str, Found<'_>>::new();
    for (at, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let mut words = comment.trim_start().splitn(3, [' ', '\t']);
            match (words.next(), words.next(), words.next()) {
                (Some("HELP"), Some(name), help) => {
                    families.entry(name).or_default().help = Some(help.unwrap_or_default());
                }
                (Some("TYPE"), Some(name), kind) => {
                    let kind = match kind.map(str::trim) {
                        Some("counter") => Kind::Counter,
                        Some("gauge") => Kind::Gauge,
                        Some("untyped") => Kind::Untyped,
                        Some("histogram") => Kind::Histogram,
                        Some("summary") => Kind::Summary,
                        _ => return Err(wrong("an unknown type")),
                    };
                    families.entry(name).or_default().kind = Some(kind);
                }
                _ => {}
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let end = series_end(line).ok_or_else(|| wrong("not a series"))?;
        let (series, rest) = line.split_at(end);
        let mut words = rest.split_ascii_whitespace();
        let value = words
            .next()
            .and_then(|value| value.parse().ok())
            .ok_or_else(|| wrong("not a number"))?;
        if words.next().is_some() {
            return Err("unsupported client-side timestamps: the whole file is left out".into());
        }
        let name = series.split('{').next().unwrap_or(series).trim_end();
        families
            .entry(family_of(name, &families))
            .or_default()
            .samples
            .push((series.trim_end(), value));
    }
    Ok(families)
}

/// The family that a series belongs to: those of histograms and summaries have suffixes.
fn family_of<'t>(name: &'t str, families: &BTreeMap<&str, Found<'_>>) -> &'t str {
    for suffix in ["_bucket", "_count", "_sum"] {
        let Some(base) = name.strip_suffix(suffix) else {
            continue;
        };
        let kind = families.get(base).and_then(|family| family.kind);
        if kind == Some(Kind::Histogram) || (kind == Some(Kind::Summary) && suffix != "_bucket") {
            return base;
        }
    }
    name
}

/// Where a series ends: behind its name, or behind the brace that closes its labels.
fn series_end(line: &str) -> Option<usize> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let name = line.find(|c: char| !valid(c)).unwrap_or(line.len());
    if name == 0 || line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = line.get(name..)?;
    let Some(labels) = rest.trim_start().strip_prefix('{') else {
        return rest.starts_with([' ', '\t']).then_some(name);
    };
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in labels.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(line.len() - labels.len() + at + 1),
            _ => {}
        }
    }
    None
}

/// Takes the escapes of a help text off.
fn plain_help(help: &str) -> String {
    help.replace("\\n", "\n").replace("\\\\", "\\")
}

impl TextFiles {
    /// Reads one file and writes what it holds; answers its time of change.
    fn file(&mut self, path: &Path, out: &mut Writer) -> Result<f64, String> {
        let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if about.len() > MAX_FILE_BYTES {
            return Err(format!("larger than {MAX_FILE_BYTES} bytes"));
        }
        self.text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        for (name, family) in parse(&self.text)? {
            if family.samples.is_empty() {
                continue;
            }
            let help = match family.help {
                Some(help) => plain_help(help),
                None => format!("Metric read from {}", path.display()),
            };
            let mut writer = out.family(name, help, family.kind.unwrap_or(Kind::Untyped));
            for (series, value) in family.samples {
                writer.raw(series, value);
            }
        }
        let changed = about.modified().map_err(|error| error.to_string())?;
        Ok(changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as f64)
    }
}

impl Collector for TextFiles {
    fn collect(&mut self, out: &mut Writer, _: &mut Files) -> Result<(), Failure> {
        let mut failed = false;
        let folders = if self.directory.is_empty() {
            Vec::new()
        } else {
            self.folders()
        };
        for folder in folders {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                failed = true;
                tracing::debug!(folder = %folder.display(), "the folder of text files cannot be read");
                continue;
            };
            let mut files: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.extension().is_some_and(|extension| extension == "prom"))
                .collect();
            files.sort_unstable();
            for path in files {
                match self.file(&path, out) {
                    Ok(changed) => {
                        out.gauge(
                            "node_textfile_mtime_seconds",
                            "Unixtime mtime of textfiles successfully read.",
                        )
                        .sample(&[("file", &path.to_string_lossy())], changed);
                    }
                    Err(error) => {
                        failed = true;
                        tracing::debug!(file = %path.display(), error, "a text file is left out");
                    }
                }
            }
        }
        out.gauge(
            "node_textfile_scrape_error",
            "1 if there was an error opening or reading a file, 0 otherwise",
        )
        .value(if failed { 1.0 } else { 0.0 });
        Ok(())
    }
}
