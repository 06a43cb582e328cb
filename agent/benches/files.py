#!/usr/bin/env python3
"""Measures what files that come and go cost in memory, and prints the table of docs/performance.md.

usage: agent/benches/files.py [PATH OF alloy-rs [FILES]]      (default: target/release/alloy-rs, 10000)

Files are written, read, sent and removed again, 100 at a time; each is a stream of its own. The endpoint decodes every push request and counts the lines.
Resident memory is taken after each tenth of the files, once the agent follows none of them any more. Ends with 1 where a line is missing or
twice, or where the last figure is more than 10 % above the first.
"""
import collections
import http.server
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

AT_ONCE = 100
LINES = 20

CONFIG = """
local.file_match "pods" {{
	path_targets = [{{"__path__" = "{folder}/*.log", "job" = "pods"}}]
	sync_period  = "200ms"
}}

loki.source.file "pods" {{
	targets    = local.file_match.pods.targets
	forward_to = [loki.process.pods.receiver]
}}

loki.process "pods" {{
	forward_to = [loki.relabel.pods.receiver]

	stage.regex {{
		expression = "level=(?P<level>\\\\w+)"
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}
}}

loki.relabel "pods" {{
	forward_to = [loki.write.out.receiver]

	rule {{
		source_labels = ["filename"]
		regex         = ".*/(.+)\\\\.log"
		target_label  = "pod"
	}}
}}

loki.write "out" {{
	endpoint {{
		url        = "{url}"
		batch_wait = "50ms"
	}}
}}
"""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def unsnappy(data):
    """The block format of snappy."""
    length, at = varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            size = tag >> 2
            if size >= 60:
                count = size - 59
                size = int.from_bytes(data[at : at + count], "little")
                at += count
            out += data[at : at + size + 1]
            at += size + 1
            continue
        if kind == 1:
            size, offset = 4 + (tag >> 2 & 7), (tag >> 5) << 8 | data[at]
            at += 1
        else:
            count = 2 if kind == 2 else 4
            size, offset = 1 + (tag >> 2), int.from_bytes(data[at : at + count], "little")
            at += count
        for _ in range(size):
            out.append(out[-offset])
    assert len(out) == length
    return bytes(out)


def fields(data):
    """Number and bytes of each field of a message that has a length."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            size, at = varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        elif key & 7 == 0:
            _, at = varint(data, at)
        else:
            raise ValueError(f"wire type {key & 7}")


class Endpoint(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lines = collections.Counter()
    streams = set()
    lock = threading.Lock()

    def do_POST(self):
        request = unsnappy(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            for _, stream in (field for field in fields(request) if field[0] == 1):
                parts = list(fields(stream))
                self.streams.update(text for number, text in parts if number == 1)
                for entry in (text for number, text in parts if number == 2):
                    self.lines.update(text for number, text in fields(entry) if number == 2)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def until(what, look, patience=120):
    began = time.monotonic()
    while not look():
        if time.monotonic() - began > patience:
            sys.exit(f"after {patience} s still not: {what}")
        time.sleep(0.05)


def main():
    binary = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/alloy-rs")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        folder = os.path.join(home, "pods")
        os.mkdir(folder)
        config = os.path.join(home, "config.alloy")
        with open(config, "w") as file:
            url = f"http://127.0.0.1:{server.server_port}/loki/api/v1/push"
            file.write(CONFIG.format(folder=folder, url=url))
        log = open(os.path.join(home, "log"), "w+")
        arguments = [binary, "run", config, f"--storage.path={home}/data", "--server.http.listen-addr=127.0.0.1:0"]
        agent = subprocess.Popen(arguments, stderr=log, stdout=subprocess.DEVNULL)
        try:
            measure(agent, folder, log.name, count)
        finally:
            agent.terminate()
            agent.wait()


def measure(agent, folder, log, count):
    def address():
        found = re.search(r"addr=(127\.0\.0\.1:\d+)", open(log).read())
        return found and found.group(1)

    until("the agent listens", address)
    page = f"http://{address()}/metrics"

    def metrics():
        return urllib.request.urlopen(page).read().decode()

    def memory(name):
        return int(re.search(rf"^{name}:\s+(\d+)", open(f"/proc/{agent.pid}/status").read(), re.M).group(1))

    def followed():
        return int(re.search(r"^loki_source_file_files_active_total\S* (\d+)", metrics(), re.M).group(1))

    def is_written(number):
        """A file with a line of its own kind; the name is as long as a pod's."""
        path = os.path.join(folder, f"app-{number:05}-{number * 2654435761 % 2**32:08x}.log")
        with open(path, "w") as file:
            for line in range(LINES):
                file.write(f"level=info file={number} line={line} msg=\"something has happened\"\n")
        return path

    print("| files | resident | of it anonymous | series on the metrics page |\n|---|---|---|---|", flush=True)
    step, first, last = max(count // 10, AT_ONCE), None, None
    for start in range(0, count, AT_ONCE):
        paths = [is_written(number) for number in range(start, start + AT_ONCE)]
        done = start + AT_ONCE
        until(f"{done} files have come", lambda: len(Endpoint.lines) >= done * LINES)
        for path in paths:
            os.remove(path)
        if done % step == 0:
            until("no file is followed", lambda: followed() == 0)
            # Idle connections, buffers and caches go after a while.
            time.sleep(8)
            last = memory("VmRSS")
            first = first or last
            series = sum(not line.startswith("#") for line in metrics().splitlines())
            print(f"| {done:,} | {last / 1024:.1f} MiB | {memory('RssAnon') / 1024:.1f} MiB | {series} |", flush=True)
    again = sum(times > 1 for times in Endpoint.lines.values())
    lines = len(Endpoint.lines)
    print(f"\n{lines:,} lines of {len(Endpoint.streams):,} streams, {again} of them twice; {last / first - 1:+.1%}")
    if lines != count * LINES or again or last > first * 1.1:
        sys.exit(1)


if __name__ == "__main__":
    main()
