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
    NOT_SUPPORTED = "AR0209", "a block that is not supported where it stands", r#"The language knows this block, and it cannot be used here, as in the reference.

```alloy
import.http "lib" {
	url = "https://config.example.com/module.alloy"
}
```

Where the module at that address imports a file: what a server sends may not read files of this machine. Import the inner module with
`import.http`, too.
"#;
    BELOW_STABILITY = "AR0210", "below the stability level", r#"Components that may still change have to be allowed by name of their level, and so have single attributes and blocks of components that
are settled otherwise, such as `syslog_format = "raw"` of `loki.source.syslog`.

```alloy
loki.secretfilter "all" {
	forward_to = []
}
```

Start with `--stability.level=experimental` (or `public-preview`), and expect that it may change.
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
    MISPLACED_BLOCK = "AR0214", "a block where it has no meaning", r#"Some blocks belong to a module, some to the configuration as a whole.

```alloy
argument "to" { }
```

`argument` and `export` stand in a `declare` block. Blocks that set something of the whole process, such as `logging` or `http`, stand at the top level
of the configuration and never in a module. The template of a `foreach` takes neither.
"#;
    MODULE_NAME = "AR0215", "a name that two definitions want", r#"A `declare` block names a custom component, an `import` block a namespace. In one module each name stands for one of them.

```alloy
declare "logs" { }

declare "logs" { }
```

Give one of them another label. A nested module may use a name again; there it means the nearest one.
"#;
    DECLARE_CYCLE = "AR0216", "a custom component that uses itself", r#"An instance of the component would hold an instance of itself, and so on without end. The message shows each use on the way round.

```alloy
declare "a" {
	b "x" { }
}

declare "b" {
	a "y" { }
}
```

Take one of the uses away.
"#;
    UNKNOWN_CUSTOM = "AR0217", "a custom component that its namespace does not hold", r#"The first name is that of an import, and what it imports does not declare such a component.

```alloy
import.string "lib" {
	content = "declare \"logs\" { }"
}

lib.metrics "all" { }
```

The help line names what is there. A module sees the definitions and imports of the modules around its own definition, and nobody sees those
inside of it.
"#;
    MISSING_ARGUMENT = "AR0218", "a custom component without a required argument", r#"Every `argument` of a custom component has to be given, unless it says `optional = true`.

```alloy
declare "pipeline" {
	argument "to" { }
}

pipeline "one" { }
```

Give it a value where the component is used, or make it optional with a default.
"#;
    UNKNOWN_ARGUMENT = "AR0219", "an argument that a custom component does not have", r#"The custom component declares no such argument. Custom components take attributes only, no blocks.

```alloy
declare "pipeline" {
	argument "to" {
		optional = true
	}
}

pipeline "one" {
	too = []
}
```

Check the spelling; the second place in the message is the definition.
"#;
    IMPORTED_BLOCK = "AR0220", "an imported module with more than definitions", r#"What is imported holds `declare` and `import` blocks and nothing else: to import is to learn definitions, nothing runs for it.

```alloy
import.string "lib" {
	content = "logging { }"
}
```

Put components into a `declare` block and use that.
"#;
    IMPORT_CYCLE = "AR0221", "modules that import each other", r#"A module imports itself, by way of others perhaps. The message shows each import on the way.

```alloy
import.file "lib" {
	filename = "lib.alloy"
}
```

Where `lib.alloy` holds the same block again. Move what both need into a third module.
"#;
    IMPORT_FAILED = "AR0222", "a module that cannot be imported", r#"The content of an import cannot be had: a file or folder is missing, a server does not answer, a repository does not have the revision.

```alloy
import.file "lib" {
	filename = "/does/not/exist.alloy"
}
```

The message says what was tried. While the agent runs, a failure like this leaves the last good content in use and makes the import unhealthy;
at a start it rejects the configuration. `alloy-rs check` only warns, and does not check what comes from the import.
"#;
    MODULE_BOUND = "AR0223", "modules beyond the bounds", r#"Modules nest at most 32 deep, and one load makes at most 100,000 of them: a bound that only a definition that grows out of hand meets.

```alloy
import.string "lib" {
	content = "…"
}
```

The message names the component where the bound was met.
"#;
    FOREACH_TEMPLATE = "AR0224", "a foreach without its template", r#"A `foreach` has one `template` block with the components that every item of its collection gets.

```alloy
foreach "hosts" {
	collection = ["a", "b"]
	var        = "host"
}
```

Add `template { … }`; inside, the variable named by `var` is the item.
"#;
}
