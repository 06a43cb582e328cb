//! Which devices a collector tells about.

use crate::component::BuildError;
use crate::text::re2;
use regex::Regex;

/// Compiles an expression of an attribute.
pub(crate) fn expression(attribute: &'static str, text: &str) -> Result<Regex, BuildError> {
    re2::compile(text).map_err(|error| {
        BuildError::at(
            attribute,
            format!("{attribute} is not a regular expression: {error}; see https://github.com/google/re2/wiki/Syntax"),
        )
    })
}

/// An expression of devices to leave out or one of those to tell about; empty ones do nothing.
#[derive(Clone, Debug, Default)]
pub struct DeviceFilter {
    exclude: Option<Regex>,
    include: Option<Regex>,
}

impl DeviceFilter {
    /// Of the attributes `device_exclude` and `device_include`.
    ///
    /// # Errors
    /// One is no regular expression.
    pub fn new(exclude: &str, include: &str) -> Result<Self, BuildError> {
        Self::of("device_exclude", exclude, "device_include", include)
    }

    /// Of two attributes with other names.
    pub(crate) fn of(
        exclude_attribute: &'static str,
        exclude: &str,
        include_attribute: &'static str,
        include: &str,
    ) -> Result<Self, BuildError> {
        let part = |attribute, text: &str| match text {
            "" => Ok(None),
            text => expression(attribute, text).map(Some),
        };
        Ok(Self {
            exclude: part(exclude_attribute, exclude)?,
            include: part(include_attribute, include)?,
        })
    }

    /// Whether to leave a device out.
    pub fn ignores(&self, device: &str) -> bool {
        self.exclude
            .as_ref()
            .is_some_and(|exclude| exclude.is_match(device))
            || self
                .include
                .as_ref()
                .is_some_and(|include| !include.is_match(device))
    }
}
