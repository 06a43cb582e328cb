//! Capsules of components that this agent does not have: a configuration that names one is refused where the component is named, and these
//! give the attributes the reference's types.

use river_eval::CapsuleType;

/// What `otelcol.auth.*` would export as `handler`.
#[derive(Debug)]
pub(crate) struct AuthHandler;

impl CapsuleType for AuthHandler {
    const TYPE_NAME: &'static str = "auth.Handler";
}

/// What `otelcol.storage.*` would export as `handler`.
#[derive(Debug)]
pub(crate) struct StorageHandler;

impl CapsuleType for StorageHandler {
    const TYPE_NAME: &'static str = "extension.ExtensionHandler";
}
