//! Names of files as continuous integration wants them: from the top of the repository, with `/` between.

use std::path::{Component, Path, PathBuf};

/// From where names count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    /// Where the command runs.
    here: PathBuf,
    /// The top of the repository.
    top: PathBuf,
}

impl Paths {
    /// From the folder that an environment variable of the CI system names, or from the current one.
    pub(crate) fn from_environment(variable: &str) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let top = std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|top| top.is_absolute() && here.starts_with(top));
        let top = top.unwrap_or_else(|| here.clone());
        Self { here, top }
    }

    /// The name from the top; where the file is not below it, or is no file (`<stdin>`), the name as it is.
    pub(crate) fn of(&self, name: &str) -> String {
        let mut path = PathBuf::new();
        for part in self.here.join(name).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    path.pop();
                }
                part => path.push(part),
            }
        }
        match path.strip_prefix(&self.top) {
            Ok(below) => slashes(below),
            Err(_) => slashes(Path::new(name)),
        }
    }
}

fn slashes(path: &Path) -> String {
    path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_from_the_top_of_the_repository() {
        let paths = Paths {
            here: "/src/project/deploy".into(),
            top: "/src/project".into(),
        };
        assert_eq!(paths.of("./a.alloy"), "deploy/a.alloy");
        assert_eq!(paths.of("../b/a.alloy"), "b/a.alloy");
        assert_eq!(paths.of("/src/project/c.alloy"), "c.alloy");
        assert_eq!(paths.of("/etc/alloy/c.alloy"), "/etc/alloy/c.alloy");
    }
}
