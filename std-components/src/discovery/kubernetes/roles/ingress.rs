//! A target for each path of each ingress.

use super::Around;
use crate::discovery::kubernetes::labels::{Labels, Names};
use crate::discovery::kubernetes::objects::Ingress;

pub(super) fn targets(ingress: &Ingress, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    let meta = &ingress.metadata;
    let mut base = Labels::new();
    names.put(&mut base, "namespace", &meta.namespace);
    if let Some(class) = &ingress.spec.ingress_class_name {
        names.put(&mut base, "ingress_class_name", class);
    }
    names.put_object(&mut base, "ingress", meta);
    around.namespace(&mut base, names, &meta.namespace);
    let mut targets = Vec::new();
    for rule in &ingress.spec.rules {
        let mut patterns = ingress.spec.tls.iter().flat_map(|tls| &tls.hosts);
        let scheme = if patterns.any(|pattern| matches(pattern, &rule.host)) {
            "https"
        } else {
            "http"
        };
        let paths: Vec<&str> = match &rule.http {
            Some(http) => http.paths.iter().map(|path| &*path.path).collect(),
            None => vec![""],
        };
        for path in paths {
            let mut labels = base.clone();
            names.address(&mut labels, rule.host.clone());
            names.put_text(&mut labels, "ingress_scheme", scheme);
            names.put(&mut labels, "ingress_host", &rule.host);
            names.put_text(
                &mut labels,
                "ingress_path",
                if path.is_empty() { "/" } else { path },
            );
            targets.push(labels);
        }
    }
    targets
}

/// Whether a certificate's host is this host; its first part may be `*`.
fn matches(pattern: &str, host: &str) -> bool {
    if pattern == host {
        return true;
    }
    let (Some(pattern), Some((_, host))) = (pattern.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    pattern == host
}
