//! Codes of mistakes in how blocks stand together: names, labels, references, cycles. AR0200 to AR0249.

river_syntax::codes! {
    UNKNOWN_COMPONENT = "AR0200", "a component that does not exist", r#"A block at the top level is neither a component nor a config block that this agent knows.

```alloy
loki.sourc.file "logs" {
	targets    = []
	forward_to = []
}
```

Check the spelling; the help line names the nearest one that exists. `docs/components` lists all.
"#;
    UNKNOWN_REFERENCE = "AR0201", "a reference to nothing", r#"An expression names a component that the configuration does not declare.

```alloy
loki.process "pods" {
	forward_to = [loki.write.defualt.receiver]
}
```

A component is named in full, by its name and its label: `loki.write.default.receiver`. All files of a directory are one
configuration and see each other's components. Text stands in double quotes.
"#;
    DUPLICATE_BLOCK = "AR0202", "two components of one name and label", r#"Name and label together are a component's id, and an id is given once in a configuration, whatever the file.

```alloy
local.file "token" {
	filename = "/run/a"
}

local.file "token" {
	filename = "/run/b"
}
```

Give one of them another label.
"#;
    MISSING_LABEL = "AR0203", "a component without a label", r#"A component needs a label, which tells it from others of its kind.

```alloy
local.file {
	filename = "/run/token"
}
```

Write one in double quotes before the brace: `local.file "token" {`.
"#;
    UNEXPECTED_LABEL = "AR0204", "a label where none belongs", r#"This block takes no label.

```alloy
logging "main" {
	level = "debug"
}
```

Take the label away.
"#;
    CYCLE = "AR0205", "components that wait for each other", r#"Components refer to each other in a circle, so that none can be evaluated first.

```alloy
discovery.relabel "a" {
	targets = discovery.relabel.b.output
}

discovery.relabel "b" {
	targets = discovery.relabel.a.output
}
```

The message shows each reference on the way round. Take one of them away, often by a third component that both refer to.
"#;
    SELF_REFERENCE = "AR0206", "a component that refers to itself", r#"A component's arguments are evaluated before it exports anything, so they cannot use its own exports.

```alloy
discovery.relabel "a" {
	targets = discovery.relabel.a.output
}
```

Refer to the component that was meant.
"#;
    TOP_LEVEL_ATTRIBUTE = "AR0207", "an attribute outside of any block", r#"At the top level of a configuration stand blocks only.

```alloy
level = "debug"
```

Put it into the block that it belongs to: `logging { level = "debug" }`.
"#;
    CONFIG_BLOCK_TWICE = "AR0208", "a config block given twice", r#"A config block such as `logging` stands once in a configuration, whatever the file.

```alloy
logging {
	level = "debug"
}

logging {
	format = "json"
}
```

Join the two.
"#;
    NOT_SUPPORTED = "AR0209", "a block that is not supported yet", r#"The language knows this block, and this version of the agent does not.

```alloy
declare "pipeline" {
	argument "to" { }
}
```

Write the components out in the configuration until it does.
"#;
    BELOW_STABILITY = "AR0210", "a component below the stability level", r#"Components that may still change have to be allowed by name of their level.

```alloy
loki.secretfilter "all" {
	forward_to = []
}
```

Start with `--stability.level=experimental` (or `public-preview`), and expect that the component may change.
"#;
    NOT_ACTED_ON = "AR0211", "a config block that does nothing yet", r#"The block is accepted so that configurations of the reference load, but this version does not act on it.

```alloy
tracing {
	sampling_fraction = 0.1
}
```

Nothing breaks by leaving it in; do not rely on what it asks for.
"#;
    CANNOT_BUILD = "AR0212", "a component that cannot be built", r#"The component's arguments are well formed, and the component cannot be made with them on this machine: a file is
missing, or an address is of no use.

```alloy
local.file "token" {
	filename = "/does/not/exist"
}
```

The message says what is missing. `alloy-rs check` only warns of it, as it may run on another machine.
"#;
    UPDATE_FAILED = "AR0213", "a running component that did not take its new arguments", r#"The configuration was accepted, but a component that runs already could not take its changed arguments. It goes on with
the old ones and is unhealthy. The next reload tries again.

```alloy
local.file "token" {
	filename = "/now/missing"
}
```

Mend what the message names, and reload.
"#;
}
