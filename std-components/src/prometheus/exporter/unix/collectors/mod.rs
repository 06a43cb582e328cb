//! The collectors: one file for each, one line in the table for each.

mod arp;
mod bonding;
mod buddyinfo;
mod conntrack;
mod cpu;
mod cpufreq;
mod diskstats;
mod dmi;
mod edac;
mod entropy;
mod filefd;
mod filesystem;
mod hwmon;
mod interrupts;
mod ipvs;
mod ksmd;
mod loadavg;
mod mdadm;
mod meminfo;
mod meminfo_numa;
mod netclass;
mod netdev;
mod netstat;
mod nfs;
mod nvme;
mod os;
mod own;
mod powersupplyclass;
mod pressure;
mod processes;
mod rapl;
mod schedstat;
mod selinux;
mod sockstat;
mod softnet;
mod stat;
mod textfile;
mod thermal_zone;
mod time;
mod timex;
mod udp_queues;
mod uname;
mod vmstat;
mod xfs;

pub(crate) use own::own_process;

use super::{Failure, Files, UnixArguments};
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Writer;

/// A source of metrics.
pub trait Collector: Send {
    /// Writes this collector's samples. What was written before a failure stays.
    ///
    /// # Errors
    /// Why it cannot go on.
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure>;
}

type Build = fn(&UnixArguments) -> Result<Box<dyn Collector>, BuildError>;

/// A collector as the table lists it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name in `enable_collectors` and in the label `collector`.
    pub name: &'static str,
    /// Whether node_exporter 1.5 runs it by default on Linux.
    pub default: bool,
    /// How to build it; `None` where it is not implemented yet.
    pub build: Option<Build>,
}

const fn on(name: &'static str, build: Build) -> Entry {
    Entry {
        name,
        default: true,
        build: Some(build),
    }
}

const fn off(name: &'static str, build: Build) -> Entry {
    Entry {
        name,
        default: false,
        build: Some(build),
    }
}

/// Not implemented; `default` tells whether node_exporter runs it by default.
const fn missing(name: &'static str, default: bool) -> Entry {
    Entry {
        name,
        default,
        build: None,
    }
}

/// Boxes a collector without settings.
macro_rules! plain {
    ($collector:expr) => {
        |_| Ok(Box::new($collector))
    };
}

/// All collectors of node_exporter on Linux, by name.
pub const COLLECTORS: &[Entry] = &[
    on("arp", |arguments| Ok(Box::new(arp::Arp::new(&arguments.arp)?))),
    missing("bcache", true),
    on("bonding", plain!(bonding::Bonding)),
    missing("btrfs", true),
    off("buddyinfo", plain!(buddyinfo::Buddyinfo)),
    missing("cgroups", false),
    on("conntrack", plain!(conntrack::Conntrack)),
    on("cpu", |arguments| Ok(Box::new(cpu::Cpu::new(&arguments.cpu)?))),
    on("cpufreq", plain!(cpufreq::Cpufreq::default())),
    on("diskstats", |arguments| {
        Ok(Box::new(diskstats::Diskstats::new(&arguments.disk)?))
    }),
    on("dmi", plain!(dmi::Dmi::default())),
    missing("drbd", false),
    missing("drm", false),
    on("edac", plain!(edac::Edac)),
    on("entropy", plain!(entropy::Entropy)),
    missing("ethtool", false),
    missing("fibrechannel", true),
    on("filefd", plain!(filefd::Filefd)),
    on("filesystem", |arguments| {
        Ok(Box::new(filesystem::Filesystem::new(&arguments.filesystem)?))
    }),
    on("hwmon", |arguments| {
        Ok(Box::new(hwmon::Hwmon::new(&arguments.hwmon)?))
    }),
    missing("infiniband", true),
    off("interrupts", plain!(interrupts::Interrupts)),
    on("ipvs", |arguments| {
        Ok(Box::new(ipvs::Ipvs::new(&arguments.ipvs)?))
    }),
    off("ksmd", plain!(ksmd::Ksmd)),
    missing("lnstat", false),
    on("loadavg", plain!(loadavg::Loadavg)),
    missing("logind", false),
    on("mdadm", plain!(mdadm::Mdadm)),
    on("meminfo", plain!(meminfo::Meminfo)),
    off("meminfo_numa", plain!(meminfo_numa::MeminfoNuma)),
    missing("mountstats", false),
    on("netclass", |arguments| {
        Ok(Box::new(netclass::Netclass::new(&arguments.netclass)?))
    }),
    on("netdev", |arguments| {
        Ok(Box::new(netdev::Netdev::new(&arguments.netdev)?))
    }),
    on("netstat", |arguments| {
        Ok(Box::new(netstat::Netstat::new(&arguments.netstat)?))
    }),
    missing("network_route", false),
    on("nfs", plain!(nfs::Nfs)),
    on("nfsd", plain!(nfs::Nfsd)),
    missing("ntp", false),
    on("nvme", plain!(nvme::Nvme)),
    on("os", plain!(os::Os)),
    missing("perf", false),
    on("powersupplyclass", |arguments| {
        Ok(Box::new(powersupplyclass::PowerSupplyClass::new(
            &arguments.powersupply,
        )?))
    }),
    on("pressure", plain!(pressure::Pressure)),
    off("processes", plain!(processes::Processes)),
    missing("qdisc", false),
    on("rapl", plain!(rapl::Rapl)),
    missing("runit", false),
    on("schedstat", plain!(schedstat::Schedstat)),
    on("selinux", plain!(selinux::Selinux)),
    missing("slabinfo", false),
    on("sockstat", plain!(sockstat::Sockstat)),
    on("softnet", plain!(softnet::Softnet)),
    on("stat", plain!(stat::Stat)),
    missing("supervisord", false),
    missing("sysctl", false),
    missing("systemd", true),
    missing("tapestats", true),
    missing("tcpstat", false),
    on("textfile", |arguments| {
        Ok(Box::new(textfile::TextFiles::new(&arguments.textfile)))
    }),
    on("thermal_zone", plain!(thermal_zone::ThermalZone)),
    on("time", plain!(time::Time)),
    on("timex", plain!(timex::Timex)),
    on("udp_queues", plain!(udp_queues::UdpQueues)),
    on("uname", plain!(uname::Uname)),
    on("vmstat", |arguments| {
        Ok(Box::new(vmstat::Vmstat::new(&arguments.vmstat)?))
    }),
    missing("wifi", false),
    on("xfs", plain!(xfs::Xfs)),
    missing("zfs", true),
    missing("zoneinfo", false),
];

/// Names of collectors that run on other systems or came after 1.5: accepted, and without effect here.
const ELSEWHERE: &[&str] = &[
    "bcachefs",
    "boottime",
    "cpu_vulnerabilities",
    "devstat",
    "exec",
    "kernel_hung",
    "netisr",
    "nvmesubsystem",
    "pcidevice",
    "softirqs",
    "swap",
    "watchdog",
    "xfrm",
];

/// Whether a name may stand in the lists of collectors.
pub fn is_known(name: &str) -> bool {
    ELSEWHERE.contains(&name) || COLLECTORS.iter().any(|entry| entry.name == name)
}
