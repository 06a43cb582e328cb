//! The distribution, from `os-release` below `rootfs_path`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Os;

/// Label and key.
const LABELS: [(&str, &str); 12] = [
    ("build_id", "BUILD_ID"),
    ("id", "ID"),
    ("id_like", "ID_LIKE"),
    ("image_id", "IMAGE_ID"),
    ("image_version", "IMAGE_VERSION"),
    ("name", "NAME"),
    ("pretty_name", "PRETTY_NAME"),
    ("variant", "VARIANT"),
    ("variant_id", "VARIANT_ID"),
    ("version", "VERSION"),
    ("version_codename", "VERSION_CODENAME"),
    ("version_id", "VERSION_ID"),
];

/// Takes the quotes and escapes of a shell's assignment off (os-release(5)).
fn unquote(value: &str) -> String {
    let value = value.trim();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = match quote {
        Some(quote) => value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
            .unwrap_or(value),
        None => value,
    };
    if quote == Some('\'') || !inner.contains('\\') {
        return inner.into();
    }
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if escaped || c != '\\' {
            out.push(c);
            escaped = false;
        } else {
            escaped = true;
        }
    }
    out
}

/// The leading `12` or `12.3` of a version.
fn major_minor(version: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let major = digits(version);
    let rest = version.get(major..)?;
    let minor = rest.strip_prefix('.').map_or(0, |rest| digits(rest) + 1);
    version.get(..major + minor)?.trim_end_matches('.').parse().ok()
}

impl Collector for Os {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let path = if files.root("etc/os-release").is_ok() {
            "etc/os-release"
        } else {
            "usr/lib/os-release"
        };
        let text = files.root(path).map_err(Failure::absent_is_no_data)?;
        let value = |key: &str| {
            let found = text
                .lines()
                .filter_map(|line| line.trim_start().split_once('='))
                .find_map(|(name, value)| (name == key).then(|| unquote(value)));
            found.unwrap_or_default()
        };
        let values = LABELS.map(|(_, key)| value(key));
        let mut labels = [("", ""); LABELS.len()];
        for ((label, (name, _)), value) in labels.iter_mut().zip(LABELS).zip(&values) {
            *label = (name, value.as_str());
        }
        out.gauge(
            "node_os_info",
            "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, \
             name, pretty_name, variant, variant_id, version, version_codename, version_id.",
        )
        .sample(&labels, 1.0);
        let [_, id, id_like, _, _, name, .., version] = labels;
        if let Some(version) = major_minor(version.1).filter(|version| *version > 0.0) {
            out.gauge(
                "node_os_version",
                "Metric containing the major.minor part of the OS version.",
            )
            .sample(&[id, id_like, name], version);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unquoted_as_a_shell_would() {
        let cases = [
            (r#""Debian GNU/Linux""#, "Debian GNU/Linux"),
            ("debian", "debian"),
            (r#""a \"b\" \$c""#, r#"a "b" $c"#),
            (r"'a \b'", r"a \b"),
            (r#"""#, r#"""#),
            ("", ""),
        ];
        for (text, value) in cases {
            assert_eq!(unquote(text), value);
        }
    }

    #[test]
    fn versions_are_cut_behind_the_minor() {
        let cases = [
            ("12", Some(12.0)),
            ("22.04.1", Some(22.04)),
            ("7.", Some(7.0)),
            ("rolling", None),
            ("", None),
        ];
        for (text, version) in cases {
            assert_eq!(major_minor(text), version, "{text}");
        }
    }
}
