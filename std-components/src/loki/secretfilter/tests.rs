//! What is found, what is not, and what becomes of a line.

use super::*;
use crate::component::testing;
use crate::signals::{Ack, Labels, Outcome};
use std::fmt::Write as _;

/// Makes a token of a shape: `{a20}` twenty letters and digits, `{h…}` hexadecimal digits, `{u…}` capital letters and digits of base 32, `{d…}`
/// digits, `{b…}` base64. Tokens are made when they are needed, so that no file of ours looks as if it held one.
fn token(shape: &str) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let mut out = String::new();
    let mut rest = shape;
    while let Some((before, after)) = rest.split_once('{') {
        let (spec, behind) = after.split_once('}').unwrap();
        let (kind, count) = spec.split_at(1);
        let set: &[u8] = match kind {
            "a" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "h" => b"0123456789abcdef",
            "u" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "d" => b"0123456789",
            "l" => b"abcdefghijklmnopqrstuvwxyz0123456789",
            "b" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "q" => b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
            _ => unreachable!(),
        };
        out.push_str(before);
        for _ in 0..count.parse().unwrap() {
            out.push(char::from(set[random.usize(..set.len())]));
        }
        rest = behind;
    }
    out + rest
}

/// By rule, a shape of a secret with what stands around it; the secret is between `«` and `»`.
const SHAPES: &[(&str, &str)] = &[
    ("aws-access-token", "id «AKIA{u16}»"),
    ("aws-secret-access-key", "AWS_SECRET_ACCESS_KEY=«{b40}» x"),
    ("aws-session-token", "\"SessionToken\": \"«{b200}»\""),
    ("gcp-api-key", "key=«AIza{a35}»&x"),
    ("gcp-oauth-client-secret", "«GOCSPX-{a28}»"),
    ("gcp-oauth-access-token", "got «ya29.{a60}»"),
    ("azure-ad-client-secret", "(«{a3}8Q~{a34}»)"),
    ("azure-storage-account-key", "AccountName=x;AccountKey=«{b86}==»;"),
    ("azure-shared-access-key", "SharedAccessKey=«{b43}=»"),
    ("azure-sas-signature", "https://x/y?sv=1&sig=«{a43}%3D»&se=2"),
    ("azure-devops-pat", "«{a76}AZDO{a4}»"),
    ("digitalocean-pat", "«dop_v1_{h64}»"),
    ("digitalocean-access-token", "«doo_v1_{h64}»"),
    ("digitalocean-refresh-token", "«dor_v1_{h64}»"),
    ("flyio-access-token", "«fo1_{a43}»"),
    ("heroku-api-key-v2", "«HRKU-AA{a58}»"),
    ("alibaba-access-key-id", "«LTAI{a20}»"),
    ("github-pat", "git clone https://«ghp_{a36}»@github.com"),
    ("github-oauth", "«gho_{a36}»"),
    ("github-app-token", "«ghs_{a36}»"),
    ("github-refresh-token", "«ghr_{a76}»"),
    ("github-fine-grained-pat", "«github_pat_{a22}_{a59}»"),
    ("gitlab-pat", "«glpat-{a20}»"),
    ("gitlab-oauth-app-secret", "«gloas-{h64}»"),
    ("gitlab-deploy-token", "«gldt-{a20}»"),
    ("gitlab-runner-authentication-token", "«glrt-{a20}»"),
    ("gitlab-rrt", "«GR1348941{a20}»"),
    ("gitlab-cicd-job-token", "«glcbt-1_{a20}»"),
    ("gitlab-ptt", "«glptt-{h40}»"),
    ("gitlab-feed-token", "«glft-{a20}»"),
    ("gitlab-incoming-mail-token", "«glimt-{a25}»"),
    ("gitlab-kubernetes-agent-token", "«glagent-{a50}»"),
    ("gitlab-scim-token", "«glsoat-{a20}»"),
    ("npm-access-token", "//registry/:_authToken=«npm_{a36}»"),
    ("pypi-upload-token", "«pypi-AgEIcHlwaS5vcmc{a80}»"),
    ("rubygems-api-token", "«rubygems_{h48}»"),
    ("nuget-api-key", "«oy2{l43}»"),
    ("dockerhub-pat", "«dckr_pat_{a27}»"),
    ("atlassian-api-token", "«ATATT3{a180}»"),
    ("postman-api-token", "«PMAK-{h24}-{h34}»"),
    ("linear-api-key", "«lin_api_{a40}»"),
    ("notion-api-token", "«ntn_{a46}»"),
    ("grafana-service-account-token", "«glsa_{a32}_{h8}»"),
    ("grafana-cloud-api-token", "«glc_{b100}=»"),
    ("grafana-api-key", "«eyJrIjoi{b80}=»"),
    ("vault-service-token", "«hvs.{a90}»"),
    ("vault-batch-token", "«hvb.{a140}»"),
    ("hashicorp-tf-api-token", "«{a14}.atlasv1.{a64}»"),
    ("pulumi-api-token", "«pul-{h40}»"),
    ("doppler-api-token", "«dp.pt.{a43}»"),
    ("databricks-api-token", "«dapi{h32}-3»"),
    ("dynatrace-api-token", "«dt0c01.{u24}.{u64}»"),
    ("datadog-access-token", "DD_API_KEY=«{h32}»"),
    ("new-relic-user-api-key", "«NRAK-{u27}»"),
    ("sentry-org-token", "«sntrys_eyJ{b120}_{b43}»"),
    ("sentry-user-token", "«sntryu_{h64}»"),
    ("tailscale-key", "«tskey-auth-{a11}-{a32}»"),
    ("planetscale-password", "«pscale_pw_{a43}»"),
    ("slack-bot-token", "«xoxb-{d12}-{d12}-{a24}»"),
    ("slack-user-token", "«xoxp-{d12}-{d12}-{d12}-{h32}»"),
    ("slack-config-access-token", "«xoxe.xoxp-1-{a163}»"),
    ("slack-config-refresh-token", "«xoxe-1-{a147}»"),
    ("slack-app-token", "«xapp-1-A{u10}-{d13}-{h64}»"),
    ("slack-legacy-workspace-token", "«xoxa-2-{a40}»"),
    (
        "slack-webhook-url",
        "https://hooks.slack.com/«services/T{u8}/B{u10}/{a24}»",
    ),
    ("stripe-access-token", "Bearer «sk_live_{a24}»"),
    ("stripe-webhook-secret", "«whsec_{a32}»"),
    ("square-access-token", "«sq0atp-{a22}»"),
    ("square-secret", "«sq0csp-{a43}»"),
    ("shopify-token", "«shpat_{h32}»"),
    ("sendgrid-api-token", "«SG.{a22}.{a43}»"),
    ("mailgun-private-api-token", "api:«key-{h32}»"),
    ("telegram-bot-api-token", "/bot «{d10}:AA{a33}»/getMe"),
    ("openai-api-key", "«sk-proj-{a100}»"),
    ("anthropic-api-key", "«sk-ant-api03-{a93}AA»"),
    ("huggingface-access-token", "«hf_{a34}»"),
    (
        "private-key",
        "k: «-----BEGIN RSA PRIVATE KEY-----\\n{b64}\\n{b64}==\\n-----END RSA PRIVATE KEY-----»\\n",
    ),
    ("private-key", "«-----BEGIN EC PRIVATE KEY----- {b64}»"),
    ("jwt", "t=«eyJ{a33}.eyJ{a60}.{a43}» x"),
    ("age-secret-key", "«AGE-SECRET-KEY-1{q58}»"),
    ("authorization-header", "\"Authorization\": \"Basic «{a24}==»\""),
    ("url-password", "postgres://app:«{a12}»@db:5432/x"),
    ("generic-api-key", "my_api_key: '«{a30}»'"),
];

fn found(line: &str) -> Vec<(String, String)> {
    let detector = gitleaks::own().unwrap();
    let mut scratch = Scratch::default();
    assert!(!detector.find(line, &mut scratch, None));
    let name = |finding: &detector::Finding| {
        let rule = detector.rule(finding.rule).unwrap().id.to_string();
        (rule, line[finding.start..finding.end].to_owned())
    };
    scratch.findings.iter().map(name).collect()
}

#[test]
fn every_rule_finds_its_secret_and_no_more_than_it() {
    for (rule, shape) in SHAPES {
        let line = token(shape);
        let secret = line.split_once('«').unwrap().1.split_once('»').unwrap().0;
        let found = found(&line.replace(['«', '»'], ""));
        assert!(
            found.contains(&((*rule).to_owned(), secret.to_owned())),
            "{rule}: {found:?} of {line}"
        );
    }
    for rule in builtin::rules() {
        assert!(
            SHAPES.iter().any(|(id, _)| *id == &*rule.id),
            "{} has no example",
            rule.id
        );
    }
}

#[test]
fn plain_lines_pass() {
    for line in [
        "",
        "GET /api/v1/push 200 12ms",
        "token=none, secret = changeme, password: <redacted>",
        "secret: ${DB_PASSWORD} token={{ .Values.token }}",
        "key-value store asia-east1 sk_test eyj npm_ ghp_short",
        "authorization: Bearer abc",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "https://example.com:8080/path@x user@host: hello",
        "tokenizer loaded: token_count=1234567890123",
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}

fn filter(arguments: &str) -> Filter {
    let arguments = testing::arguments(&format!("forward_to = []\n{arguments}"));
    let (context, _) = Context::<Exports>::for_test("loki.secretfilter.t", Path::new("/nonexistent"));
    Filter::new(&arguments, Metrics::new(&context.metrics)).unwrap()
}

fn filtered(filter: &Filter, line: &str) -> Option<String> {
    let mut entry = Entry {
        labels: Labels::from_pairs([("job", "j")]),
        timestamp: 0,
        line: line.to_owned().into(),
        metadata: None,
    };
    let stays = filter.entry(&mut entry, &mut Scratch::default(), &mut Instant::now());
    stays.then(|| entry.line.to_string())
}

#[test]
fn secrets_are_hidden_and_counted_by_rule_and_origin() {
    let filter = filter("origin_label = \"job\"\nredact_with = \"<$SECRET_NAME>\"");
    let line = token("a=ghp_{a36} b=postgres://u:{a12}@h");
    assert_eq!(
        filtered(&filter, &line).unwrap(),
        "a=<github-pat> b=postgres://u:<url-password>@h"
    );
    let metrics = &filter.metrics;
    assert_eq!(metrics.redacted.get(), 2);
    assert_eq!(
        metrics.by_category.with_label_values(&["github-pat", "j"]).get(),
        1
    );
    assert_eq!(metrics.duration.count(), 1);
}

#[test]
fn a_plain_line_stays_the_same_slice() {
    let filter = filter("");
    let mut entry = Entry {
        labels: Labels::default(),
        timestamp: 0,
        line: "GET /token 200".into(),
        metadata: None,
    };
    let before = entry.line.as_ptr();
    assert!(filter.entry(&mut entry, &mut Scratch::default(), &mut Instant::now()));
    assert_eq!(entry.line.as_ptr(), before);
}

#[test]
fn what_is_not_sampled_passes() {
    let filter = filter("rate = 0.0");
    let line = token("ghp_{a36}");
    assert_eq!(filtered(&filter, &line).unwrap(), line);
    assert_eq!(
        (filter.metrics.bypassed.get(), filter.metrics.redacted.get()),
        (1, 0)
    );
}

#[test]
fn late_lines_pass_or_are_dropped_as_asked_for_and_counted() {
    let line = token("ghp_{a36}");
    let passes = filter("processing_timeout = \"1ns\"");
    assert_eq!(filtered(&passes, &line).unwrap(), line);
    assert_eq!(
        (passes.metrics.timed_out.get(), passes.metrics.dropped.get()),
        (1, 0)
    );
    let drops = filter("processing_timeout = \"1ns\"\ndrop_on_timeout = true");
    assert_eq!(filtered(&drops, &line), None);
    assert_eq!(
        (drops.metrics.timed_out.get(), drops.metrics.dropped.get()),
        (1, 1)
    );
}

fn with_config(toml: &str) -> Result<Filter, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gitleaks.toml");
    std::fs::write(&path, toml).unwrap();
    let body = format!(
        "forward_to = []\nredact_with = \"<$SECRET_NAME>\"\ngitleaks_config = {:?}",
        path.display().to_string()
    );
    let (context, _) = Context::<Exports>::for_test("loki.secretfilter.t", Path::new("/nonexistent"));
    Filter::new(&testing::arguments(&body), Metrics::new(&context.metrics))
        .map_err(|error| error.message.replace(&folder.path().display().to_string(), ""))
}

#[test]
fn a_file_brings_rules_of_its_own() {
    let filter = with_config(
        r#"
        title = "x"
        [[rules]]
        id = "internal"
        description = "ours"
        regex = '''(secret)_tok_([0-9a-z]{4,})'''
        secretGroup = 2
        keywords = ["Secret_Tok_"]
        entropy = 1
        tags = ["a"]
          [[rules.allowlists]]
          stopwords = ["Example"]
        [[rules]]
        id = "everywhere"
        regex = '''\bX\d{3}\b'''
        [[rules]]
        id = "files"
        path = '''\.pem$'''
        [allowlist]
        regexTarget = "line"
        regexes = ['''^harmless''']
        "#,
    )
    .unwrap();
    let line = "secret_tok_ab12 secret_tok_aaaa secret_tok_1example1 X123 ";
    assert_eq!(
        filtered(&filter, line).unwrap(),
        "secret_tok_<internal> secret_tok_aaaa secret_tok_1example1 <everywhere> "
    );
    let line = format!("harmless {line}{}", token("ghp_{a36}"));
    assert_eq!(filtered(&filter, &line).unwrap(), line);
}

#[test]
fn a_file_may_extend_ours() {
    let filter = with_config(
        r#"
        [extend]
        useDefault = true
        disabledRules = ["gitlab-pat"]
        [[rules]]
        id = "github-pat"
        [[rules.allowlists]]
        condition = "AND"
        regexTarget = "line"
        regexes = ['''fixture''']
        stopwords = ["ghp_"]
        [[rules]]
        id = "x"
        regex = "xyzzy"
        [[allowlists]]
        targetRules = ["x"]
        regexTarget = "match"
        regexes = ["xyz"]
        "#,
    )
    .unwrap();
    let line = token("ghp_{a36} glpat-{a20} xyzzy");
    let hidden = filtered(&filter, &line).unwrap();
    assert!(
        hidden.starts_with("<github-pat> glpat-") && hidden.ends_with(" xyzzy"),
        "{hidden}"
    );
    let line = format!("fixture {line}");
    assert_eq!(filtered(&filter, &line).unwrap(), line);
}

#[test]
fn mistakes_in_a_file_are_told_by_their_line() {
    let mut told = String::new();
    for toml in [
        "[[rules]\n",
        "[[rules]]\nregex = 'x'",
        "[[rules]]\nid = 'a'",
        "[[rules]]\nid = 'a'\nregex = '(?=x)'",
        "[[rules]]\nid = 'a'\nregex = 'x'\nsecretGroup = 1",
        "[[rules]]\nid = 'a'\nregex = 'x'\nentropy = 'high'",
        "[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.allowlists]]\ndescription = 'y'",
        "[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.required]]\nid = 'b'",
        "[extend]\npath = '/nonexistent'",
    ] {
        writeln!(told, "{}", with_config(toml).unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    /gitleaks.toml, line 1: unclosed array table, expected `]`
    /gitleaks.toml, line 1: a rule needs an id
    the rule "a" has no regex
    /gitleaks.toml, line 3: regex is no valid expression: look-around, including look-ahead and look-behind, is not supported
    the rule "a" has secretGroup = 1, and its regex has 0 groups
    /gitleaks.toml, line 4: entropy has to be a number from 0 on
    /gitleaks.toml, line 4: an allowlist needs at least one of commits, paths, regexes and stopwords
    /gitleaks.toml, line 4: required rules look at several lines, which this component does not: take them away
    cannot read /nonexistent: No such file or directory (os error 2)
    "#);
}

#[tokio::test]
async fn what_is_dropped_is_taken_for_good() {
    let (context, _) = Context::for_test("loki.secretfilter.t", Path::new("/nonexistent"));
    let component = SecretFilter::new(
        context,
        testing::arguments("forward_to = []\nprocessing_timeout = \"1ns\"\ndrop_on_timeout = true"),
    )
    .unwrap();
    let (told, outcome) = std::sync::mpsc::channel();
    let entry = Entry {
        labels: Labels::default(),
        timestamp: 0,
        line: token("ghp_{a36}").into(),
        metadata: None,
    };
    let batch = LogBatch {
        entries: vec![entry],
        ack: Ack::new(move |end| told.send(end).unwrap()),
    };
    component.forward(batch, &mut Scratch::default()).await;
    assert_eq!(outcome.recv().unwrap(), Outcome::Delivered);
}

proptest::proptest! {
    #[test]
    fn any_line_can_be_looked_through(line in ".{0,200}", secret in "[a-zA-Z0-9]{36}") {
        thread_local! {
            static FILTER: Filter = filter("redact_percent = 100");
        }
        let line = format!("{line} ghp_{secret} {line}");
        let hidden = FILTER.with(|filter| filtered(filter, &line)).unwrap();
        // Among anything else, a token with a word's ends around it goes.
        if found(&line).iter().any(|(rule, _)| rule == "github-pat") {
            assert!(!hidden.contains(&secret), "{hidden}");
        }
    }
}
