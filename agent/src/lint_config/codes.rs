//! Codes of mistakes in the decisions themselves: comments that allow something, and `alloy-rs.toml`. AR0420 to AR0429.

river_syntax::codes! {
    NO_REASON = "AR0420", "an exception without a reason", r#"A comment lets a finding pass and does not say why. Who reads it next year has to find out anew whether that is still right.

```alloy
// alloy-rs: allow(AR0201)
loki.echo "out" { }
```

Write the reason behind the bracket: `// alloy-rs: allow(AR0201) the component comes from another file`.
"#;
    UNKNOWN_CODE = "AR0421", "an exception for a code that does not exist", r#"A comment names a code that no finding has, or one of a syntax error: a text that cannot be read has no meaning that could be let pass.

```alloy
// alloy-rs: allow(AR9999) nobody knows
loki.echo "out" { }
```

The code stands in brackets in the message of the finding. `alloy-rs explain` lists all codes.
"#;
    UNUSED = "AR0422", "an exception that nothing needs", r#"A comment lets a finding pass that is not there (any more). It would hide a new one.

```alloy
// alloy-rs: allow(AR0202) both are needed
loki.echo "out" { }
```

Take the comment away. One at a line's end counts for findings that begin on that line; one on a line of its own counts for the next line, and where
a block or an attribute begins there for all of it.
"#;
    BAD_COMMENT = "AR0423", "a comment that is addressed to alloy-rs and not understood", r#"A comment that begins with `alloy-rs:` is read by this program, and it knows one word: `allow`, with codes in brackets.

```alloy
// alloy-rs: ignore AR0201
loki.echo "out" { }
```

Write `// alloy-rs: allow(AR0201) reason`, with commas between several codes.
"#;
    BAD_CONFIG = "AR0424", "a mistake in alloy-rs.toml", r#"The file with a project's decisions has a key that does not exist, a value that means nothing, or is no TOML.

```toml
target = "grafana-alloy@1.15.0" # or "grafana-alloy", "alloy-rs"
stability = "experimental"      # or "public-preview", "generally-available"
community-components = true

[lints]
AR0201 = "warn"                 # or "error", "off"
```

What the file says otherwise is taken all the same. `docs/check.md` describes it.
"#;
}
