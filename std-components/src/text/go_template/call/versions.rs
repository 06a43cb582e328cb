//! Sprig's functions of versions.

use super::super::value::Value;
use super::super::version::{Constraints, Version};
use super::{Function, function};

pub(super) const ALL: &[Function] = &[
    function("semver", 1, 1, |arguments| {
        Ok(Value::Version(Version::parse(arguments.text(0)?)?.into()))
    }),
    function("semverCompare", 2, 2, |arguments| {
        let constraints = Constraints::parse(arguments.text(0)?)?;
        let version = Version::parse(arguments.text(1)?)?;
        Ok(Value::Bool(constraints.allow(&version)))
    }),
];
