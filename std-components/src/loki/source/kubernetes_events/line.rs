//! From an event of the cluster to a line, as the reference writes it.

use super::Format;
use crate::text::go_json::for_html;
use crate::text::go_template::quoted;
use k8s_openapi::api::core::v1::Event;
use std::collections::BTreeMap;
use std::fmt::Write;

/// When an event happened, in nanoseconds since 1970. Events that are a series, or that say nothing of their time, are taken by what they do say.
pub(super) fn time(event: &Event) -> i64 {
    let series = event.series.as_ref();
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let last = last.or_else(|| {
        series
            .and_then(|series| series.last_observed_time.as_ref())
            .map(|time| time.0)
    });
    let last = last.or_else(|| event.event_time.as_ref().map(|time| time.0));
    let last = last.or_else(|| event.first_timestamp.as_ref().map(|time| time.0));
    let last = last.or_else(|| event.metadata.creation_timestamp.as_ref().map(|time| time.0));
    last.map_or(0, |time| i64::try_from(time.as_nanosecond()).unwrap_or(0))
}

/// The value of a field.
enum Field<'e> {
    Text(&'e str),
    Number(i32),
    Quoted(&'e str),
}

/// The fields that an event has, in the order of the text format.
fn fields(event: &Event) -> Vec<(&'static str, Field<'_>)> {
    let object = &event.involved_object;
    let source = event.source.as_ref();
    let texts = [
        ("name", &object.name),
        ("kind", &object.kind),
        ("action", &event.action),
        ("objectAPIversion", &object.api_version),
        ("objectRV", &object.resource_version),
        ("eventRV", &event.metadata.resource_version),
        ("reportinginstance", &event.reporting_instance),
        ("reportingcontroller", &event.reporting_component),
        (
            "sourcecomponent",
            source.map_or(&None, |source| &source.component),
        ),
        ("sourcehost", source.map_or(&None, |source| &source.host)),
        ("reason", &event.reason),
        ("type", &event.type_),
    ];
    let mut fields: Vec<_> = texts
        .into_iter()
        .filter_map(|(name, text)| {
            Some((
                name,
                Field::Text(text.as_deref().filter(|text| !text.is_empty())?),
            ))
        })
        .collect();
    if let Some(count) = event.count.filter(|count| *count != 0) {
        fields.push(("count", Field::Number(count)));
    }
    fields.push(("msg", Field::Quoted(event.message.as_deref().unwrap_or_default())));
    fields
}

/// The line.
pub(super) fn line(event: &Event, format: Format) -> String {
    let fields = fields(event);
    match format {
        Format::Logfmt => {
            let mut line = String::new();
            for (name, field) in fields {
                // Writing to a String does not fail.
                let _ = match field {
                    Field::Text(text) => write!(line, "{name}={text} "),
                    Field::Number(number) => write!(line, "{name}={number} "),
                    Field::Quoted(text) => write!(line, "{name}={} ", quoted(text)),
                };
            }
            line
        }
        Format::Json => {
            let value = |field: Field<'_>| match field {
                Field::Text(text) | Field::Quoted(text) => text.into(),
                Field::Number(number) => serde_json::Value::from(number),
            };
            let sorted: BTreeMap<_, _> = fields
                .into_iter()
                .map(|(name, field)| (name, value(field)))
                .collect();
            for_html(serde_json::to_string(&sorted).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> Event {
        serde_json::from_value(json!({
            "metadata": {"namespace": "shop", "name": "web-0.1", "resourceVersion": "77", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-0", "apiVersion": "v1", "resourceVersion": "12"},
            "reason": "BackOff", "type": "Warning", "count": 3, "action": "",
            "source": {"component": "kubelet", "host": "node-1"},
            "reportingComponent": "kubelet", "reportingInstance": "node-1",
            "message": "Back-off <restarting> \"nginx\" & more\nin pod",
            "lastTimestamp": "2026-01-01T00:00:07Z",
        }))
        .unwrap()
    }

    #[test]
    fn lines_are_the_references() {
        let event = event();
        insta::assert_snapshot!(format!("{}|", line(&event, Format::Logfmt)), @r#"name=web-0 kind=Pod objectAPIversion=v1 objectRV=12 eventRV=77 reportinginstance=node-1 reportingcontroller=kubelet sourcecomponent=kubelet sourcehost=node-1 reason=BackOff type=Warning count=3 msg="Back-off <restarting> \"nginx\" & more\nin pod" |"#);
        insta::assert_snapshot!(line(&event, Format::Json), @r#"{"count":3,"eventRV":"77","kind":"Pod","msg":"Back-off \u003crestarting\u003e \"nginx\" \u0026 more\nin pod","name":"web-0","objectAPIversion":"v1","objectRV":"12","reason":"BackOff","reportingcontroller":"kubelet","reportinginstance":"node-1","sourcecomponent":"kubelet","sourcehost":"node-1","type":"Warning"}"#);
        assert_eq!(time(&event), 1_767_225_607_000_000_000);
        let bare: Event = serde_json::from_value(json!({
            "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
            "involvedObject": {"name": "n"}, "eventTime": "2026-01-01T00:00:03.000005Z",
        }))
        .unwrap();
        assert_eq!(
            (line(&bare, Format::Logfmt).as_str(), time(&bare)),
            ("name=n msg=\"\" ", 1_767_225_603_000_005_000)
        );
    }
}
