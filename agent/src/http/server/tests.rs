use super::arguments::Arguments;
use super::auth::Auth;
use super::tls;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use river_eval::{Arguments as _, Object};
use river_syntax::{FileId, parse_file};

fn decode(text: &str) -> Result<Arguments, String> {
    let parse = parse_file(FileId(0), text);
    assert!(parse.errors.is_empty(), "{:?}", parse.errors);
    let (body, mistakes) = river_eval::lower::file(&parse);
    assert!(mistakes.is_empty());
    let body = river_eval::evaluate_body(&body, &Object::new()).unwrap();
    Arguments::decode(&body).map_err(|found| {
        let messages: Vec<_> = found.iter().map(|one| one.message.as_str()).collect();
        messages.join("\n")
    })
}

fn asking(header: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).unwrap());
    }
    headers
}

fn basic(credentials: &str) -> HeaderMap {
    asking(&format!("Basic {}", STANDARD.encode(credentials)))
}

#[test]
fn only_the_right_name_with_the_right_password_is_let_in() {
    let arguments =
        decode("auth {\n\tbasic {\n\t\tusername = \"ops\"\n\t\tpassword = \"a:b\"\n\t}\n}").unwrap();
    let auth = Auth::new(arguments.auth.as_ref().unwrap()).unwrap();
    let lets_in = |headers: &HeaderMap| auth.is_allowed("/-/ready", headers);
    assert!(lets_in(&basic("ops:a:b")));
    let lower_case = asking(&format!("basic {}", STANDARD.encode("ops:a:b")));
    assert!(lets_in(&lower_case));
    for wrong in ["ops:a", "ops:", "ops", ":a:b", "Ops:a:b", ""] {
        assert!(!lets_in(&basic(wrong)), "{wrong}");
    }
    for wrong in ["", "Basic", "Basic ???", "Bearer b3BzOmE6Yg==", "é"] {
        assert!(!lets_in(&asking(wrong)), "{wrong}");
    }
    assert!(!format!("{arguments:?}").contains("a:b"));
}

#[test]
fn a_filter_says_for_which_paths() {
    let with = |filter: &str| {
        let basic = "basic {\n\t\tusername = \"u\"\n\t\tpassword = \"p\"\n\t}";
        let arguments = decode(&format!("auth {{\n\t{basic}\n\tfilter {{\n{filter}\n\t}}\n}}")).unwrap();
        let auth = Auth::new(arguments.auth.as_ref().unwrap()).unwrap();
        ["/metrics", "/metrics/x", "/-/ready"].map(|path| auth.is_allowed(path, &HeaderMap::new()))
    };
    assert_eq!(with("paths = [\"/metrics\"]"), [false, false, true]);
    assert_eq!(
        with("paths = [\"/metrics\"]\nauthenticate_matching_paths = false"),
        [true, true, false]
    );
    assert_eq!(with("authenticate_matching_paths = false"), [false; 3]);
    // As in the reference; the block warns of it.
    assert_eq!(with(""), [true; 3]);
}

#[test]
fn settings_that_do_not_fit_are_told() {
    let mistakes = |tls: &str| decode(&format!("tls {{\n{tls}\n}}")).unwrap_err();
    insta::assert_snapshot!(mistakes(""), @r"
    must specify either cert_pem or cert_file
    must specify either key_pem or key_file
    ");
    let pair = "cert_file = \"c\"\nkey_file = \"k\"\n";
    insta::assert_snapshot!(mistakes(&format!("{pair}cert_pem = \"x\"\nkey_pem = \"y\"")), @r"
    cannot specify both cert_pem and cert_file
    cannot specify both key_pem and key_file
    ");
    insta::assert_snapshot!(mistakes(&format!("{pair}client_ca_file = \"a\"")), @"cannot specify client_ca_pem or client_ca_file when client_auth_type is NoClientCert");
    insta::assert_snapshot!(mistakes(&format!("{pair}max_version = \"TLS11\"")), @"TLS below 1.2 is broken and not spoken: nobody could connect");
    insta::assert_snapshot!(mistakes(&format!("{pair}min_version = \"TLS13\"\nmax_version = \"TLS12\"")), @"max_version is below min_version: nobody could connect");
}

#[test]
fn what_is_not_offered_is_told_and_left_out() {
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = |more: &str| {
        let (cert, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
        decode(&format!(
            "tls {{\ncert_pem = `{cert}`\nkey_pem = `{key}`\n{more}\n}}"
        ))
        .unwrap()
        .tls
        .unwrap()
    };
    let old = tls(
        "min_version = \"TLS10\"\ncipher_suites = [\"TLS_RSA_WITH_AES_128_CBC_SHA\", \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]\ncurve_preferences = [\"CurveP521\", \"X25519\"]",
    );
    let left_out: Vec<_> = tls::left_out(&old).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left_out, ["min_version", "cipher_suites", "curve_preferences"]);
    let config = tls::server(&old).ok().unwrap().current();
    let of_12 =
        |suite: &&rustls::SupportedCipherSuite| suite.version().version == rustls::ProtocolVersion::TLSv1_2;
    assert_eq!(
        config
            .crypto_provider()
            .cipher_suites
            .iter()
            .filter(of_12)
            .count(),
        1
    );
    assert_eq!(config.crypto_provider().kx_groups.len(), 1);
    let unknown = tls("cipher_suites = [\"TLS_NONE\"]");
    assert_eq!(
        tls::server(&unknown).err().unwrap(),
        ("cipher_suites", "unknown cipher \"TLS_NONE\"".to_owned())
    );
}

#[test]
fn a_key_is_never_quoted() {
    let tls = decode("tls {\ncert_pem = `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`\nkey_pem = \"hunter2\"\n}")
        .unwrap()
        .tls
        .unwrap();
    let (attribute, reason) = tls::server(&tls).err().unwrap();
    assert_eq!(
        (attribute, reason.as_str()),
        ("key_pem", "not a private key in PEM")
    );
    assert!(!format!("{tls:?}").contains("hunter2"));
}
