//! What expressions see of the world around them, and where their warnings go.
//!
//! Nothing here does I/O by itself except [`ProcessEnvironment`], which reads the process's variables.

use super::limits::MAX_WARNINGS;
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Span};
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How much a feature may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stability {
    /// May change or go at any time.
    Experimental,
    /// May change, with notice.
    PublicPreview,
    /// Changes only with a new major version.
    GenerallyAvailable,
}

impl Stability {
    /// The word for it on the command line and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Stability::Experimental => "experimental",
            Stability::PublicPreview => "public-preview",
            Stability::GenerallyAvailable => "generally-available",
        }
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Stability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [
            Stability::Experimental,
            Stability::PublicPreview,
            Stability::GenerallyAvailable,
        ]
        .into_iter()
        .find(|level| level.name() == text)
        .ok_or_else(|| {
            format!(
                "unknown stability level {text:?}; one of experimental, public-preview, generally-available"
            )
        })
    }
}

/// Where `sys.env` reads.
pub trait Environment: Send + Sync {
    /// The value of a variable; `None` where it is not set.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The variables of this process. Bytes that are not UTF-8 are replaced by U+FFFD.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> Environment for F {
    fn variable(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// What `constants` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constants {
    /// The machine's name; empty where it is not known.
    pub hostname: String,
    /// The operating system as Go names it: `linux`, `darwin`, `windows`.
    pub os: String,
    /// The architecture as Go names it: `amd64`, `arm64`.
    pub arch: String,
    /// The version with a `v` before it.
    pub version: String,
}

impl Default for Constants {
    /// The system that the program was built for; the hostname is for the agent to fill in.
    fn default() -> Self {
        Self {
            hostname: String::new(),
            os: match std::env::consts::OS {
                "macos" => "darwin",
                other => other,
            }
            .to_owned(),
            arch: match std::env::consts::ARCH {
                "x86_64" => "amd64",
                "aarch64" => "arm64",
                "x86" => "386",
                "powerpc64" => "ppc64le",
                "loongarch64" => "loong64",
                other => other,
            }
            .to_owned(),
            version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What expressions see of the world, and where their warnings go. Shared by all threads.
pub struct Context {
    environment: Arc<dyn Environment>,
    constants: Value,
    stability: Stability,
    warnings: Mutex<Warnings>,
}

#[derive(Default)]
struct Warnings {
    kept: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Span)>,
    dropped: usize,
}

impl Context {
    /// The process's variables, the default constants, experimental functions allowed.
    pub fn new() -> Self {
        Self {
            environment: Arc::new(ProcessEnvironment),
            constants: constants_value(&Constants::default()),
            stability: Stability::Experimental,
            warnings: Mutex::default(),
        }
    }

    /// Reads variables elsewhere.
    #[must_use]
    pub fn with_environment(mut self, environment: impl Environment + 'static) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// Sets what `constants` holds.
    #[must_use]
    pub fn with_constants(mut self, constants: &Constants) -> Self {
        self.constants = constants_value(constants);
        self
    }

    /// Sets the lowest stability that a function may have.
    #[must_use]
    pub fn with_stability(mut self, stability: Stability) -> Self {
        self.stability = stability;
        self
    }

    /// The context of scopes that name none: that of [`Context::new`].
    pub fn shared() -> &'static Context {
        static SHARED: LazyLock<Context> = LazyLock::new(Context::new);
        &SHARED
    }

    /// The lowest stability that a function may have.
    pub fn stability(&self) -> Stability {
        self.stability
    }

    /// The value of a variable; empty where it is not set, as in the reference.
    pub fn variable(&self, name: &str) -> String {
        self.environment.variable(name).unwrap_or_default()
    }

    /// The object `constants`.
    pub fn constants(&self) -> &Value {
        &self.constants
    }

    /// Keeps a warning, unless there was one of its code at its place before: what is evaluated again and again
    /// warns once.
    pub fn warn(&self, warning: impl FnOnce() -> Diagnostic, code: &'static river_syntax::Code, span: Span) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.seen.len() >= MAX_WARNINGS {
            if !warnings.seen.contains(&(code.id, span)) {
                warnings.dropped += 1;
            }
        } else if warnings.seen.insert((code.id, span)) {
            warnings.kept.push(warning());
        }
    }

    /// Takes the warnings since the last time, in the order in which they came up.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut warnings.kept)
    }

    /// How many warnings were not kept as there were too many.
    pub fn dropped_warnings(&self) -> usize {
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .dropped
    }

    /// Forgets which places have warned: for a new load of the configuration.
    pub fn reset_warnings(&self) {
        *self.warnings.lock().unwrap_or_else(PoisonError::into_inner) = Warnings::default();
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("constants", &self.constants)
            .field("stability", &self.stability)
            .finish_non_exhaustive()
    }
}

fn constants_value(constants: &Constants) -> Value {
    Value::object([
        (Str::from("hostname"), Value::string(constants.hostname.as_str())),
        (Str::from("os"), Value::string(constants.os.as_str())),
        (Str::from("arch"), Value::string(constants.arch.as_str())),
        (Str::from("version"), Value::string(constants.version.as_str())),
    ])
}
