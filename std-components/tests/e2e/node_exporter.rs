//! Our metrics of this machine beside those of Debian's `prometheus-node-exporter` (1.5).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std_components::prometheus::exporter::unix::{Exporter, UnixArguments, collectors::COLLECTORS};

const BINARY: &str = "/usr/bin/prometheus-node-exporter";

/// Collectors that both have and neither runs unless told to.
const OFF_BY_DEFAULT: [&str; 5] = ["buddyinfo", "interrupts", "ksmd", "meminfo_numa", "processes"];

/// Ended and waited for when the test ends, however it ends.
struct Peer {
    child: Child,
    address: String,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Peer {
    /// Starts it on a free port with the settings that ours has by default, and these.
    fn start(arguments: &UnixArguments, more: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        // What we do not have need not be compared; the table in docs/unix-exporter.md names it.
        let missing = COLLECTORS.iter().filter(|entry| entry.build.is_none());
        let child = Command::new(BINARY)
            .arg(format!("--web.listen-address={address}"))
            .arg("--web.disable-exporter-metrics")
            .arg(format!(
                "--collector.filesystem.mount-points-exclude={}",
                arguments.filesystem.mount_points_exclude
            ))
            .arg(format!(
                "--collector.filesystem.fs-types-exclude={}",
                arguments.filesystem.fs_types_exclude
            ))
            .arg("--collector.netdev.device-exclude=^$")
            .arg(format!(
                "--collector.textfile.directory={}",
                arguments.textfile.directory
            ))
            .arg(format!("--path.procfs={}", arguments.procfs_path))
            .arg(format!("--path.sysfs={}", arguments.sysfs_path))
            .arg(format!("--path.rootfs={}", arguments.rootfs_path))
            .arg(format!("--path.udev.data={}", arguments.udev_data_path))
            .args(more)
            .args(OFF_BY_DEFAULT.map(|name| format!("--collector.{name}")))
            .args(missing.map(|entry| format!("--no-collector.{}", entry.name)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let peer = Self { child, address };
        let begin = Instant::now();
        while TcpStream::connect(&peer.address).is_err() {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "node_exporter does not listen"
            );
            std::thread::yield_now();
        }
        peer
    }

    fn scrape(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("200 OK"), "{head}");
        body.into()
    }
}

#[derive(Default, Debug, PartialEq)]
struct Family {
    kind: String,
    help: String,
    /// Labels as `a="1",b="2"` in order of names, and value.
    samples: BTreeMap<String, f64>,
}

impl Family {
    fn label_names(&self) -> BTreeSet<String> {
        let names = |labels: &String| {
            labels
                .split("\",")
                .filter_map(|pair| pair.split('=').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
                .join(",")
        };
        self.samples.keys().map(names).collect()
    }
}

fn read(page: &str) -> BTreeMap<String, Family> {
    let mut families = BTreeMap::<String, Family>::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            let family = families.entry(name.into()).or_default();
            assert_eq!(family.help, "", "two HELP lines of {name}");
            family.help = help.into();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let family = families.entry(name.into()).or_default();
            assert_eq!(family.kind, "", "two TYPE lines of {name}");
            family.kind = kind.into();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let mut labels: Vec<&str> = labels.trim_end_matches('}').split_inclusive("\",").collect();
            labels.sort_unstable();
            let labels: Vec<&str> = labels.iter().map(|label| label.trim_end_matches(',')).collect();
            // Histograms and summaries have suffixes behind the family's name.
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .filter_map(|suffix| name.strip_suffix(suffix))
                .find(|base| families.contains_key(*base))
                .unwrap_or(name);
            let key = format!("{}{}", &name[family.len()..], labels.join(","));
            let again = families
                .get_mut(family)
                .unwrap_or_else(|| panic!("a sample before the head of {name}"))
                .samples
                .insert(key, value.parse().unwrap());
            assert_eq!(again, None, "{series} stands twice");
        }
    }
    families
}

/// Whether the peer is there; says so where it is not.
fn is_installed() -> bool {
    let installed = std::path::Path::new(BINARY).exists();
    if !installed {
        eprintln!("skipped: {BINARY} is not installed (apt-get install prometheus-node-exporter)");
    }
    installed
}

/// Both pages: ours, then theirs.
fn both(arguments: &UnixArguments, more: &[&str]) -> (BTreeMap<String, Family>, BTreeMap<String, Family>) {
    let mut exporter = Exporter::new("prometheus.exporter.unix.test", arguments).unwrap();
    let peer = Peer::start(arguments, more);
    let mut page = String::new();
    exporter.scrape(&mut page);
    (read(&page), read(&peer.scrape()))
}

/// Names, types, help texts and labels; and the values of those families for which the function answers true.
fn compare(
    ours: &BTreeMap<String, Family>,
    theirs: &BTreeMap<String, Family>,
    is_stable: impl Fn(&str) -> bool,
) {
    let lacking = |of: &BTreeMap<String, Family>, other: &BTreeMap<String, Family>| {
        let names = of.keys().filter(|name| !other.contains_key(*name));
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        (lacking(theirs, ours), lacking(ours, theirs)),
        (vec![], vec![]),
        "metrics that only node_exporter has, and that only we have"
    );
    for (name, family) in ours {
        let other = &theirs[name];
        assert_eq!((&family.kind, &family.help), (&other.kind, &other.help), "{name}");
        assert_eq!(family.label_names(), other.label_names(), "labels of {name}");
        if is_stable(name) {
            assert_eq!(family, other, "values of {name}");
        } else if name != "node_exporter_build_info" {
            let series = |family: &Family| family.samples.keys().cloned().collect::<Vec<_>>();
            assert_eq!(series(family), series(other), "series of {name}");
        }
    }
}

#[test]
fn this_machine_is_told_as_node_exporter_tells_it() {
    if !is_installed() {
        return;
    }
    let mut arguments = UnixArguments {
        enable_collectors: OFF_BY_DEFAULT.map(Into::into).into(),
        ..UnixArguments::default()
    };
    // On by default in node_exporter, off in Alloy.
    arguments.cpu.guest = true;
    let (mut ours, mut theirs) = both(&arguments, &[]);
    // The states that processes are in change from one scrape to the next.
    for family in ["node_processes_state", "node_processes_threads_state"] {
        for side in [&mut ours, &mut theirs] {
            let samples = &mut side.get_mut(family).unwrap().samples;
            assert!(samples.values().sum::<f64>() > 0.0);
            samples.retain(|state, _| state.ends_with("state=\"S\""));
        }
    }
    let stable = [
        "node_boot_time_seconds",
        "node_memory_MemTotal_bytes",
        "node_memory_SwapTotal_bytes",
        "node_memory_CommitLimit_bytes",
        "node_uname_info",
        "node_os_info",
        "node_os_version",
        "node_filesystem_size_bytes",
        "node_filesystem_files",
        "node_filesystem_readonly",
        "node_filesystem_device_error",
        "node_disk_info",
        "node_network_info",
        "node_network_up",
        "node_network_mtu_bytes",
        "node_network_speed_bytes",
        "node_network_flags",
        "node_network_protocol_type",
        "node_filefd_maximum",
        "node_entropy_pool_size_bits",
        "node_time_zone_offset_seconds",
        "node_time_clocksource_current_info",
        "node_scrape_collector_success",
        "node_processes_max_processes",
        "node_processes_max_threads",
    ];
    compare(&ours, &theirs, |name| stable.contains(&name));
    // Counters only grow, and ours were read first.
    for name in [
        "node_context_switches_total",
        "node_forks_total",
        "node_vmstat_pgfault",
    ] {
        let value = |side: &BTreeMap<String, Family>| side[name].samples.values().next().copied();
        assert!(value(&ours) <= value(&theirs), "{name}");
    }
    println!("{} families equal node_exporter's", ours.len());
}

#[test]
fn recorded_trees_are_told_as_node_exporter_tells_them() {
    if !is_installed() {
        return;
    }
    let mut arguments = UnixArguments {
        enable_collectors: OFF_BY_DEFAULT.map(Into::into).into(),
        procfs_path: "testdata/unix/proc".into(),
        sysfs_path: "testdata/unix/sys".into(),
        rootfs_path: "testdata/unix/root".into(),
        udev_data_path: "testdata/unix/udev".into(),
        ..UnixArguments::default()
    };
    arguments.textfile.directory = "testdata/unix/textfile".into();
    arguments.cpu.guest = true;
    arguments.cpu.flags_include = "avx".into();
    arguments.cpu.bugs_include = "^mds$".into();
    let more = [
        "--collector.cpu.info.flags-include=avx",
        "--collector.cpu.info.bugs-include=^mds$",
        // Netlink cannot be recorded.
        "--no-collector.netdev.netlink",
    ];
    let (ours, theirs) = both(&arguments, &more);
    let failed = |(labels, success): (&String, &f64)| (*success != 1.0).then(|| labels.clone());
    let failed: Vec<String> = ours["node_scrape_collector_success"]
        .samples
        .iter()
        .filter_map(failed)
        .collect();
    assert_eq!(
        failed,
        Vec::<String>::new(),
        "every collector has something to read"
    );
    let moving = [
        "node_exporter_build_info",
        "node_filesystem_avail_bytes",
        "node_filesystem_files_free",
        "node_filesystem_free_bytes",
        "node_scrape_collector_duration_seconds",
        "node_time_seconds",
    ];
    compare(&ours, &theirs, |name| {
        !moving.contains(&name) && !name.starts_with("node_timex_")
    });
    println!("{} families equal node_exporter's", ours.len());
}
