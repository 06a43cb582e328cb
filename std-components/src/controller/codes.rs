//! Codes of what the controller finds in config blocks. AR0500 to AR0549.

river_syntax::codes! {
    CANNOT_SET_UP = "AR0500", "a config block that cannot be set up here", r#"The block is written correctly, but what it asks for cannot be had on this machine now: a certificate is missing, a key does not fit.

```alloy
http {
	tls {
		cert_file = "/etc/alloy/missing.pem"
		key_file  = "/etc/alloy/key.pem"
	}
}
```

A configuration that is loaded is rejected with it, and what ran before runs on. `alloy-rs check` warns: the file may be there on the machine that
the configuration is for.
"#;
    WITHOUT_EFFECT = "AR0501", "a setting without effect", r#"The setting is accepted, as the reference accepts it, and this agent does not do what it asks for.

```alloy
http {
	tls {
		cert_file   = "/etc/alloy/cert.pem"
		key_file    = "/etc/alloy/key.pem"
		min_version = "TLS10"
	}
}
```

The message says what happens instead; here, nothing below TLS 1.2 is spoken.
"#;
    NO_TRACES = "AR0502", "own spans that nobody receives", r#"The `tracing` block sends the agent's own spans to components that receive traces. Where `write_to` names none, no spans are made.

```alloy
tracing {
	sampling_fraction = 0.1
}
```

Name an exporter, or take the block away:

```alloy
otelcol.exporter.otlp "tempo" {
	client {
		endpoint = "tempo:4317"
	}
}

tracing {
	sampling_fraction = 0.1
	write_to          = [otelcol.exporter.otlp.tempo.input]
}
```
"#;
    OUT_OF_SCOPE = "AR0503", "a block that this agent does not act on", r#"`remotecfg` fetches configurations from a fleet manager. That is outside of what this agent does: the block is accepted so that a
configuration loads, and nothing is fetched.

```alloy
remotecfg {
	url = "https://fleet.example.com"
}
```

Put the configuration into files, or import it with `import.http` or `import.git`.
"#;
}
