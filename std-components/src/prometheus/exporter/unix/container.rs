//! Noticing that the metrics would be a container's and not the host's: the commonest way to get wrong numbers without an error.

use super::UnixArguments;
use std::path::Path;

/// Types of a root that is a disk's own: a virtual machine made of a container's image keeps the image's marks.
const DISKS: [&str; 4] = ["ext2", "ext3", "ext4", "xfs"];

/// Whether `/` is a disk, from the text of `/proc/mounts`.
fn root_is_disk(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        words.next() == Some("/") && words.next().is_some_and(|kind| DISKS.contains(&kind))
    })
}

/// What to do about it, where the process runs in a container and the arguments do not point at the host's trees.
pub(super) fn advice(
    root: &Path,
    mounts: &str,
    in_kubernetes: bool,
    arguments: &UnixArguments,
) -> Option<String> {
    let marked = [".dockerenv", "run/.containerenv"]
        .iter()
        .any(|mark| root.join(mark).exists());
    if !(in_kubernetes || marked) || root_is_disk(mounts) {
        return None;
    }
    let own = [
        ("procfs_path", &arguments.procfs_path, "/proc"),
        ("sysfs_path", &arguments.sysfs_path, "/sys"),
        ("rootfs_path", &arguments.rootfs_path, "/"),
    ];
    let lacking: Vec<String> = own
        .iter()
        .filter(|(_, path, default)| path == default)
        .map(|(attribute, _, tree)| {
            let to = if *tree == "/" { "/root" } else { tree };
            format!("mount the host's {tree} at /host{to} and set {attribute} = \"/host{to}\"")
        })
        .collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "this process runs in a container, so these metrics are the container's, not the host's: {}",
            lacking.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mounts_that_lack_are_named() {
        let mounts = "overlay / overlay rw 0 0\n/dev/vda /data ext4 rw 0 0\n";
        let root = tempfile::tempdir().unwrap();
        let mut arguments = UnixArguments::default();
        assert_eq!(advice(root.path(), mounts, false, &arguments), None);
        std::fs::write(root.path().join(".dockerenv"), "").unwrap();
        arguments.procfs_path = "/host/proc".into();
        arguments.sysfs_path = "/host/sys".into();
        insta::assert_snapshot!(
            advice(root.path(), mounts, false, &arguments).unwrap(),
            @r#"this process runs in a container, so these metrics are the container's, not the host's: mount the host's / at /host/root and set rootfs_path = "/host/root""#
        );
        assert_eq!(
            advice(root.path(), "/dev/vda / ext4 rw 0 0\n", false, &arguments),
            None
        );
        arguments.rootfs_path = "/host/root".into();
        assert_eq!(advice(root.path(), mounts, true, &arguments), None);
    }
}
