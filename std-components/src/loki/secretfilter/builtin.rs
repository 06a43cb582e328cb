//! The component's own rules: shapes of tokens as their issuers document them. Ids are those by which gitleaks' users know them.

use super::rules::{Allowlist, Pattern, RegexTarget, Rule};
use std::borrow::Cow;

/// Id, keywords, least entropy, expression.
type Row = (&'static str, &'static [&'static str], f64, &'static str);

/// Clouds.
const CLOUDS: &[Row] = &[
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    (
        "aws-access-token",
        &["akia", "asia", "abia", "acca", "a3t"],
        2.5,
        r"\b((?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16})\b",
    ),
    (
        "aws-secret-access-key",
        &["secret_access_key", "secretaccesskey", "secret_key", "secretkey"],
        3.5,
        r#"(?i)secret_?(?:access_?)?key["'\\]{0,3}\s{0,3}[=:]\s{0,3}["'\\]{0,3}([a-z0-9/+]{40})(?:[^a-z0-9/+=]|$)"#,
    ),
    (
        "aws-session-token",
        &["session_token", "sessiontoken", "security-token"],
        3.5,
        r#"(?i)(?:session_?token|x-amz-security-token)["'\\]{0,3}\s{0,3}[=:]\s{0,3}["'\\]{0,3}([a-z0-9/+%]{100,2000}={0,2})"#,
    ),
    // https://cloud.google.com/docs/authentication/api-keys
    (
        "gcp-api-key",
        &["aiza"],
        3.0,
        r"\b(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)",
    ),
    (
        "gcp-oauth-client-secret",
        &["gocspx-"],
        3.0,
        r"\b(GOCSPX-[0-9A-Za-z_-]{28})",
    ),
    (
        "gcp-oauth-access-token",
        &["ya29."],
        3.0,
        r"\b(ya29\.[0-9A-Za-z_-]{20,1000})",
    ),
    // https://learn.microsoft.com/purview/sit-defn-client-secret-api-key
    (
        "azure-ad-client-secret",
        &["q~"],
        3.0,
        r"(?:^|[^0-9A-Za-z_~.-])([0-9A-Za-z_~.-]{3}\dQ~[0-9A-Za-z_~.-]{31,34})(?:[^0-9A-Za-z_~.-]|$)",
    ),
    (
        "azure-storage-account-key",
        &["accountkey"],
        3.5,
        r"(?i)AccountKey\s{0,3}=\s{0,3}([a-z0-9+/]{86}==)",
    ),
    (
        "azure-shared-access-key",
        &["sharedaccesskey"],
        3.5,
        r"(?i)SharedAccessKey\s{0,3}=\s{0,3}([a-z0-9+/]{43}=)",
    ),
    (
        "azure-sas-signature",
        &["sig="],
        3.5,
        r"(?i)[?&;]sig=([a-z0-9%+/]{43,70}(?:%3D|=))",
    ),
    (
        "azure-devops-pat",
        &["azdo"],
        3.5,
        r"\b([0-9A-Za-z]{76}AZDO[0-9A-Za-z]{4})\b",
    ),
    // https://docs.digitalocean.com/reference/api/create-personal-access-token/
    (
        "digitalocean-pat",
        &["dop_v1_"],
        3.0,
        r"\b(dop_v1_[0-9a-f]{64})\b",
    ),
    (
        "digitalocean-access-token",
        &["doo_v1_"],
        3.0,
        r"\b(doo_v1_[0-9a-f]{64})\b",
    ),
    (
        "digitalocean-refresh-token",
        &["dor_v1_"],
        3.0,
        r"(?i)\b(dor_v1_[0-9a-f]{64})\b",
    ),
    (
        "flyio-access-token",
        &["fo1_", "fm1", "fm2_"],
        3.0,
        r"\b(fo1_[\w-]{43}|fm1[ar]_[0-9A-Za-z+/]{100,}={0,3}|fm2_[0-9A-Za-z+/]{100,}={0,3})",
    ),
    (
        "heroku-api-key-v2",
        &["hrku-aa"],
        3.0,
        r"\b(HRKU-AA[0-9A-Za-z_-]{58})\b",
    ),
    (
        "alibaba-access-key-id",
        &["ltai"],
        2.0,
        r"\b(LTAI[0-9A-Za-z]{20})\b",
    ),
];

/// Where code and packages live.
const FORGES: &[Row] = &[
    // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    ("github-pat", &["ghp_"], 3.0, r"\b(ghp_[0-9A-Za-z]{36})\b"),
    ("github-oauth", &["gho_"], 3.0, r"\b(gho_[0-9A-Za-z]{36})\b"),
    (
        "github-app-token",
        &["ghu_", "ghs_"],
        3.0,
        r"\b(gh[us]_[0-9A-Za-z]{36})\b",
    ),
    (
        "github-refresh-token",
        &["ghr_"],
        3.0,
        r"\b(ghr_[0-9A-Za-z]{36,76})\b",
    ),
    (
        "github-fine-grained-pat",
        &["github_pat_"],
        3.0,
        r"\b(github_pat_[0-9A-Za-z_]{82})\b",
    ),
    // https://docs.gitlab.com/security/tokens/#token-prefixes
    (
        "gitlab-pat",
        &["glpat-"],
        3.0,
        r"\b(glpat-[0-9A-Za-z_.-]{20,300})",
    ),
    (
        "gitlab-oauth-app-secret",
        &["gloas-"],
        3.0,
        r"\b(gloas-[0-9A-Za-z_-]{64})",
    ),
    (
        "gitlab-deploy-token",
        &["gldt-"],
        3.0,
        r"\b(gldt-[0-9A-Za-z_-]{20,})",
    ),
    (
        "gitlab-runner-authentication-token",
        &["glrt-", "glrtr-"],
        3.0,
        r"\b(glrtr?-[0-9A-Za-z_.-]{20,})",
    ),
    (
        "gitlab-rrt",
        &["gr1348941"],
        3.0,
        r"\b(GR1348941[0-9A-Za-z_-]{20,})",
    ),
    (
        "gitlab-cicd-job-token",
        &["glcbt-"],
        3.0,
        r"\b(glcbt-[0-9A-Za-z_.-]{20,})",
    ),
    ("gitlab-ptt", &["glptt-"], 3.0, r"\b(glptt-[0-9a-f]{40})"),
    (
        "gitlab-feed-token",
        &["glft-"],
        3.0,
        r"\b(glft-[0-9A-Za-z_-]{20,})",
    ),
    (
        "gitlab-incoming-mail-token",
        &["glimt-"],
        3.0,
        r"\b(glimt-[0-9A-Za-z_-]{25,})",
    ),
    (
        "gitlab-kubernetes-agent-token",
        &["glagent-"],
        3.0,
        r"\b(glagent-[0-9A-Za-z_-]{50,})",
    ),
    (
        "gitlab-scim-token",
        &["glsoat-"],
        3.0,
        r"\b(glsoat-[0-9A-Za-z_-]{20,})",
    ),
    // https://docs.npmjs.com/about-access-tokens
    ("npm-access-token", &["npm_"], 3.0, r"\b(npm_[0-9A-Za-z]{36})\b"),
    // https://pypi.org/help/#apitoken: a macaroon that begins with the site's name
    (
        "pypi-upload-token",
        &["pypi-ageichlwas5vcmc", "pypi-agendgvzdc5wexbplm9yz"],
        3.0,
        r"\b(pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZ)[0-9A-Za-z_-]{50,1000})",
    ),
    (
        "rubygems-api-token",
        &["rubygems_"],
        2.5,
        r"\b(rubygems_[0-9a-f]{48})\b",
    ),
    ("nuget-api-key", &["oy2"], 3.0, r"\b(oy2[a-z0-9]{43})\b"),
    (
        "dockerhub-pat",
        &["dckr_pat_", "dckr_oat_"],
        3.0,
        r"\b(dckr_[po]at_[0-9A-Za-z_-]{27,40})",
    ),
    (
        "atlassian-api-token",
        &["atatt3", "atctt3"],
        3.5,
        r"\b(AT[AC]TT3[0-9A-Za-z_=-]{60,300})",
    ),
    (
        "postman-api-token",
        &["pmak-"],
        3.0,
        r"\b(PMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34})\b",
    ),
    (
        "linear-api-key",
        &["lin_api_"],
        2.5,
        r"\b(lin_api_[0-9A-Za-z]{40})\b",
    ),
    (
        "notion-api-token",
        &["ntn_"],
        3.5,
        r"\b(ntn_[0-9A-Za-z]{40,50})\b",
    ),
];

/// What machines are run and watched with.
const OPERATIONS: &[Row] = &[
    // https://grafana.com/docs/grafana/latest/administration/service-accounts/
    (
        "grafana-service-account-token",
        &["glsa_"],
        3.0,
        r"\b(glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8})\b",
    ),
    (
        "grafana-cloud-api-token",
        &["glc_"],
        3.0,
        r"\b(glc_[0-9A-Za-z+/]{32,400}={0,3})",
    ),
    (
        "grafana-api-key",
        &["eyjrijoi"],
        3.0,
        r"\b(eyJrIjoi[0-9A-Za-z+/]{60,400}={0,3})",
    ),
    // https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    (
        "vault-service-token",
        &["hvs."],
        3.0,
        r"\b(hvs\.[0-9A-Za-z_-]{24,200})",
    ),
    (
        "vault-batch-token",
        &["hvb."],
        3.0,
        r"\b(hvb\.[0-9A-Za-z_-]{60,400})",
    ),
    (
        "hashicorp-tf-api-token",
        &["atlasv1"],
        3.5,
        r"\b([0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_=-]{60,70})",
    ),
    ("pulumi-api-token", &["pul-"], 2.5, r"\b(pul-[0-9a-f]{40})\b"),
    (
        "doppler-api-token",
        &["dp.pt."],
        2.5,
        r"\b(dp\.pt\.[0-9A-Za-z]{40,44})\b",
    ),
    (
        "databricks-api-token",
        &["dapi"],
        3.0,
        r"\b(dapi[0-9a-f]{32}(?:-\d)?)\b",
    ),
    (
        "dynatrace-api-token",
        &["dt0"],
        3.5,
        r"\b(dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b",
    ),
    (
        "datadog-access-token",
        &[
            "dd_api_key",
            "dd_app_key",
            "dd-api-key",
            "dd-application-key",
            "datadog",
        ],
        3.0,
        r#"(?i)(?:dd[_-](?:api|app|application)[_-]key|datadog[\w.-]{0,20})["'\\]{0,3}\s{0,3}[=:]\s{0,3}["'\\]{0,3}([0-9a-f]{40}|[0-9a-f]{32})\b"#,
    ),
    (
        "new-relic-user-api-key",
        &["nrak-"],
        2.5,
        r"\b(NRAK-[A-Z0-9]{27})\b",
    ),
    (
        "sentry-org-token",
        &["sntrys_"],
        3.5,
        r"\b(sntrys_eyJ[0-9A-Za-z+/=_]{80,400})",
    ),
    (
        "sentry-user-token",
        &["sntryu_"],
        3.0,
        r"\b(sntryu_[0-9a-f]{64})\b",
    ),
    (
        "tailscale-key",
        &["tskey-"],
        3.0,
        r"\b(tskey-[a-z]+-[0-9A-Za-z]+-[0-9A-Za-z]{20,40})\b",
    ),
    (
        "planetscale-password",
        &["pscale_"],
        3.0,
        r"\b(pscale_(?:pw|tkn|oauth)_[0-9A-Za-z_.=-]{32,64})",
    ),
];

/// Messages, payments, models.
const SERVICES: &[Row] = &[
    // https://docs.slack.dev/authentication/tokens
    (
        "slack-bot-token",
        &["xoxb-"],
        3.0,
        r"\b(xoxb-[0-9]{8,14}-[0-9A-Za-z-]{18,80})",
    ),
    (
        "slack-user-token",
        &["xoxp-", "xoxe-"],
        2.5,
        r"\b(xox[pe](?:-[0-9]{8,14}){2,3}-[0-9A-Za-z-]{24,40})",
    ),
    (
        "slack-config-access-token",
        &["xoxe."],
        3.0,
        r"(?i)\b(xoxe\.xox[bp]-\d-[a-z0-9]{120,200})",
    ),
    (
        "slack-config-refresh-token",
        &["xoxe-"],
        3.0,
        r"(?i)\b(xoxe-\d-[a-z0-9]{120,200})",
    ),
    (
        "slack-app-token",
        &["xapp-"],
        3.0,
        r"(?i)\b(xapp-\d-[a-z0-9]+-\d+-[a-z0-9]{32,80})",
    ),
    (
        "slack-legacy-workspace-token",
        &["xoxa-", "xoxr-"],
        2.5,
        r"\b(xox[ar]-(?:\d-)?[0-9A-Za-z-]{8,80})",
    ),
    (
        "slack-webhook-url",
        &["hooks.slack.com"],
        0.0,
        r"hooks\.slack\.com/((?:services|workflows|triggers)/[0-9A-Za-z+/]{40,80})",
    ),
    // https://docs.stripe.com/keys
    (
        "stripe-access-token",
        &["sk_test", "sk_live", "sk_prod", "rk_test", "rk_live", "rk_prod"],
        2.5,
        r"\b([sr]k_(?:test|live|prod)_[0-9A-Za-z]{10,250})\b",
    ),
    (
        "stripe-webhook-secret",
        &["whsec_"],
        3.0,
        r"\b(whsec_[0-9A-Za-z+/=]{32,100})",
    ),
    (
        "square-access-token",
        &["sq0atp-", "eaaa"],
        2.5,
        r"\b(sq0atp-[0-9A-Za-z_-]{22}|EAAA[0-9A-Za-z_+=-]{60})",
    ),
    (
        "square-secret",
        &["sq0csp-"],
        2.5,
        r"\b(sq0csp-[0-9A-Za-z_-]{43})",
    ),
    (
        "shopify-token",
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        2.5,
        r"\b(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})\b",
    ),
    (
        "sendgrid-api-token",
        &["sg."],
        3.0,
        r"\b(SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43})",
    ),
    (
        "mailgun-private-api-token",
        &["key-"],
        3.0,
        r"\b(key-[0-9a-f]{32})\b",
    ),
    (
        "telegram-bot-api-token",
        &[":aa"],
        3.0,
        r"\b([0-9]{8,10}:AA[0-9A-Za-z_-]{33})(?:[^0-9A-Za-z_-]|$)",
    ),
    (
        "openai-api-key",
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "t3blbkfj"],
        3.0,
        r"\b(sk-(?:(?:proj|svcacct|admin)-[0-9A-Za-z_-]{40,200}|[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}))",
    ),
    (
        "anthropic-api-key",
        &["sk-ant-"],
        3.0,
        r"\b(sk-ant-(?:api|admin|oat|ort)\d\d-[0-9A-Za-z_-]{60,120})",
    ),
    (
        "huggingface-access-token",
        &["hf_"],
        2.5,
        r"\b(hf_[0-9A-Za-z]{34})\b",
    ),
];

/// What belongs to no issuer.
const GENERAL: &[Row] = &[
    // RFC 7468, in one line or with escaped newlines; of a block that is spread over lines, the first.
    (
        "private-key",
        &["private key"],
        0.0,
        r"(-----BEGIN[ A-Z0-9]{0,60}PRIVATE KEY(?: BLOCK)?-----[\sA-Za-z0-9+/=\\:,-]{16,}?(?:-----END[ A-Z0-9]{0,60}PRIVATE KEY(?: BLOCK)?-----|$))",
    ),
    // RFC 7519: header and claims are base64url of JSON objects, which begin with `{"`.
    (
        "jwt",
        &["eyj"],
        3.0,
        r"\b(eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,})",
    ),
    (
        "age-secret-key",
        &["age-secret-key-1"],
        0.0,
        r"\b(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b",
    ),
    // RFC 9110, 11.6.2
    (
        "authorization-header",
        &["authorization"],
        0.0,
        r#"(?i)authorization["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3}(?:basic|bearer|token|apikey)\s{1,3}([a-z0-9_.~+/=-]{8,4000})"#,
    ),
    // RFC 3986, 3.2.1
    (
        "url-password",
        &["://"],
        0.0,
        r#"://[^\s:/?#@"']{0,100}:([^\s/?#@"']{3,200})@"#,
    ),
    (
        "generic-api-key",
        &[
            "api_key",
            "api-key",
            "apikey",
            "access_key",
            "access-key",
            "accesskey",
            "secret",
            "token",
            "passw",
            "passwd",
            "credential",
            "auth_key",
        ],
        3.5,
        r#"(?i)(?:api[_-]?key|access[_-]?key|auth[_-]?key|secret|token|passw(?:or)?d|passwd|credentials?)["'\\]{0,3}\s{0,3}(?:=|:|:=|=>)\s{0,3}["'\\]{0,3}([a-z0-9_.+/=~-]{10,200})(?:["'\\\s;,&)\]}]|$)"#,
    ),
];

/// All of them.
pub(super) fn rules() -> Vec<Rule> {
    let rows = [CLOUDS, FORGES, OPERATIONS, SERVICES, GENERAL]
        .into_iter()
        .flatten();
    rows.map(|&(id, keywords, entropy, expression)| Rule {
        id: id.into(),
        pattern: Pattern::own(expression),
        keywords: keywords.iter().map(|keyword| Cow::Borrowed(*keyword)).collect(),
        entropy,
        secret_group: 0,
        allowlists: if id == "generic-api-key" {
            // Words are names of secrets rather than secrets.
            vec![values(r"^[A-Za-z_.=/-]+$")]
        } else {
            Vec::new()
        },
    })
    .collect()
}

/// What is no secret, whatever rule finds it: places for one, and nothing.
pub(super) fn allowlists() -> Vec<Allowlist> {
    vec![values(
        r"^(?:\$\{?[A-Za-z_0-9]+\}?|\$?\{\{.*|%[A-Za-z_]+%|<[^<>]*>|(?i:x{3,}|\*+|\.+|null|nil|none|true|false|undefined|\(?secret\)?|redacted)\.{0,3})$",
    )]
}

fn values(expression: &'static str) -> Allowlist {
    Allowlist {
        target: RegexTarget::Secret,
        regexes: vec![Pattern::own(expression)],
        ..Allowlist::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_can_be_used() {
        let rules = rules();
        for rule in &rules {
            assert!(rule.pattern.get().is_some(), "{}", rule.id);
            assert!(!rule.keywords.is_empty(), "{}", rule.id);
            for keyword in &rule.keywords {
                assert_eq!(**keyword, keyword.to_lowercase());
            }
        }
        let mut ids: Vec<_> = rules.iter().map(|rule| rule.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
        for list in allowlists() {
            assert!(list.regexes.iter().all(|expression| expression.get().is_some()));
        }
    }
}
