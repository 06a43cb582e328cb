//! `discovery.process` on this machine, and on a made-up `/proc`.

use super::*;
use crate::component::{HealthState, testing};
use river_eval::Value;
use std::fs;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn this_process_is_found_with_all_labels() {
    let (context, exports) = Context::for_test("discovery.process.x", Path::new("/nonexistent"));
    let health = context.health.clone();
    let body = r#"
        refresh_interval = "1h"
        discover_config {
            username    = true
            uid         = true
            cgroup_path = true
        }"#;
    let component = Arc::new(Process::new(context, testing::arguments(body)).unwrap());
    let changed = Arc::new(tokio::sync::Notify::new());
    let wake = changed.clone();
    exports.on_change(Arc::new(move || wake.notify_one()));
    let stop = CancellationToken::new();
    let run = tokio::spawn(component.clone().run(stop.clone()));
    changed.notified().await;
    let own = |label: &str| {
        let Value::Object(fields) = exports.get() else {
            panic!()
        };
        let pid = Value::string(std::process::id().to_string());
        let targets = fields["targets"].items().unwrap().to_vec();
        targets.iter().find_map(|target| match target {
            Value::Object(labels) if labels["__process_pid__"] == pid => labels.get(label).cloned(),
            _ => None,
        })
    };
    let exe = std::env::current_exe().unwrap().display().to_string();
    assert_eq!(own("__meta_process_exe"), Some(Value::string(exe)));
    let cwd = std::env::current_dir().unwrap().display().to_string();
    assert_eq!(own("__meta_process_cwd"), Some(Value::string(cwd)));
    let words: Vec<String> = std::env::args().filter(|word| !word.is_empty()).collect();
    assert_eq!(
        own("__meta_process_commandline"),
        Some(Value::string(words.join(" ")))
    );
    let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()).to_string();
    assert_eq!(own("__meta_process_uid"), Some(Value::string(uid)));
    while health.get().state != HealthState::Healthy {
        tokio::task::yield_now().await;
    }
    // Other containers need no look at the processes.
    let joined = format!("join = [{{\"__meta_docker_container_id\" = \"aa\"}}]\n{body}");
    Component::update(&*component, testing::arguments(&joined)).unwrap();
    changed.notified().await;
    let Value::Object(fields) = exports.get() else {
        panic!()
    };
    let targets = fields["targets"].items().unwrap();
    assert!(
        targets
            .iter()
            .any(|target| format!("{target:?}").contains("__meta_docker_container_id"))
    );
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[test]
fn a_made_up_proc() {
    let folder = tempfile::tempdir().unwrap();
    let id = "a".repeat(64);
    let passwd = folder.path().join("passwd");
    fs::write(
        &passwd,
        "root:x:0:0::/root:/bin/sh\nbroken\nweb:x:33:33::/:/bin/false\n",
    )
    .unwrap();
    let proc = folder.path().join("proc");
    let process = |pid: &str, uid: u32, exe: Option<&str>| {
        let folder = proc.join(pid);
        fs::create_dir_all(&folder).unwrap();
        if let Some(exe) = exe {
            symlink(exe, folder.join("exe")).unwrap();
        }
        symlink("/srv", folder.join("cwd")).unwrap();
        fs::write(folder.join("cmdline"), "/bin/x\0--a b\0\0").unwrap();
        fs::write(folder.join("status"), format!("Name:\tx\nUid:\t{uid}\t1\t1\t1\n")).unwrap();
        fs::write(folder.join("cgroup"), format!("2:x:/docker/{id}\n0::/\n")).unwrap();
    };
    process("7", 33, Some("/bin/x (deleted)"));
    process("8", 4711, Some("/bin/y"));
    process("9", 0, None);
    fs::create_dir_all(proc.join("self")).unwrap();
    let all = Wanted {
        cwd: true,
        exe: true,
        commandline: true,
        username: true,
        uid: true,
        container_id: true,
        cgroup_path: true,
    };
    let mut found = proc::processes(&proc, &passwd, all).unwrap();
    assert!(found.refused.is_empty(), "{found:?}");
    found.targets.sort();
    insta::assert_snapshot!(format!("{:#?}", found.targets).replace(&id, "ID"), @r#"
    [
        {
            "__container_id__": "ID",
            "__meta_process_cgroup_path": "2:x:/docker/ID|0::/",
            "__meta_process_commandline": "/bin/x --a b",
            "__meta_process_cwd": "/srv",
            "__meta_process_exe": "/bin/x (deleted)",
            "__meta_process_uid": "33",
            "__meta_process_username": "web",
            "__process_pid__": "7",
        },
        {
            "__container_id__": "ID",
            "__meta_process_cgroup_path": "2:x:/docker/ID|0::/",
            "__meta_process_commandline": "/bin/x --a b",
            "__meta_process_cwd": "/srv",
            "__meta_process_exe": "/bin/y",
            "__meta_process_uid": "4711",
            "__process_pid__": "8",
        },
    ]
    "#);
}
