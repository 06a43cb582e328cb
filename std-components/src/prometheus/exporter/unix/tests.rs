//! The whole page of a small recorded machine (`testdata/unix`), and of one where everything is missing or broken.

use super::*;
use river_eval::{Arguments, BodyValue};

fn recorded() -> UnixArguments {
    let mut arguments = UnixArguments::default();
    let off = collectors::COLLECTORS
        .iter()
        .filter(|entry| !entry.default && entry.build.is_some());
    arguments.enable_collectors = off.map(|entry| entry.name.to_owned()).collect();
    // What the machine that runs the test says, wherever the trees are.
    arguments.disable_collectors = ["uname", "timex"].map(Into::into).into();
    arguments.procfs_path = "testdata/unix/proc".into();
    arguments.sysfs_path = "testdata/unix/sys".into();
    arguments.rootfs_path = "testdata/unix/root".into();
    arguments.udev_data_path = "testdata/unix/udev".into();
    arguments.textfile.directory = "testdata/unix/textf?le".into();
    arguments
}

/// The lines of a page without what differs from run to run.
fn lasting(page: &str) -> String {
    let moving = [
        "node_exporter_build_info",
        "node_filesystem_",
        "node_scrape_collector_duration_seconds",
        "node_textfile_mtime_seconds",
        "node_time_seconds",
        "node_time_zone_offset_seconds",
    ];
    let is_lasting = |line: &&str| {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        !moving.iter().any(|prefix| name.starts_with(prefix))
    };
    page.lines()
        .filter(is_lasting)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn scrape(arguments: &UnixArguments) -> String {
    let mut page = String::new();
    Exporter::new("prometheus.exporter.unix.test", arguments)
        .unwrap()
        .scrape(&mut page);
    page
}

#[test]
fn a_recorded_machine_is_told_whole() {
    insta::assert_snapshot!("recorded_machine", lasting(&scrape(&recorded())));
}

#[test]
fn mounts_lose_their_escapes_and_dead_ones_are_told() {
    let page = scrape(&recorded());
    let lines = page.lines().filter(|line| {
        line.starts_with("node_filesystem_device_error") || line.starts_with("node_filesystem_readonly")
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    node_filesystem_device_error{device="/dev/sda1",fstype="ext4",mountpoint="/"} 0
    node_filesystem_device_error{device="tmpfs",fstype="tmpfs",mountpoint="/run/user"} 0
    node_filesystem_device_error{device="/dev/sdb1",fstype="xfs",mountpoint="/mnt/a b"} 0
    node_filesystem_device_error{device="gone:/export",fstype="nfs4",mountpoint="/mnt/gone"} 1
    node_filesystem_readonly{device="/dev/sda1",fstype="ext4",mountpoint="/"} 0
    node_filesystem_readonly{device="tmpfs",fstype="tmpfs",mountpoint="/run/user"} 0
    node_filesystem_readonly{device="/dev/sdb1",fstype="xfs",mountpoint="/mnt/a b"} 1
    "#);
}

#[test]
fn a_second_scrape_tells_the_same() {
    let mut exporter = Exporter::new("prometheus.exporter.unix.test", &recorded()).unwrap();
    let mut pages = [String::new(), String::new()];
    for page in &mut pages {
        exporter.scrape(page);
    }
    assert_eq!(lasting(&pages[0]), lasting(&pages[1]));
}

#[test]
fn a_machine_with_nothing_has_a_page_that_says_so() {
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().to_string_lossy().into_owned();
    let arguments = UnixArguments {
        disable_collectors: ["uname", "timex", "time"].map(Into::into).into(),
        procfs_path: path.clone(),
        sysfs_path: path.clone(),
        rootfs_path: path.clone(),
        udev_data_path: path,
        ..UnixArguments::default()
    };
    let page = scrape(&arguments);
    // Those that need no file, or whose absence is an answer.
    let succeeded: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("node_scrape_collector_success") && line.ends_with(" 1"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    insta::assert_snapshot!(succeeded.join(" "), @"cpufreq edac selinux sockstat textfile thermal_zone xfs");
}

#[test]
fn broken_files_fail_their_collector_alone() {
    let trees = tempfile::tempdir().unwrap();
    let proc = trees.path().join("proc");
    for (file, text) in [
        ("loadavg", "0.5 x"),
        ("meminfo", "MemTotal: many kB"),
        ("stat", "cpu0 1 2 three"),
        ("mdstat", "md0 : active raid1 sda[0]\n      many blocks"),
        ("net/dev", "a\nb\nno device here"),
        ("net/netstat", "TcpExt: A B\nIpExt: 1 2"),
        ("net/softnet_stat", "xyz"),
        ("net/sockstat", "TCP inuse"),
        ("diskstats", "8 0"),
        ("1/mounts", "/dev/sda1 /"),
        ("vmstat", "pgfault"),
        ("pressure/cpu", "some"),
        ("net/udp", "head\nline"),
        ("sys/fs/file-nr", "1 2"),
    ] {
        let path = proc.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut arguments = recorded();
    arguments.procfs_path = proc.to_string_lossy().into_owned();
    let page = scrape(&arguments);
    let failed: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("node_scrape_collector_success") && line.ends_with(" 0"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    insta::assert_snapshot!(failed.join(" "), @"arp buddyinfo conntrack cpu diskstats entropy filefd filesystem interrupts ipvs loadavg mdadm meminfo netdev netstat nfs nfsd pressure processes schedstat sockstat softnet stat udp_queues vmstat");
    assert!(page.contains("\nnode_hwmon_temp_celsius{"), "the others go on");
}

#[test]
fn collectors_are_chosen_by_three_lists() {
    let names = |arguments: &UnixArguments| {
        let exporter = Exporter::new("prometheus.exporter.unix.test", arguments).unwrap();
        exporter.collectors().collect::<Vec<_>>().join(" ")
    };
    let mut arguments = UnixArguments::decode(&BodyValue::default()).unwrap();
    insta::assert_snapshot!(names(&arguments), @"arp bonding conntrack cpu cpufreq diskstats dmi edac entropy filefd filesystem hwmon ipvs loadavg mdadm meminfo netclass netdev netstat nfs nfsd nvme os powersupplyclass pressure rapl schedstat selinux sockstat softnet stat textfile thermal_zone time timex udp_queues uname vmstat xfs");
    arguments.set_collectors = vec!["cpu".into(), "stat".into(), "processes".into()];
    arguments.disable_collectors = vec!["stat".into()];
    assert_eq!(names(&arguments), "cpu processes");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Every file that collectors of `/proc` read, with the same strange text.
    #[test]
    fn no_text_of_the_kernel_panics(text in "(cpu0?|md0|TcpExt|eth0|sda|some|[a-z]{1,3})?[ :\\[\\](/)=\\n\\\\0-9a-fé-]{0,60}") {
        let trees = tempfile::tempdir().unwrap();
        let proc = trees.path().join("proc");
        for file in [
            "loadavg", "meminfo", "stat", "mdstat", "net/dev", "net/netstat", "net/snmp", "net/snmp6", "net/softnet_stat",
            "net/sockstat", "diskstats", "1/mounts", "vmstat", "pressure/cpu", "net/udp", "sys/fs/file-nr", "net/arp",
            "schedstat", "cpuinfo", "net/stat/nf_conntrack", "net/ip_vs_stats", "net/ip_vs", "net/rpc/nfs", "net/rpc/nfsd", "interrupts", "buddyinfo", "7/stat", "a.prom",
        ] {
            let path = proc.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &text).unwrap();
        }
        let mut arguments = recorded();
        arguments.procfs_path = proc.to_string_lossy().into_owned();
        arguments.textfile.directory = proc.to_string_lossy().into_owned();
        arguments.cpu.info = true;
        drop(scrape(&arguments));
    }
}
