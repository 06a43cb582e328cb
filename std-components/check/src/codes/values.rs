//! Codes of values that cannot be meant so, or do not work: AR0300 to AR0399.

river_syntax::codes! {
    BAD_REGEX = "AR0300", "a regular expression that does not compile", r#"A regular expression is not what RE2 understands. RE2 knows no look-around and no back references; a glob's `*` is `.*` here.

```alloy
discovery.relabel "pods" {
	targets = []

	rule {
		source_labels = ["__meta_kubernetes_namespace"]
		regex         = "kube-(?!system).*"
		action        = "drop"
	}
}
```

The message says what is wrong and points at the place inside of the text. Between backticks a backslash needs no second one: `\d+` in backticks is `"\\d+"` in quotes.
"#;
    NO_SUCH_GROUP = "AR0301", "a group that the regular expression does not have", r#"A replacement names a group that is not in the expression; what stands there becomes empty. A name after `$` reaches as far as it can: `$1_total` is the group `1_total`.

```alloy
prometheus.relabel "names" {
	forward_to = []

	rule {
		source_labels = ["__name__"]
		regex         = "(.+)_count"
		target_label  = "__name__"
		replacement   = "$1_total"
	}
}
```

Write `${1}_total`. Where no replacement is given it is `$1`, so the expression needs a group: put what is to be kept in parentheses.
"#;
    RELABEL_RULE = "AR0302", "a relabelling rule with too little or too much", r#"Every action of a relabelling rule takes fields of its own. The component does not start with others.

```alloy
discovery.relabel "shard" {
	targets = []

	rule {
		source_labels = ["__address__"]
		action        = "hashmod"
		target_label  = "__tmp_shard"
	}
}
```

`hashmod` needs a `modulus`; `replace`, `hashmod`, `lowercase`, `uppercase`, `keepequal` and `dropequal` need a `target_label`; `labeldrop` and `labelkeep` take a `regex` only.
"#;
    RELABEL_NO_EFFECT = "AR0303", "a relabelling rule that matches nothing, or everything", r#"A rule can never match, matches whatever comes, or contradicts one before it. Most often a `regex` is missing, or was written for one label where several are joined.

```alloy
discovery.relabel "pods" {
	targets = []

	rule {
		source_labels = ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_phase"]
		regex         = "Running"
		action        = "keep"
	}
}
```

The expression has to match the whole text, and the values of several labels are joined with the separator: `regex = ".+;Running"`. To keep what has a label at all write `regex = ".+"`.
"#;
    META_LABEL = "AR0304", "a label of discovery where samples have it no more", r#"Labels that begin with `__meta_` come with targets and end with the scrape. Rules that work on samples never see them.

```alloy
prometheus.relabel "pods" {
	forward_to = []

	rule {
		source_labels = ["__meta_kubernetes_pod_name"]
		target_label  = "pod"
	}
}
```

Copy the label with a `discovery.relabel` between discovery and `prometheus.scrape`.
"#;
    LABEL_NAME = "AR0305", "an unusual name of a label or metric", r#"Names of labels are letters, digits and `_`, no digit first; names of metrics may hold `:`, too. Newer systems take more, but Loki refuses it and queries have to quote it.

```alloy
loki.process "app" {
	forward_to = []

	stage.labels {
		values = { "app-name" = "app" }
	}
}
```

Write `app_name = "app"`.
"#;
    BAD_URL = "AR0306", "a URL that cannot be used", r#"A URL lacks its scheme or host, has a scheme that is not spoken there, or a port that does not exist.

```alloy
loki.write "default" {
	endpoint {
		url = "localhost:3100/loki/api/v1/push"
	}
}
```

Write the scheme: `http://localhost:3100/loki/api/v1/push`.
"#;
    ADDRESS = "AR0307", "an address or port that does not exist", r#"An address to listen on is `host:port`, without a scheme; ports are numbers from 0 to 65535.

```alloy
otelcol.receiver.otlp "default" {
	grpc {
		endpoint = "http://0.0.0.0:4317"
	}

	output { }
}
```

Write `0.0.0.0:4317`; an IPv6 address stands in brackets: `[::]:4317`.
"#;
    JMESPATH = "AR0308", "a JMESPath expression that does not parse, or finds nothing", r#"`stage.json` extracts values by JMESPath, and an expression is none, or subtracts one name from another.

```alloy
loki.process "app" {
	forward_to = []

	stage.json {
		expressions = { request = "http-request.id" }
	}
}
```

`http-request` is `http` minus `request`, which is null. A name with other characters than letters, digits and `_` stands in double quotes within the expression; backticks around it spare the escapes: `"http-request".id`.
"#;
    TEMPLATE = "AR0309", "a template that does not parse", r#"`stage.template` and `stage.replace` take Go templates, and a text is none, or calls a function that there is not.

```alloy
loki.process "app" {
	forward_to = []

	stage.template {
		source   = "level"
		template = "{{ tolower .Value }}"
	}
}
```

Names of functions are told apart by case: `ToLower`, or `lower`. Values are read with a dot: `.Value`. Every `if`, `with` and `range` has its `{{ end }}`.
"#;
    SELECTOR = "AR0310", "a LogQL selector that does not parse", r#"`stage.match` takes a stream selector with line filters, and a text is none.

```alloy
loki.process "app" {
	forward_to = []

	stage.match {
		selector = "{app=web}"

		stage.decolorize { }
	}
}
```

Values stand in quotes: `{app="web"}`, in a string between backticks, or with `\"` in a quoted one. Parsers such as `| json` are stages of their own.
"#;
    TIME_LAYOUT = "AR0311", "a layout that no time has", r#"Layouts are Go's: the reference time, 2 January 2006 15:04:05 at -0700, as it would look. Letters of other notations stand for themselves, so no time is ever read. Time zones have the names of the tz database.

```alloy
loki.process "app" {
	forward_to = []

	stage.timestamp {
		source = "time"
		format = "%Y-%m-%d %H:%M:%S"
	}
}
```

Write `2006-01-02 15:04:05`, or one of the names such as `RFC3339`, `Unix` and `UnixMs`.
"#;
    STAGE = "AR0312", "a stage that cannot work", r#"The fields of a stage contradict each other, are empty where they must not be, or do nothing together.

```alloy
loki.process "app" {
	forward_to = []

	stage.match {
		selector = `{app="web"}`
	}
}
```

The message says what is missing. Here: put stages into it, or write `action = "drop"`.
"#;
    EXCLUSIVE = "AR0313", "arguments that exclude each other", r#"Two arguments are given of which at most one may be, such as two ways to authenticate, or a password and a file for it. The component does not start.

```alloy
loki.write "default" {
	endpoint {
		url          = "https://logs.example.org/loki/api/v1/push"
		bearer_token = sys.env("TOKEN")

		basic_auth {
			username      = "me"
			password_file = "/run/password"
		}
	}
}
```

Keep one of them. Where a value is known only at run time this is a warning: it may turn out to be empty.
"#;
    TOGETHER = "AR0314", "an argument that needs another one", r#"Something is given that works only with something else beside it, such as a certificate with its key.

```alloy
prometheus.scrape "default" {
	targets    = []
	forward_to = []

	tls_config {
		cert_file = "/etc/tls/client.crt"
	}
}
```

Add what the message names: `key_file = "/etc/tls/client.key"`.
"#;
    TIMEOUT = "AR0315", "a timeout above its interval", r#"A scrape or poll has to end before the next one begins; the component does not start otherwise. The defaults count, too: a `scrape_timeout` of 10 seconds is above an interval of 5.

```alloy
prometheus.scrape "fast" {
	targets         = []
	forward_to      = []
	scrape_interval = "5s"
}
```

Set the timeout, too: `scrape_timeout = "4s"`.
"#;
    BOUNDS = "AR0316", "a least value above the greatest", r#"Two arguments bound something, and the lower bound is above the upper one. Defaults count.

```alloy
otelcol.processor.batch "default" {
	send_batch_max_size = 1000

	output { }
}
```

Set both, the lesser one below the greater one.
"#;
    ZERO = "AR0317", "zero where something has to be above it", r#"An interval or number must be above 0; the component does not start.

```alloy
otelcol.processor.memory_limiter "default" {
	check_interval = "0s"
	limit          = "500MiB"

	output { }
}
```

Write a value above 0, such as `"1s"`.
"#;
    WORD = "AR0318", "a word that is not known", r#"The attribute takes a few words only.

```alloy
discovery.kubernetes "pods" {
	role = "pods"
}
```

The help line lists the words and names the nearest one.
"#;
    TARGET = "AR0319", "a target that is none", r#"A target that is written out lacks the label that makes it one, or has no usable address. It is passed over at run time.

```alloy
prometheus.scrape "app" {
	targets    = [{ "__address__" = "http://app:8080/metrics" }]
	forward_to = []
}
```

The address is `host:port`; scheme and path are labels of their own, `__scheme__` and `__metrics_path__`. Files are found by `__path__`.
"#;
    CIDR = "AR0320", "a network that is none", r#"A network is an address with the length of its prefix.

```alloy
beyla.ebpf "default" {
	metrics {
		network {
			cidrs = ["10.0.0.0/33"]
		}
	}
}
```

Write `10.0.0.0/8`, or `fd00::/8`.
"#;
    WRITE_PATH = "AR0321", "a writer's URL without a path", r#"The peer of a writer listens on a path, and a URL that ends with its host is answered with 404.

```alloy
loki.write "default" {
	endpoint {
		url = "http://loki:3100"
	}
}
```

Loki listens on `/loki/api/v1/push`, Prometheus on `/api/v1/write`, Mimir on `/api/v1/push`.
"#;
}
