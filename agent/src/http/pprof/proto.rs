//! A profile in the format of `go tool pprof`: the messages of its `profile.proto`, and what fills them.

use flate2::write::GzEncoder;
use prost::Message;
use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    mapping: Vec<Mapping>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
}

/// Texts are numbers of the string table everywhere.
#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Mapping {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    memory_start: u64,
    #[prost(uint64, tag = "3")]
    memory_limit: u64,
    #[prost(uint64, tag = "4")]
    file_offset: u64,
    #[prost(int64, tag = "5")]
    filename: i64,
    #[prost(bool, tag = "7")]
    has_functions: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    mapping_id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    /// Of functions that were inlined, the innermost first.
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Makes a profile of addresses: each gets its names, where the program's file has them, and its place in that file, by which they can be found in
/// a copy with symbols.
pub(super) struct Writer {
    profile: Profile,
    texts: HashMap<String, i64>,
    locations: HashMap<usize, u64>,
    functions: HashMap<(i64, i64), u64>,
    period: i64,
}

impl Writer {
    pub(super) fn new(started: SystemTime, took: Duration, frequency: i32) -> Self {
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let period = 1_000_000_000 / i64::from(frequency.max(1));
        let mut writer = Self {
            profile: Profile {
                time_nanos: nanos(started.duration_since(UNIX_EPOCH).unwrap_or_default()),
                duration_nanos: nanos(took),
                period,
                ..Profile::default()
            },
            texts: HashMap::new(),
            locations: HashMap::new(),
            functions: HashMap::new(),
            period,
        };
        // The first text has to be empty.
        writer.text("");
        let mut kind = |kind, unit| ValueType {
            kind: writer.text(kind),
            unit: writer.text(unit),
        };
        let (samples, cpu) = (kind("samples", "count"), kind("cpu", "nanoseconds"));
        writer.profile.period_type = Some(cpu.clone());
        writer.profile.sample_type = vec![samples, cpu];
        writer.mappings();
        writer
    }

    fn text(&mut self, text: &str) -> i64 {
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        let number = self.profile.string_table.len() as i64;
        self.profile.string_table.push(text.to_owned());
        self.texts.insert(text.to_owned(), number);
        number
    }

    /// Where in memory the program and its libraries lie.
    fn mappings(&mut self) {
        let maps = procfs::process::Process::myself().and_then(|process| process.maps());
        for map in maps.into_iter().flatten() {
            if let procfs::process::MMapPath::Path(path) = &map.pathname
                && map.perms.contains(procfs::process::MMPermissions::EXECUTE)
            {
                let filename = self.text(&path.to_string_lossy());
                self.profile.mapping.push(Mapping {
                    id: self.profile.mapping.len() as u64 + 1,
                    memory_start: map.address.0,
                    memory_limit: map.address.1,
                    file_offset: map.offset,
                    filename,
                    has_functions: false,
                });
            }
        }
    }

    /// Whether an address is in a library whose file has a name that begins so.
    pub(super) fn is_in(&self, address: usize, library: &str) -> bool {
        let place = address as u64;
        let mapping = self
            .profile
            .mapping
            .iter()
            .find(|mapping| (mapping.memory_start..mapping.memory_limit).contains(&place));
        let number = mapping.and_then(|mapping| usize::try_from(mapping.filename).ok());
        let path = number.and_then(|number| self.profile.string_table.get(number));
        let name = path.and_then(|path| path.rsplit('/').next());
        name.is_some_and(|name| name.starts_with(library))
    }

    /// A stack, the innermost address first, that was met so often on a thread.
    pub(super) fn sample(&mut self, stack: impl Iterator<Item = usize>, count: i64, thread: &str) {
        let sample = Sample {
            location_id: stack.map(|address| self.location(address)).collect(),
            value: vec![count, count.saturating_mul(self.period)],
            label: vec![Label {
                key: self.text("thread"),
                text: self.text(thread),
            }],
        };
        self.profile.sample.push(sample);
    }

    fn location(&mut self, address: usize) -> u64 {
        if let Some(&known) = self.locations.get(&address) {
            return known;
        }
        let mut names = Vec::new();
        // It takes what it is given for a place after a call, and looks one byte before.
        let after = address.wrapping_add(1) as *mut std::ffi::c_void;
        backtrace::resolve(after, |symbol| {
            if let Some(name) = symbol.name() {
                let file = symbol.filename().map(|file| file.display().to_string());
                names.push((
                    format!("{name:#}"),
                    name.as_str().unwrap_or_default().to_owned(),
                    file.unwrap_or_default(),
                    symbol.lineno().unwrap_or(0),
                ));
            }
        });
        let line: Vec<Line> = names
            .iter()
            .map(|(name, system_name, file, line)| Line {
                function_id: self.function(name, system_name, file),
                line: i64::from(*line),
            })
            .collect();
        let place = address as u64;
        let mapping = self
            .profile
            .mapping
            .iter_mut()
            .find(|mapping| (mapping.memory_start..mapping.memory_limit).contains(&place));
        let mapping_id = mapping.map_or(0, |mapping| {
            mapping.has_functions |= !line.is_empty();
            mapping.id
        });
        let id = self.profile.location.len() as u64 + 1;
        self.profile.location.push(Location {
            id,
            mapping_id,
            address: place,
            line,
        });
        self.locations.insert(address, id);
        id
    }

    fn function(&mut self, name: &str, system_name: &str, file: &str) -> u64 {
        let (name, filename) = (self.text(name), self.text(file));
        if let Some(&known) = self.functions.get(&(name, filename)) {
            return known;
        }
        let id = self.profile.function.len() as u64 + 1;
        let system_name = self.text(system_name);
        self.profile.function.push(Function {
            id,
            name,
            system_name,
            filename,
        });
        self.functions.insert((name, filename), id);
        id
    }

    /// The profile, gzipped.
    pub(super) fn finish(self) -> std::io::Result<Vec<u8>> {
        let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&self.profile.encode_to_vec())?;
        packer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_stack_is_written_with_names_places_and_thread() {
        let mut writer = Writer::new(SystemTime::now(), Duration::from_secs(1), 100);
        let here = Writer::new as fn(SystemTime, Duration, i32) -> Writer as usize;
        writer.sample([here, here].into_iter(), 3, "worker");
        let packed = writer.finish().unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*packed)
            .read_to_end(&mut plain)
            .unwrap();
        let profile = Profile::decode(&*plain).unwrap();
        let text = |number: i64| profile.string_table[number as usize].as_str();
        assert_eq!(text(0), "");
        assert_eq!(profile.sample[0].location_id, [1, 1]);
        assert_eq!(profile.sample[0].value, [3, 30_000_000]);
        assert_eq!(text(profile.sample[0].label[0].text), "worker");
        let location = &profile.location[0];
        assert_ne!(location.mapping_id, 0);
        let function = &profile.function[location.line[0].function_id as usize - 1];
        // With lines in the program the name is that of the function alone.
        assert!(text(function.name).ends_with("new"), "{}", text(function.name));
    }
}
