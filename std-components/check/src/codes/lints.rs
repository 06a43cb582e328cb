//! Codes of lints: AR0400 to AR0419 and AR0430 to AR0499.

river_syntax::codes! {
    INSECURE_TLS = "AR0400", "TLS that proves nothing", r#"The peer's certificate is not checked, or there is no TLS at all: whoever is on the way can read and change what is sent.

```alloy
loki.write "default" {
	endpoint {
		url = "https://logs.example.org/loki/api/v1/push"

		tls_config {
			insecure_skip_verify = true
		}
	}
}
```

Give the authority that signed the peer's certificate: `ca_file = "/etc/tls/ca.crt"`. Peers on the same machine and in private networks are not told of.
"#;
    LITERAL_SECRET = "AR0401", "a secret in the configuration", r#"A password or token stands in the configuration as text: in the repository, in backups, for everybody who can read the file.

```alloy
loki.write "default" {
	endpoint {
		url = "https://logs.example.org/loki/api/v1/push"

		basic_auth {
			username = "me"
			password = "hunter2"
		}
	}
}
```

Read it from a file (`password_file`, or `local.file` with `is_secret = true`), or from the environment with `sys.env("PASSWORD")`.
"#;
    URL_CREDENTIALS = "AR0402", "a password in a URL", r#"A URL holds user and password. URLs are shown on pages and in logs.

```alloy
loki.write "default" {
	endpoint {
		url = "https://me:hunter2@logs.example.org/loki/api/v1/push"
	}
}
```

Use a `basic_auth` block, with `password_file` or `sys.env("PASSWORD")`.
"#;
    CLEARTEXT = "AR0403", "credentials in the clear", r#"Credentials go to a host outside of this machine and its private networks over plain HTTP.

```alloy
loki.write "default" {
	endpoint {
		url               = "http://logs.example.org/loki/api/v1/push"
		bearer_token_file = "/run/token"
	}
}
```

Write `https://`.
"#;
    LOCALHOST = "AR0404", "a writer that reaches no further than this machine", r#"A remark: the peer is on this machine. In a container that is the container itself, where seldom anything listens.

```alloy
loki.write "default" {
	endpoint {
		url = "http://localhost:3100/loki/api/v1/push"
	}
}
```

Name the host that receives, unless it does run beside this agent.
"#;
    HIGH_CARDINALITY = "AR0405", "a label with too many values", r#"Every combination of labels is a stream or series of its own. A label that is different for nearly every entry makes as many streams as entries: slow, expensive, and limited by the server.

```alloy
loki.process "app" {
	forward_to = []

	stage.labels {
		values = { trace_id = "" }
	}
}
```

Leave it in the line, where queries find it, or make it structured metadata with `stage.structured_metadata`.
"#;
    INTERPOLATION = "AR0406", "interpolation in a string", r#"Strings know no interpolation: `${NAME}` stands for itself.

```alloy
local.file "node" {
	filename = "/etc/${NODE}/token"
}
```

Join the parts with `+`: `"/etc/" + sys.env("NODE") + "/token"`, or use `string.format("/etc/%s/token", sys.env("NODE"))`. Exports of components are joined the same way, by their names.
"#;
    NOWHERE = "AR0407", "data that goes nowhere", r#"A component has nobody to pass on to, so it drops everything that it collects.

```alloy
prometheus.scrape "app" {
	targets    = [{ "__address__" = "app:8080" }]
	forward_to = []
}
```

Name a receiver: `forward_to = [prometheus.remote_write.default.receiver]`.
"#;
    CLUSTER_WATCH = "AR0408", "an agent on every node that watches the whole cluster", r#"The configuration reads files of its own node, so it runs on each of them, but each agent asks the API server for the pods of all nodes: load that grows with the square of the cluster, and memory.

```alloy
discovery.kubernetes "pods" {
	role = "pod"
}

discovery.relabel "logs" {
	targets = discovery.kubernetes.pods.targets

	rule {
		source_labels = ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"]
		separator     = "/"
		target_label  = "__path__"
		replacement   = "/var/log/pods/*$1/*.log"
	}
}
```

Select the pods of the node:

```alloy
selectors {
	role  = "pod"
	field = "spec.nodeName=" + coalesce(sys.env("HOSTNAME"), constants.hostname)
}
```
"#;
    DEPRECATED = "AR0409", "a deprecated argument", r#"The reference's documentation calls it deprecated: it has no effect any more, or another one does it better.

```alloy
discovery.consul "default" {
	username = "me"
}
```

Use what the help line names. Where only the name changed there is a fix.
"#;
    PLACEHOLDER = "AR0410", "the place of an example", r#"A text looks as if it was copied from an example and still has to be filled in.

```alloy
loki.write "default" {
	endpoint {
		url = "https://<LOKI_HOST>/loki/api/v1/push"
	}
}
```

Put the real value there.
"#;
}
