//! The bundled components as a plan asks for them: built to be compared, never run, and forgiving of what this machine lacks.

use super::super::host::ComponentHost;
use super::super::instance::Instance;
use river_eval::engine::{At, Content, Host, Refused};
use river_eval::eval::Stability;
use river_eval::graph::{BlockSpec, Blocks};
use river_eval::schema::{BodySchema, Type};
use river_eval::{BodyValue, Object, OptionalSecret, Secret, Value};
use river_syntax::{Diagnostic, Severity};
use std::sync::Arc;

/// What stands behind a node of a plan.
pub(super) enum Planned {
    /// It could be built.
    Built(Instance),
    /// It cannot be built on this machine; this stands for what it would export.
    Absent(Value),
}

/// Builds what can be built.
pub(super) struct PlanHost {
    inner: ComponentHost,
    /// Whether anything could not be built, so that what depends on it sees values that only stand for others.
    absent: bool,
}

impl PlanHost {
    pub(super) fn new(inner: ComponentHost) -> Self {
        Self { inner, absent: false }
    }

    fn absent(&mut self, at: At<'_>) -> Planned {
        self.absent = true;
        let exports = self.inner.exports_schema(&at.node.block.name);
        Planned::Absent(exports.map_or(Value::Null, |schema| stand_in(&schema)))
    }
}

/// An object with a value of the right type for each field.
fn stand_in(schema: &BodySchema) -> Value {
    let fields = schema.attributes.iter();
    let object: Object = fields
        .map(|field| (field.name.into(), stand_in_for(&field.ty)))
        .collect();
    Value::Object(Arc::new(object))
}

fn stand_in_for(ty: &Type) -> Value {
    match ty {
        Type::String | Type::Text { .. } => Value::string(""),
        Type::Bool => Value::Bool(false),
        Type::Duration => Value::string("0s"),
        Type::Secret => Value::Secret(Secret::new("")),
        Type::OptionalSecret => Value::OptionalSecret(OptionalSecret::secret("")),
        Type::Number(_) => Value::Int(0),
        Type::List(_) => Value::list(Vec::new()),
        Type::Map(_) => Value::Object(Arc::default()),
        Type::Object(schema) => stand_in(schema),
        Type::Any | Type::Function | Type::Capsule(_) => Value::Null,
    }
}

impl Blocks for PlanHost {
    fn spec(&self, name: &str) -> Option<BlockSpec> {
        self.inner.spec(name)
    }

    fn names(&self) -> Vec<&str> {
        self.inner.names()
    }

    fn min_stability(&self) -> Stability {
        self.inner.min_stability()
    }
}

impl Host for PlanHost {
    type Instance = Planned;

    fn check(&mut self, at: At<'_>, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        match self.inner.check(at, body) {
            // That the configuration is right has been checked before; values that only stand for others may not be.
            Err(_) if self.absent => Ok(Vec::new()),
            result => result,
        }
    }

    fn build(
        &mut self,
        at: At<'_>,
        body: &BodyValue,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Planned, Refused> {
        match self.inner.build(at, body, warnings) {
            Ok(instance) => Ok(Planned::Built(instance)),
            Err(Refused::World(mut finding)) => {
                finding.severity = Severity::Warning;
                warnings.push(*finding);
                Ok(self.absent(at))
            }
            Err(Refused::Configuration(_)) if self.absent => Ok(self.absent(at)),
            Err(refused) => Err(refused),
        }
    }

    fn exports(&self, instance: &Planned) -> Value {
        match instance {
            Planned::Built(instance) => self.inner.exports(instance),
            Planned::Absent(exports) => exports.clone(),
        }
    }

    fn content(&self, instance: &Planned) -> Option<Content> {
        match instance {
            Planned::Built(instance) => self.inner.content(instance),
            Planned::Absent(_) => None,
        }
    }

    fn update(&mut self, at: At<'_>, instance: &Planned, body: &BodyValue) -> Result<(), Box<Diagnostic>> {
        match instance {
            // So that what it exports then is seen. Config blocks would act on the process at once.
            Planned::Built(instance @ Instance::Component(_)) => {
                match self.inner.update(at, instance, body) {
                    Err(_) if self.absent => Ok(()),
                    result => result,
                }
            }
            Planned::Built(_) | Planned::Absent(_) => Ok(()),
        }
    }

    fn evaluated(&mut self, _: At<'_>, _: &Planned, _: Option<&str>) {}
}
