//! The NFS client, from `/proc/net/rpc/nfs`, and the NFS server, from `/proc/net/rpc/nfsd`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector of the client.
pub(super) struct Nfs;

/// The collector of the server.
pub(super) struct Nfsd;

/// The procedures of version 2, in the kernel's order.
const VERSION_2: &[&str] = &[
    "Null", "GetAttr", "SetAttr", "Root", "Lookup", "ReadLink", "Read", "WrCache", "Write", "Create",
    "Remove", "Rename", "Link", "SymLink", "MkDir", "RmDir", "ReadDir", "FsStat",
];

/// Those of version 3.
const VERSION_3: &[&str] = &[
    "Null",
    "GetAttr",
    "SetAttr",
    "Lookup",
    "Access",
    "ReadLink",
    "Read",
    "Write",
    "Create",
    "MkDir",
    "SymLink",
    "MkNod",
    "Remove",
    "RmDir",
    "Rename",
    "Link",
    "ReadDir",
    "ReadDirPlus",
    "FsStat",
    "FsInfo",
    "PathConf",
    "Commit",
];

/// Those of version 4 as a client counts them. Older kernels have fewer: the rest is 0.
const VERSION_4_CLIENT: &[&str] = &[
    "Null",
    "Read",
    "Write",
    "Commit",
    "Open",
    "OpenConfirm",
    "OpenNoattr",
    "OpenDowngrade",
    "Close",
    "Setattr",
    "FsInfo",
    "Renew",
    "SetClientID",
    "SetClientIDConfirm",
    "Lock",
    "Lockt",
    "Locku",
    "Access",
    "Getattr",
    "Lookup",
    "LookupRoot",
    "Remove",
    "Rename",
    "Link",
    "Symlink",
    "Create",
    "Pathconf",
    "StatFs",
    "ReadLink",
    "ReadDir",
    "ServerCaps",
    "DelegReturn",
    "GetACL",
    "SetACL",
    "FsLocations",
    "ReleaseLockowner",
    "Secinfo",
    "FsidPresent",
    "ExchangeID",
    "CreateSession",
    "DestroySession",
    "Sequence",
    "GetLeaseTime",
    "ReclaimComplete",
    "LayoutGet",
    "GetDeviceInfo",
    "LayoutCommit",
    "LayoutReturn",
    "SecinfoNoName",
    "TestStateID",
    "FreeStateID",
    "GetDeviceList",
    "BindConnToSession",
    "DestroyClientID",
    "Seek",
    "Allocate",
    "DeAllocate",
    "LayoutStats",
    "Clone",
];

/// The operations of version 4 as a server counts them.
const VERSION_4_SERVER: &[&str] = &[
    "Op0Unused",
    "Op1Unused",
    "Op2Future",
    "Access",
    "Close",
    "Commit",
    "Create",
    "DelegPurge",
    "DelegReturn",
    "GetAttr",
    "GetFH",
    "Link",
    "Lock",
    "Lockt",
    "Locku",
    "Lookup",
    "LookupRoot",
    "Nverify",
    "Open",
    "OpenAttr",
    "OpenConfirm",
    "OpenDgrd",
    "PutFH",
    "PutPubFH",
    "PutRootFH",
    "Read",
    "ReadDir",
    "ReadLink",
    "Remove",
    "Rename",
    "Renew",
    "RestoreFH",
    "SaveFH",
    "SecInfo",
    "SetAttr",
    "Verify",
    "Write",
    "RelLockOwner",
];

/// Operations that the server's metrics leave out.
const SERVER_HIDDEN: &[&str] = &[
    "Null",
    "Op0Unused",
    "Op1Unused",
    "Op2Future",
    "PutPubFH",
    "PutRootFH",
];

/// The numbers of a line by its first word.
struct Lines<'t>(&'t str);

impl Lines<'_> {
    fn numbers(&self, key: &str) -> Vec<f64> {
        let line = self
            .0
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.unwrap_or_default()
            .split_ascii_whitespace()
            .map_while(|number| number.parse().ok())
            .collect()
    }

    /// The first number of the line says how many follow.
    fn procedures(&self, key: &str) -> Vec<f64> {
        let mut numbers = self.numbers(key);
        numbers.drain(..numbers.len().min(1));
        numbers
    }
}

fn at(numbers: &[f64], place: usize) -> f64 {
    numbers.get(place).copied().unwrap_or_default()
}

impl Collector for Nfs {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let lines = Lines(files.proc("net/rpc/nfs").map_err(Failure::absent_is_no_data)?);
        let net = lines.numbers("net");
        out.counter(
            "node_nfs_packets_total",
            "Total NFSd network packets (sent+received) by protocol type.",
        )
        .sample(&[("protocol", "udp")], at(&net, 1))
        .sample(&[("protocol", "tcp")], at(&net, 2));
        out.counter(
            "node_nfs_connections_total",
            "Total number of NFSd TCP connections.",
        )
        .value(at(&net, 3));
        let rpc = lines.numbers("rpc");
        out.counter("node_nfs_rpcs_total", "Total number of RPCs performed.")
            .value(at(&rpc, 0));
        out.counter(
            "node_nfs_rpc_retransmissions_total",
            "Number of RPC transmissions performed.",
        )
        .value(at(&rpc, 1));
        out.counter(
            "node_nfs_rpc_authentication_refreshes_total",
            "Number of RPC authentication refreshes performed.",
        )
        .value(at(&rpc, 2));
        let versions = [
            ("2", "proc2", VERSION_2),
            ("3", "proc3", VERSION_3),
            ("4", "proc4", VERSION_4_CLIENT),
        ];
        let mut family = out.counter("node_nfs_requests_total", "Number of NFS procedures invoked.");
        for (version, key, names) in versions {
            let counts = lines.procedures(key);
            for (place, name) in names.iter().enumerate() {
                family.sample(&[("method", name), ("proto", version)], at(&counts, place));
            }
        }
        Ok(())
    }
}

/// Line, place, name, help: counts of the server without labels.
const SERVER: [(&str, usize, &str, &str); 9] = [
    (
        "rc",
        0,
        "node_nfsd_reply_cache_hits_total",
        "Total number of NFSd Reply Cache hits (client lost server response).",
    ),
    (
        "rc",
        1,
        "node_nfsd_reply_cache_misses_total",
        "Total number of NFSd Reply Cache an operation that requires caching (idempotent).",
    ),
    (
        "rc",
        2,
        "node_nfsd_reply_cache_nocache_total",
        "Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).",
    ),
    (
        "fh",
        0,
        "node_nfsd_file_handles_stale_total",
        "Total number of NFSd stale file handles",
    ),
    (
        "io",
        0,
        "node_nfsd_disk_bytes_read_total",
        "Total NFSd bytes read.",
    ),
    (
        "io",
        1,
        "node_nfsd_disk_bytes_written_total",
        "Total NFSd bytes written.",
    ),
    (
        "ra",
        11,
        "node_nfsd_read_ahead_cache_not_found_total",
        "Total number of NFSd read ahead cache not found.",
    ),
    (
        "net",
        3,
        "node_nfsd_connections_total",
        "Total number of NFSd TCP connections.",
    ),
    (
        "rpc",
        0,
        "node_nfsd_server_rpcs_total",
        "Total number of NFSd RPCs.",
    ),
];

impl Collector for Nfsd {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let lines = Lines(files.proc("net/rpc/nfsd").map_err(Failure::absent_is_no_data)?);
        for (key, place, name, help) in SERVER {
            out.counter(name, help).value(at(&lines.numbers(key), place));
        }
        out.gauge(
            "node_nfsd_server_threads",
            "Total number of NFSd kernel threads that are running.",
        )
        .value(at(&lines.numbers("th"), 0));
        out.gauge(
            "node_nfsd_read_ahead_cache_size_blocks",
            "How large the read ahead cache is in blocks.",
        )
        .value(at(&lines.numbers("ra"), 0));
        let net = lines.numbers("net");
        out.counter(
            "node_nfsd_packets_total",
            "Total NFSd network packets (sent+received) by protocol type.",
        )
        .sample(&[("proto", "udp")], at(&net, 1))
        .sample(&[("proto", "tcp")], at(&net, 2));
        let rpc = lines.numbers("rpc");
        out.counter(
            "node_nfsd_rpc_errors_total",
            "Total number of NFSd RPC errors by error type.",
        )
        .sample(&[("error", "fmt")], at(&rpc, 2))
        .sample(&[("error", "auth")], at(&rpc, 3))
        .sample(&[("error", "cInt")], at(&rpc, 4));
        let versions = [
            ("2", "proc2", VERSION_2),
            ("3", "proc3", VERSION_3),
            ("4", "proc4ops", VERSION_4_SERVER),
        ];
        let mut family = out.counter(
            "node_nfsd_requests_total",
            "Total number NFSd Requests by method and protocol.",
        );
        for (version, key, names) in versions {
            let counts = lines.procedures(key);
            for (place, name) in names.iter().enumerate() {
                if !SERVER_HIDDEN.contains(name) {
                    family.sample(&[("method", name), ("proto", version)], at(&counts, place));
                }
            }
        }
        Ok(())
    }
}
