#!/usr/bin/env python3
"""Measures what the agent costs and how fast it loads, and prints the table of docs/performance.md.

usage: agent/benches/scale.py [PATH OF alloy-rs]      (default: target/release/alloy-rs)

Starts the agent on generated configurations in a network namespace of its own (`unshare -rn`): their targets are addresses that
are nobody's. Linux only. Takes about a minute and a half.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

ADDRESS = ("127.0.0.1", 12399)
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")

PIPELINE = """
discovery.relabel "team_{i}" {{
	targets = [{{"__address__" = "10.0.{a}.{b}:8080", "team" = "team-{i}"}}]

	rule {{
		source_labels = ["__address__", "team"]
		regex         = "([^:]+)(?::\\\\d+)?;(.+)"
		replacement   = "$1:9{i}"
		target_label  = "__address__"
	}}
	rule {{
		action = "labelmap"
		regex  = "__meta_kubernetes_pod_label_(.+)"
	}}
}}

prometheus.scrape "team_{i}" {{
	targets         = discovery.relabel.team_{i}.output
	forward_to      = [prometheus.remote_write.team_{i}.receiver]
	scrape_interval = "{interval}s"
}}

prometheus.remote_write "team_{i}" {{
	endpoint {{
		url = "http://" + coalesce(sys.env("METRICS_HOST_{i}"), "127.0.0.1:1") + "/api/v1/write"

		queue_config {{
			capacity = {capacity}
		}}
	}}
	external_labels = {{"cluster" = string.format("c-%d", {i})}}
}}

loki.process "team_{i}" {{
	forward_to = [loki.write.team_{i}.receiver]

	stage.cri {{ }}

	stage.json {{
		expressions = {{"level" = "lvl", "msg" = ""}}
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}
}}

loki.write "team_{i}" {{
	endpoint {{
		url       = "http://127.0.0.1:1/loki/api/v1/push"
		tenant_id = "team-{i}"
	}}
}}
"""


def configuration(pipelines):
    """Five components for each pipeline."""
    return "".join(
        PIPELINE.format(i=i, a=i % 250, b=i % 199, interval=15 + i % 45, capacity=1000 + i)
        for i in range(pipelines)
    )


def get(path, method="GET"):
    """Status and body, over a connection of its own."""
    with socket.create_connection(ADDRESS, timeout=60) as connection:
        request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode(errors="replace")


class Agent:
    """A running agent with its configuration and log."""

    def __init__(self, binary, folder, text):
        self.config = os.path.join(folder, "config.alloy")
        self.log = os.path.join(folder, "log")
        self.write(text)
        arguments = [binary, "run", self.config, f"--storage.path={folder}/data"]
        arguments.append("--server.http.listen-addr={}:{}".format(*ADDRESS))
        began = time.perf_counter()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(arguments, stderr=log, stdout=subprocess.DEVNULL)
        while True:
            try:
                if get("/-/ready")[0] == 200:
                    break
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"the agent ended: {open(self.log).read()}")
            time.sleep(0.0005)
        self.ready_seconds = time.perf_counter() - began

    def write(self, text):
        with open(self.config, "w") as file:
            file.write(text)

    def loads(self):
        """Of each load, its duration in milliseconds, as the log tells it."""
        units = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}
        lines = [line for line in open(self.log) if "finished complete graph evaluation" in line]
        found = (re.search(r"duration=([0-9.]+)(ns|µs|ms|s)\b", line) for line in lines)
        return [float(number) * units[unit] for number, unit in (one.groups() for one in found)]

    def reload(self):
        status, body = get("/-/reload", "POST")
        if status != 200:
            sys.exit(f"a reload was refused: {body}")
        return self.loads()[-1]

    def evaluations(self):
        page = get("/metrics")[1]
        found = re.search(r"^alloy_component_evaluation_seconds_count\S* (\d+)", page, re.M)
        return int(found.group(1))

    def status(self, name):
        found = re.search(rf"^{name}:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read(), re.M)
        return int(found.group(1))

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_SECONDS

    def stop(self):
        self.process.terminate()
        self.process.wait()


def row(what, value, goal):
    print(f"| {what} | **{value}** | {goal} |", flush=True)


def large(binary, pipelines, load_goal, memory_goal):
    count = f"{pipelines * 5:,} components"
    text = configuration(pipelines)
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(binary, folder, text)
        row(f"{count}: load", f"{agent.loads()[0]:.0f} ms", load_goal)
        time.sleep(10)
        row(f"{count}: resident memory after 10 s", f"{agent.status('VmRSS') / 1024:.0f} MiB", memory_goal)
        same = min(agent.reload() for _ in range(5))
        row(f"{count}: reload that changes nothing", f"{same:.1f} ms", "≤ 50 ms")
        before = agent.evaluations()
        agent.write(text.replace('"level" = "lvl"', '"level" = "severity"', 1))
        changed = agent.reload()
        evaluated = agent.evaluations() - before
        row(f"{count}: reload with one attribute changed", f"{changed:.1f} ms, {evaluated} evaluated", "that one")
        agent.stop()


def small(binary):
    times = []
    for turn in range(10):
        with tempfile.TemporaryDirectory() as folder:
            agent = Agent(binary, folder, 'logging {\n\tlevel = "info"\n}\n')
            times.append(agent.ready_seconds * 1000)
            if turn == 9:
                time.sleep(10)
                before = agent.cpu_seconds()
                time.sleep(30)
                idle = (agent.cpu_seconds() - before) / 30 * 100
                row("small configuration: start to `/-/ready`, median", f"{sorted(times)[5]:.1f} ms", "≤ 30 ms")
                row("idle: resident memory", f"{agent.status('VmRSS') / 1024:.1f} MiB", "≤ 12 MiB")
                row("idle: CPU over 30 s", f"{idle:.2f} %", "≤ 0.1 %")
                row("idle: threads", f"{agent.status('Threads')} ({os.cpu_count()} cores)", "bounded by cores")
            agent.stop()


def main():
    if os.environ.get("ALLOY_RS_SCALE") != "inside":
        binary = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/alloy-rs")
        environment = dict(os.environ, ALLOY_RS_SCALE="inside")
        inside = f'ip link set lo up && exec {sys.executable} "$0" "$1"'
        command = ["unshare", "-rn", "sh", "-c", inside, os.path.abspath(__file__), binary]
        sys.exit(subprocess.call(command, env=environment))
    print("| what | here | to reach |\n|---|---|---|")
    small(sys.argv[1])
    large(sys.argv[1], 200, "≤ 100 ms", "")
    large(sys.argv[1], 800, "≤ 500 ms", "≤ 200 MiB")


if __name__ == "__main__":
    main()
