//! Processes and threads by state, from every `/proc/PID/stat` and `/proc/PID/task`. Off by default: its cost grows with their number.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::BTreeMap;

/// The collector.
pub(super) struct Processes;

/// State and number of threads: they stand behind the name, which is in parentheses and may hold any of them itself.
fn state(text: &str) -> Option<(char, u64)> {
    let mut columns = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = columns.next()?.chars().next()?;
    Some((state, columns.nth(16)?.parse().ok()?))
}

fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

impl Collector for Processes {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let (mut processes, mut threads) = (BTreeMap::<char, u64>::new(), BTreeMap::<char, u64>::new());
        let (mut pids, mut allocated) = (0_u64, 0_u64);
        for pid in files.proc_names("", "")?.iter().filter(|name| is_id(name)) {
            // One that has ended meanwhile is not told.
            let Some((letter, count)) = files.proc(format_args!("{pid}/stat")).ok().and_then(state) else {
                continue;
            };
            pids += 1;
            allocated += count;
            *processes.entry(letter).or_default() += 1;
            if count == 1 {
                *threads.entry(letter).or_default() += 1;
                continue;
            }
            for thread in files
                .proc_names(format_args!("{pid}/task"), "")
                .unwrap_or_default()
            {
                let letter = match &thread == pid {
                    true => Some(letter),
                    false => files
                        .proc(format_args!("{pid}/task/{thread}/stat"))
                        .ok()
                        .and_then(state)
                        .map(|(letter, _)| letter),
                };
                if let Some(letter) = letter {
                    *threads.entry(letter).or_default() += 1;
                }
            }
        }
        let mut letter = [0; 4];
        out.gauge("node_processes_threads", "Allocated threads in system")
            .value(allocated as f64);
        let limit = files.proc_number("sys/kernel/threads-max")?;
        out.gauge("node_processes_max_threads", "Limit of threads in the system")
            .value(limit);
        for (state, count) in processes {
            out.gauge("node_processes_state", "Number of processes in each state.")
                .sample(&[("state", state.encode_utf8(&mut letter))], count as f64);
        }
        for (state, count) in threads {
            out.gauge("node_processes_threads_state", "Number of threads in each state.")
                .sample(&[("thread_state", state.encode_utf8(&mut letter))], count as f64);
        }
        out.gauge("node_processes_pids", "Number of PIDs")
            .value(pids as f64);
        let limit = files.proc_number("sys/kernel/pid_max")?;
        out.gauge("node_processes_max_processes", "Number of max PIDs limit")
            .value(limit);
        Ok(())
    }
}
