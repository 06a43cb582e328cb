//! Codes of what only the checker finds: types of references, modules, what is unused. AR0250 to AR0299.

river_syntax::codes! {
    WRONG_CAPSULE = "AR0250", "signals of another kind", r#"A component was given a receiver, a handler or a target of another kind than it can use.

```alloy
prometheus.scrape "node" {
	targets    = []
	forward_to = [loki.write.default.receiver]
}
```

Metrics go to `prometheus.*` components, log lines to `loki.*`, profiles to `pyroscope.*`, OpenTelemetry signals to `otelcol.*`. The help line
names the component that converts between the two, where there is one.
"#;
    UNKNOWN_EXPORT = "AR0251", "an export that the component does not have", r#"A reference asks for something that the component does not export.

```alloy
loki.source.file "logs" {
	targets    = local.file_match.logs.output
	forward_to = []
}
```

The help line lists what the component exports: here `targets`.
"#;
    UNUSED_COMPONENT = "AR0252", "a component that nobody uses", r#"A component whose only work is to export something is referred to by nobody, so that it does nothing.

```alloy
local.file_match "logs" {
	path_targets = [{"__path__" = "/var/log/*.log"}]
}
```

Refer to its exports from another component, or take it away.
"#;
    NOTHING_WRITES = "AR0253", "a receiver that nothing writes to", r#"A component waits for signals, and no other component forwards to it.

```alloy
loki.write "default" {
	endpoint {
		url = "http://loki:3100/loki/api/v1/push"
	}
}
```

Name its receiver in another component's `forward_to` (or `output` block), or take it away.
"#;
    UNKNOWN_ARGUMENT = "AR0254", "an argument that the module does not have", r#"Inside of a `declare`, `argument.NAME.value` needs an `argument` block of that name.

```alloy
declare "logs" {
	argument "receiver" { }

	loki.source.file "files" {
		targets    = []
		forward_to = argument.receivers.value
	}
}
```

Correct the name, or declare the argument.
"#;
    IMPORT_NOT_FOUND = "AR0255", "a module that cannot be read", r#"A file that is imported does not exist or cannot be read.

```alloy
import.file "pods" {
	filename = "modules/pod.alloy"
}
```

Correct the path. A relative path is looked up from the folder in which the agent is started, and from the folder of the file that imports.
"#;
    IMPORT_CYCLE = "AR0256", "modules that import each other", r#"A module imports itself, directly or through others, so that it could never be read to its end.

```alloy
// a.alloy
import.file "b" {
	filename = "b.alloy" // which imports a.alloy
}
```

Move what both need into a file of its own.
"#;
    MISPLACED_BLOCK = "AR0257", "a block in a place where it has no meaning", r#"Some blocks have a meaning in one place only: `argument` and `export` inside of a `declare`, `template` inside of a `foreach`, config blocks
at the top level of a configuration, and in an imported module nothing but `declare` and `import` blocks.

```alloy
argument "url" { }
```

Move the block to where it belongs.
"#;
    RECURSIVE_DECLARE = "AR0258", "a custom component that holds itself", r#"A `declare` uses the component that it declares, so that it could never be built to its end.

```alloy
declare "pipeline" {
	pipeline "inner" { }
}
```

Take the use out, or use another component.
"#;
    NUMBER_AS_TEXT = "AR0259", "a number where text is wanted", r#"A function that works on text was given a number. The number becomes text by itself, which is seldom what was meant.

```alloy
local.file "a" {
	filename = string.to_upper(3)
}
```

Write the text in double quotes, or make it with `string.format`.
"#;
    COMMUNITY_COMPONENT = "AR0260", "a community component", r#"Components that the community keeps up have to be allowed.

Start with `--feature.community-components.enabled`, or use another component.
"#;
}
