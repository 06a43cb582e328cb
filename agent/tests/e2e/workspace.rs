//! The workspace keeps to its own rules: which crate may know which, and which licences its dependencies have.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// From a crate to those of the workspace that it may use.
const ARROWS: [(&str, &[&str]); 7] = [
    // Stands for a crate that a dependency has; no other crate here may use it.
    ("xz2", &[]),
    ("river-syntax", &[]),
    ("river-eval-derive", &[]),
    ("river-eval", &["river-syntax", "river-eval-derive"]),
    ("std-components", &["river-syntax", "river-eval"]),
    ("alloy-check", &["river-syntax", "river-eval", "std-components"]),
    (
        "alloy-rs",
        &["river-syntax", "river-eval", "std-components", "alloy-check"],
    ),
];

/// Licences that may be linked into an Apache-2.0 program without further duties than naming them.
const LICENCES: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "0BSD",
    "MIT-0",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "bzip2-1.0.6",
];

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut seen = 0;
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let Some(allowed) = allowed.get(name) else {
            continue;
        };
        seen += 1;
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("a name");
            let ours = ARROWS.iter().any(|(name, _)| *name == to);
            assert!(!ours || allowed.contains(&to), "{name} must not depend on {to}");
        }
    }
    assert_eq!(seen, ARROWS.len());
    let members = metadata["workspace_members"].as_array().expect("members").len();
    assert_eq!(members, ARROWS.len(), "a new crate has its arrows told here");
}

#[test]
fn every_dependency_has_a_permissive_licence() {
    let metadata = metadata();
    let mut refused = BTreeSet::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let licence = package["license"].as_str().unwrap_or("none");
        // `A OR B` may be taken as A; `A AND B` has to be fine as both.
        let normal = licence.replace('/', " OR ").replace(['(', ')'], "");
        let fine = normal.split(" AND ").all(|part| {
            part.split(" OR ")
                .any(|name| LICENCES.contains(&name.split(" WITH ").next().unwrap_or("").trim()))
        });
        if !fine {
            refused.insert(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}
