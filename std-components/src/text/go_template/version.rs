//! Versions as `semver` and `semverCompare` take them: those of <https://semver.org> and looser ones, and constraints on them
//! (<https://github.com/Masterminds/semver#checking-version-constraints>).

use std::cmp::Ordering;
use std::fmt;

/// A version; parts that are left out are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    pub(super) metadata: String,
    /// As it was written.
    pub(super) original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// A version's text without `v`: numbers, what follows `-`, what follows `+`.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, metadata) = match text.split_once('+') {
        Some((text, metadata)) => (text, are_identifiers(metadata).then_some(metadata)?),
        None => (text, ""),
    };
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, are_identifiers(pre).then_some(pre)?),
        None => (text, ""),
    };
    // Numbers do not begin with a zero in there.
    let is_padded =
        |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    (!pre.split('.').any(is_padded)).then_some((numbers, pre, metadata))
}

fn are_identifiers(text: &str) -> bool {
    let is_identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split('.').all(is_identifier)
}

impl Version {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (numbers, pre, metadata) = parts(text)?;
            let mut found = [0; 3];
            for (at, digits) in numbers.split('.').enumerate() {
                let is_number = digits.bytes().all(|b| b.is_ascii_digit());
                *found.get_mut(at)? = digits.parse().ok().filter(|_| is_number)?;
            }
            let [major, minor, patch] = found;
            Some(Self {
                major,
                minor,
                patch,
                pre: pre.to_owned(),
                metadata: metadata.to_owned(),
                original: text.to_owned(),
            })
        };
        parsed().ok_or_else(|| "invalid semantic version".to_owned())
    }

    /// By precedence: metadata does not count.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| by_pre(&self.pre, &other.pre))
    }
}

fn by_pre(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        // A release comes after what precedes it.
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let number = |part: &str| {
        part.parse::<u64>()
            .ok()
            .filter(|_| part.bytes().all(|b| b.is_ascii_digit()))
    };
    let part = |left: &str, right: &str| match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    };
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match part(left, right) {
                Ordering::Equal => {}
                other => return other,
            },
        }
    }
}

/// What a version has to be: one of several groups, all of each.
#[derive(Debug)]
pub(super) struct Constraints(Vec<Vec<Constraint>>);

#[derive(Debug)]
struct Constraint {
    operator: &'static str,
    version: Version,
    /// How many numbers were given; the others are left open.
    given: usize,
}

/// Longest first.
const OPERATORS: &[&str] = &["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

impl Constraints {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        text.split("||")
            .map(|group| parse_group(group).ok_or_else(|| format!("improper constraint: {group:?}")))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn allow(&self, version: &Version) -> bool {
        self.0.iter().any(|group| {
            // Versions before a release are meant only where the constraint names one.
            let with_pre = group.iter().any(|constraint| !constraint.version.pre.is_empty());
            (version.pre.is_empty() || with_pre) && group.iter().all(|constraint| constraint.allows(version))
        })
    }
}

fn parse_group(group: &str) -> Option<Vec<Constraint>> {
    let mut rest = group.trim();
    let mut all: Vec<Constraint> = Vec::new();
    loop {
        let operator = OPERATORS
            .iter()
            .copied()
            .find(|operator| rest.starts_with(operator));
        let version = rest.get(operator.map_or(0, str::len)..)?.trim_start();
        let end = version
            .find(|c: char| c.is_whitespace() || c == ',')
            .unwrap_or(version.len());
        let (first, after) = version.split_at(end);
        rest = after.trim_start();
        // `1.2 - 1.4`: from one to the other.
        let range = rest
            .strip_prefix('-')
            .filter(|rest| rest.starts_with(char::is_whitespace) && operator.is_none());
        match range {
            Some(to) => {
                let to = to.trim_start();
                let end = to
                    .find(|c: char| c.is_whitespace() || c == ',')
                    .unwrap_or(to.len());
                let (last, after) = to.split_at(end);
                all.push(Constraint::parse(">=", first)?);
                all.push(Constraint::parse("<=", last)?);
                rest = after.trim_start();
            }
            None => all.push(Constraint::parse(operator.unwrap_or("="), first)?),
        }
        if rest.is_empty() {
            return Some(all);
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

impl Constraint {
    fn parse(operator: &'static str, text: &str) -> Option<Self> {
        let (numbers, pre, _) = parts(text)?;
        let mut found = [0; 3];
        let mut given = 0;
        for (at, digits) in numbers.split('.').enumerate() {
            let number = found.get_mut(at)?;
            if matches!(digits, "x" | "X" | "*") {
                continue;
            }
            let is_number = digits.bytes().all(|b| b.is_ascii_digit());
            let parsed = digits.parse().ok().filter(|_| is_number)?;
            // What follows an open number is open.
            if given == at {
                *number = parsed;
                given += 1;
            }
        }
        let [major, minor, patch] = found;
        let version = Version {
            major,
            minor,
            patch,
            pre: pre.to_owned(),
            metadata: String::new(),
            original: String::new(),
        };
        Some(Self {
            operator,
            version,
            given,
        })
    }

    /// Whether the numbers that are given are the version's.
    fn same(&self, version: &Version, count: usize) -> bool {
        let ours = [self.version.major, self.version.minor, self.version.patch];
        let theirs = [version.major, version.minor, version.patch];
        ours.iter()
            .zip(theirs)
            .take(count)
            .all(|(ours, theirs)| *ours == theirs)
    }

    fn allows(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let is_open = self.given < 3;
        match self.operator {
            "=" if is_open => self.allows_patches(version, order),
            "=" => order == Ordering::Equal,
            "!=" if is_open => !self.same(version, self.given),
            "!=" => order != Ordering::Equal,
            // Above all that an open one stands for.
            ">" if is_open => self.given > 0 && order == Ordering::Greater && !self.same(version, self.given),
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if is_open => order != Ordering::Greater || self.same(version, self.given),
            "<=" | "=<" => order != Ordering::Greater,
            "~" | "~>" => self.allows_patches(version, order),
            _ => self.allows_features(version, order),
        }
    }

    /// `~`: from here on, within the minor version, or the major one if only that is given.
    fn allows_patches(&self, version: &Version, order: Ordering) -> bool {
        order != Ordering::Less && self.same(version, self.given.min(2))
    }

    /// `^`: from here on, up to where the first number that is not 0 changes.
    fn allows_features(&self, version: &Version, order: Ordering) -> bool {
        let numbers = [self.version.major, self.version.minor, self.version.patch];
        let first = numbers.iter().take(self.given).position(|number| *number != 0);
        order != Ordering::Less && self.same(version, first.map_or(self.given, |first| first + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(constraint: &str, version: &str) -> Result<bool, String> {
        Ok(Constraints::parse(constraint)?.allow(&Version::parse(version)?))
    }

    #[test]
    fn versions_are_read_and_ordered() {
        for (text, expected) in [
            ("1.2.3", "1.2.3"),
            ("v1.2", "1.2.0"),
            ("1", "1.0.0"),
            ("1.02.3", "1.2.3"),
            ("1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5"),
            ("1.2-beta", "1.2.0-beta"),
        ] {
            assert_eq!(
                Version::parse(text).map(|version| version.to_string()).as_deref(),
                Ok(expected)
            );
        }
        for text in [
            "",
            "a",
            "1.",
            "1.2.3.4",
            "1.2.x",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            " 1",
            "+1",
            "99999999999999999999",
        ] {
            assert_eq!(
                Version::parse(text).unwrap_err(),
                "invalid semantic version",
                "{text}"
            );
        }
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "2.0.0",
        ];
        for pair in ordered.map(|text| Version::parse(text).unwrap()).windows(2) {
            assert_eq!(
                pair[0].compare(&pair[1]),
                Ordering::Less,
                "{} {}",
                pair[0],
                pair[1]
            );
        }
    }

    #[test]
    fn constraints_are_those_of_the_library() {
        for (constraint, inside, outside) in [
            (
                "1.2.3",
                &["1.2.3", "1.2.3+b", "v1.2.3"][..],
                &["1.2.4", "1.2.3-rc"][..],
            ),
            ("=1.2", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9"]),
            ("1.x", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]),
            ("*", &["0.0.0", "7.1.2"], &["1.0.0-rc"]),
            ("!=1.2.3", &["1.2.4"], &["1.2.3"]),
            ("!=1.2.x", &["1.3.0", "2.2.0"], &["1.2.0", "1.2.9"]),
            (">1.2.3", &["1.2.4"], &["1.2.3", "1.2.4-rc"]),
            (">1.2", &["1.3.0"], &["1.2.9"]),
            (">1", &["2.0.0"], &["1.9.9"]),
            ("<1.2", &["1.1.9"], &["1.2.0"]),
            (">= 1.2, < 3.0.0", &["1.2.0", "2.9.9"], &["3.0.0", "1.1.0"]),
            (">=1.2 <3", &["2.0.0"], &["3.0.0"]),
            ("=>1.2.3", &["1.2.3"], &["1.2.2"]),
            ("<=1.2", &["1.2.9", "1.0.0"], &["1.3.0"]),
            ("<=1", &["1.9.9"], &["2.0.0"]),
            ("=<1.2.3", &["1.2.3"], &["1.2.4"]),
            (
                "<1 || >=2.5, <3 || 4.1.x",
                &["0.9.0", "2.6.0", "4.1.7"],
                &["1.0.0", "3.0.0", "4.2.0"],
            ),
            ("1.2 - 1.4.5", &["1.2.0", "1.4.5"], &["1.4.6", "1.1.0"]),
            ("1.2 - 1.4", &["1.4.9"], &["1.5.0"]),
            ("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]),
            ("~1.2", &["1.2.0"], &["1.3.0"]),
            ("~>1", &["1.9.0"], &["2.0.0"]),
            ("^1.2.3", &["1.2.3", "1.9.0"], &["2.0.0", "1.2.2"]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "1.2.3"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4", "0.1.3"]),
            ("^0.0", &["0.0.9"], &["0.1.0"]),
            ("^0", &["0.9.0"], &["1.0.0"]),
            ("^*", &["0.0.1", "9.0.0"], &[]),
            ("~*", &["0.0.1", "9.0.0"], &[]),
            (
                ">=1.2.3-beta.1",
                &["1.2.3-beta.2", "1.2.3", "2.0.0-rc"],
                &["1.2.3-alpha"],
            ),
            ("^1.2.0-0", &["1.3.0-rc"], &["2.0.0-rc", "1.1.0-rc"]),
        ] {
            for version in inside {
                assert_eq!(allowed(constraint, version), Ok(true), "{constraint} {version}");
            }
            for version in outside {
                assert_eq!(allowed(constraint, version), Ok(false), "{constraint} {version}");
            }
        }
        for constraint in ["", "a", ">", "1.2.3.4", "> = 1", "1 ||", ">1,", "1 - ", "==1"] {
            assert!(allowed(constraint, "1.0.0").is_err(), "{constraint}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[v0-9.x*<>=!~^|, +a-]{0,20}") {
            let _ = allowed(&text, &text);
            let _ = allowed(&text, "1.2.3");
        }
    }
}
