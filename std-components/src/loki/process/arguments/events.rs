//! Arguments of the stages for Windows events and for places of IP addresses.

use super::is_label_name;
use river_eval::Checks;
use std::collections::BTreeMap;

/// Of `stage.eventlogmessage` and `stage.windowsevent`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_event)]
pub(crate) struct Event {
    /// The extracted value that holds the message.
    #[river(default = "message".to_owned())]
    pub(crate) source: String,
    /// Whether keys that are no label names are left out; else their other characters become `_`.
    #[river(default)]
    pub(crate) drop_invalid_labels: bool,
    /// Whether values that are extracted already are replaced; else the new one's name gets `_extracted`.
    #[river(default)]
    pub(crate) overwrite_existing: bool,
}

fn check_event(event: &Event, checks: &mut Checks<'_, '_>) {
    if !is_label_name(&event.source) {
        checks
            .attribute("source", format!("{:?} is no valid label name", event.source))
            .help = Some("letters, digits and _ only, no digit first".into());
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_geoip)]
pub(crate) struct Geoip {
    /// The file of the database.
    pub(crate) db: String,
    /// The extracted value that holds the address.
    pub(crate) source: String,
    /// What the database holds: `city`, `asn` or `country`.
    #[river(default)]
    pub(crate) db_type: String,
    /// Names of values to extract, with a JMESPath into the database's record each.
    #[river(default)]
    pub(crate) custom_lookups: BTreeMap<String, String>,
}

fn check_geoip(_: &Geoip, checks: &mut Checks<'_, '_>) {
    checks
        .here("stage.geoip is not supported: this agent reads no databases of IP addresses")
        .help = Some("take the stage away, or look the addresses up where the logs are read".into());
}
