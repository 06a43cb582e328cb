//! The arguments of `prometheus.exporter.unix`, with the defaults of the reference.

use river_eval::{Arguments, Checks};
use std::time::Duration;

/// The arguments of `prometheus.exporter.unix`.
#[derive(Clone, Debug, PartialEq, Arguments)]
#[river(validate = validate)]
pub struct UnixArguments {
    /// Whether to add the exporter's own `process_*` metrics.
    #[river(default)]
    pub include_exporter_metrics: bool,
    /// Where procfs is mounted.
    #[river(default = "/proc".into())]
    pub procfs_path: String,
    /// Where sysfs is mounted.
    #[river(default = "/sys".into())]
    pub sysfs_path: String,
    /// Where the host's root file system is mounted; it is taken off mount points.
    #[river(default = "/".into())]
    pub rootfs_path: String,
    /// Where udev's data is.
    #[river(default = "/run/udev/data".into())]
    pub udev_data_path: String,
    /// Collectors to add to those that are on by default.
    #[river(default)]
    pub enable_collectors: Vec<String>,
    /// Collectors to take away.
    #[river(default)]
    pub disable_collectors: Vec<String>,
    /// Only these collectors, if any are named.
    #[river(default)]
    pub set_collectors: Vec<String>,
    /// The collector `arp`.
    #[river(block, default)]
    pub arp: Arp,
    /// The collector `bcache`.
    #[river(block, default)]
    pub bcache: Bcache,
    /// The collector `cpu`.
    #[river(block, default)]
    pub cpu: Cpu,
    /// The collector `diskstats`.
    #[river(block, default)]
    pub disk: Disk,
    /// The collector `ethtool`.
    #[river(block, default)]
    pub ethtool: Ethtool,
    /// The collector `filesystem`.
    #[river(block, default)]
    pub filesystem: Filesystem,
    /// The collector `hwmon`.
    #[river(block, default)]
    pub hwmon: Hwmon,
    /// The collector `ipvs`.
    #[river(block, default)]
    pub ipvs: Ipvs,
    /// The collector `ntp`.
    #[river(block, default)]
    pub ntp: Ntp,
    /// The collector `netclass`.
    #[river(block, default)]
    pub netclass: Netclass,
    /// The collector `netdev`.
    #[river(block, default)]
    pub netdev: Netdev,
    /// The collector `netstat`.
    #[river(block, default)]
    pub netstat: Netstat,
    /// The collector `perf`.
    #[river(block, default)]
    pub perf: Perf,
    /// The collector `powersupplyclass`.
    #[river(block, default)]
    pub powersupply: Powersupply,
    /// The collector `runit`.
    #[river(block, default)]
    pub runit: Runit,
    /// The collector `supervisord`.
    #[river(block, default)]
    pub supervisord: Supervisord,
    /// The collector `sysctl`.
    #[river(block, default)]
    pub sysctl: Sysctl,
    /// The collector `systemd`.
    #[river(block, default)]
    pub systemd: Systemd,
    /// The collector `tapestats`.
    #[river(block, default)]
    pub tapestats: Tapestats,
    /// The collector `textfile`.
    #[river(block, default)]
    pub textfile: Textfile,
    /// The collector `vmstat`.
    #[river(block, default)]
    pub vmstat: Vmstat,
}

/// The block `arp`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Arp {
    /// Devices to leave out (regular expression); not together with `device_include`.
    #[river(default)]
    pub device_exclude: String,
    /// Devices to tell about (regular expression); not together with `device_exclude`.
    #[river(default)]
    pub device_include: String,
    /// Use netlink rather than `/proc` and `/sys`.
    #[river(default)]
    pub netlink: bool,
}

/// The block `bcache`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Bcache {
    /// Tell the statistics of priorities, which are expensive.
    #[river(default)]
    pub priority_stats: bool,
}

/// The block `cpu`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Cpu {
    /// CPU bugs to tell about (regular expression); turns `info` on.
    #[river(default)]
    pub bugs_include: String,
    /// Tell `node_cpu_guest_seconds_total`.
    #[river(default)]
    pub guest: bool,
    /// Tell `node_cpu_info`.
    #[river(default)]
    pub info: bool,
    /// CPU flags to tell about (regular expression); turns `info` on.
    #[river(default)]
    pub flags_include: String,
}

/// The block `disk`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Disk {
    /// Devices to leave out (regular expression); not together with `device_include`.
    #[river(default = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$".into())]
    pub device_exclude: String,
    /// Devices to tell about (regular expression); not together with `device_exclude`.
    #[river(default)]
    pub device_include: String,
}

/// The block `ethtool`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Ethtool {
    /// Devices to leave out (regular expression); not together with `device_include`.
    #[river(default)]
    pub device_exclude: String,
    /// Devices to tell about (regular expression); not together with `device_exclude`.
    #[river(default)]
    pub device_include: String,
    /// Statistics to tell (regular expression).
    #[river(default = ".*".into())]
    pub metrics_include: String,
}

/// The block `filesystem`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Filesystem {
    /// File system types to leave out (regular expression).
    #[river(default = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$".into())]
    pub fs_types_exclude: String,
    /// Mount points to leave out (regular expression).
    #[river(default = "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+)($|/)".into())]
    pub mount_points_exclude: String,
    /// How long a mount may take to answer before it counts as stuck.
    #[river(default = Duration::from_secs(5))]
    pub mount_timeout: Duration,
}

/// The block `hwmon`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Hwmon {
    /// Chips to leave out (regular expression); not together with `chip_include`.
    #[river(default)]
    pub chip_exclude: String,
    /// Chips to tell about (regular expression); not together with `chip_exclude`.
    #[river(default)]
    pub chip_include: String,
}

/// The block `ipvs`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Ipvs {
    /// Labels of IPVS backends.
    #[river(default)]
    pub backend_labels: Vec<String>,
}

/// The block `ntp`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Ntp {
    /// TTL of the query.
    #[river(default = 1)]
    pub ip_ttl: i64,
    /// Offset of the local clock that is tolerated.
    #[river(default = Duration::from_millis(1))]
    pub local_offset_tolerance: Duration,
    /// Accumulated distance to the root that is tolerated.
    #[river(default = Duration::from_micros(3_466_080))]
    pub max_distance: Duration,
    /// NTP version.
    #[river(default = 4)]
    pub protocol_version: i64,
    /// NTP server to ask.
    #[river(default = "127.0.0.1".into())]
    pub server: String,
    /// The server is not a public one.
    #[river(default)]
    pub server_is_local: bool,
}

/// The block `netclass`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Netclass {
    /// Leave out a speed that is negative.
    #[river(default)]
    pub ignore_invalid_speed_device: bool,
    /// Devices to leave out (regular expression).
    #[river(default = "^$".into())]
    pub ignored_devices: String,
}

/// The block `netdev`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Netdev {
    /// Tell the addresses of devices.
    #[river(default)]
    pub address_info: bool,
    /// Devices to leave out (regular expression); not together with `device_include`.
    #[river(default)]
    pub device_exclude: String,
    /// Devices to tell about (regular expression); not together with `device_exclude`.
    #[river(default)]
    pub device_include: String,
}

/// The block `netstat`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Netstat {
    /// Fields to tell (regular expression).
    #[river(default = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$".into())]
    pub fields: String,
}

/// The block `perf`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Perf {
    /// CPUs to profile.
    #[river(default)]
    pub cpus: String,
    /// Tracepoints to count.
    #[river(default)]
    pub tracepoint: Vec<String>,
    /// No hardware profilers.
    #[river(default)]
    pub disable_hardware_profilers: bool,
    /// No software profilers.
    #[river(default)]
    pub disable_software_profilers: bool,
    /// No cache profilers.
    #[river(default)]
    pub disable_cache_profilers: bool,
    /// Hardware profilers.
    #[river(default)]
    pub hardware_profilers: Vec<String>,
    /// Software profilers.
    #[river(default)]
    pub software_profilers: Vec<String>,
    /// Cache profilers.
    #[river(default)]
    pub cache_profilers: Vec<String>,
}

/// The block `powersupply`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Powersupply {
    /// Power supplies to leave out (regular expression).
    #[river(default = "^$".into())]
    pub ignored_supplies: String,
}

/// The block `runit`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Runit {
    /// Runit's folder of services.
    #[river(default = "/etc/service".into())]
    pub service_dir: String,
}

/// The block `supervisord`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Supervisord {
    /// XML RPC endpoint.
    #[river(default = "http://localhost:9001/RPC2".into())]
    pub url: String,
}

/// The block `sysctl`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Sysctl {
    /// Values to tell.
    #[river(default)]
    pub include: Vec<String>,
    /// Values to tell as labels.
    #[river(default)]
    pub include_info: Vec<String>,
}

/// The block `systemd`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Systemd {
    /// Tell restarts of units.
    #[river(default)]
    pub enable_restarts: bool,
    /// Tell start times of units.
    #[river(default)]
    pub start_time: bool,
    /// Tell tasks of units.
    #[river(default)]
    pub task_metrics: bool,
    /// Units to leave out (regular expression).
    #[river(default = r".+\.(automount|device|mount|scope|slice)".into())]
    pub unit_exclude: String,
    /// Units to tell about (regular expression).
    #[river(default = ".+".into())]
    pub unit_include: String,
}

/// The block `tapestats`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Tapestats {
    /// Devices to leave out (regular expression).
    #[river(default = "^$".into())]
    pub ignored_devices: String,
}

/// The block `textfile`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Textfile {
    /// The folder of `*.prom` files; a glob may name several.
    #[river(default)]
    pub directory: String,
}

/// The block `vmstat`.
#[derive(Clone, Debug, PartialEq, Arguments)]
pub struct Vmstat {
    /// Fields to tell (regular expression).
    #[river(default = "^(oom_kill|pgpg|pswp|pg.*fault).*".into())]
    pub fields: String,
}

/// Checks names of collectors: no type says them.
fn validate(arguments: &UnixArguments, checks: &mut Checks<'_, '_>) {
    let lists = [
        ("enable_collectors", &arguments.enable_collectors),
        ("disable_collectors", &arguments.disable_collectors),
        ("set_collectors", &arguments.set_collectors),
    ];
    for (attribute, names) in lists {
        if let Some(name) = names.iter().find(|name| !super::collectors::is_known(name)) {
            let known: Vec<&str> = super::collectors::COLLECTORS
                .iter()
                .map(|entry| entry.name)
                .collect();
            checks
                .attribute(attribute, format!("there is no collector \"{name}\""))
                .help = Some(format!("the collectors are {}", known.join(", ")));
        }
    }
}

impl Default for UnixArguments {
    #[expect(
        clippy::expect_used,
        reason = "every argument has a default, and a test decodes the empty body"
    )]
    fn default() -> Self {
        Self::decode(&river_eval::BodyValue::default()).expect("every argument has a default")
    }
}
