#!/usr/bin/env python3
"""Measures what pods cost in memory that are read through the API server, and prints the tables of docs/performance.md.

usage: agent/benches/pods.py [PATH OF alloy-rs [PODS]]      (default: target/release/alloy-rs, 10000)

A scripted API server on loopback lists by pages, watches with bookmarks and follows logs; the endpoint decodes every push request and counts the lines.
1. 30 pods on the agent's node, in a cluster of 50 and in one of 5,000: resident memory of both.
2. Pods that come and go, 100 at a time: they appear, log, end and are removed. Resident memory after each tenth of them, once none is followed any more.
The first pods come 70 seconds after the start. Takes some five seconds for each 100 pods, as targets are exported every five seconds. Ends with 1 where a line is missing or twice, where the size of the cluster makes a
difference of more than 5 MiB, or where the last figure is more than 10 % above the first.
"""
import contextlib
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from files import Endpoint, until

HERE = 30
AT_ONCE = 100
LINES = 20
BOOKMARK_EVERY = 1.0
MIB = 1024

CONFIG = """
discovery.kubernetes "pods" {{
	role            = "pod"
	kubeconfig_file = "{kubeconfig}"

	selectors {{
		role  = "pod"
		field = "spec.nodeName=here"
	}}
}}

discovery.relabel "pods" {{
	targets = discovery.kubernetes.pods.targets

	rule {{
		source_labels = ["__meta_kubernetes_namespace"]
		target_label  = "namespace"
	}}

	rule {{
		source_labels = ["__meta_kubernetes_pod_name"]
		target_label  = "pod"
	}}

	rule {{
		source_labels = ["__meta_kubernetes_pod_container_name"]
		target_label  = "container"
	}}
}}

loki.source.kubernetes "pods" {{
	targets    = discovery.relabel.pods.output
	forward_to = [loki.process.pods.receiver]

	client {{
		kubeconfig_file = "{kubeconfig}"
	}}
}}

loki.process "pods" {{
	forward_to = [loki.write.out.receiver]

	stage.regex {{
		expression = "level=(?P<level>\\\\w+)"
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}
}}

loki.write "out" {{
	endpoint {{
		url        = "{url}"
		batch_wait = "50ms"
	}}
}}
"""


class Pod:
    """A pod of the usual size, and the log of its container."""

    def __init__(self, number, node):
        self.number, self.node = number, node
        self.namespace = f"team-{number % 20}"
        self.name = f"app-{number % 50}-5d8f7c9b6-{number * 2654435761 % 2**32:08x}"
        self.lines, self.is_over = [], False
        self.changed = threading.Condition()
        self.object = self.described()

    def write(self, lines):
        with self.changed:
            for line in lines:
                stamp = f"2026-01-01T00:00:{line:02}.{self.number:09}"
                self.lines.append((stamp, f'level=info pod={self.number} line={line} msg="something has happened"'))
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.is_over = True
            self.object = self.described()
            self.changed.notify_all()

    def described(self):
        container_id = f"containerd://{self.number:064}"
        state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        if self.is_over:
            state = {"terminated": {"containerID": container_id, "startedAt": "2026-01-01T00:00:00Z", "exitCode": 0}}
        fields = {f"f:field-{at}": {"f:a": {}, "f:b": {}} for at in range(60)}
        return {
            "metadata": {
                "namespace": self.namespace,
                "name": self.name,
                "uid": f"00000000-0000-4000-8000-{self.number:012}",
                "labels": {"app.kubernetes.io/name": f"app-{self.number % 50}", "pod-template-hash": "5d8f7c9b6"},
                "annotations": {"prometheus.io/scrape": "true", "checksum/config": "5feceb66ffc86f38d952786c6d696c79c2dbc239"},
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"app-{self.number % 50}-5d8f7c9b6", "controller": True, "uid": "o"}
                ],
                "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": fields}],
            },
            "spec": {
                "nodeName": self.node,
                "restartPolicy": "Never",
                "containers": [
                    {
                        "name": "main",
                        "image": "registry.example/main:1",
                        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                        "env": [{"name": f"VARIABLE_{at}", "value": f"the value of number {at}"} for at in range(20)],
                    }
                ],
            },
            "status": {
                "phase": "Succeeded" if self.is_over else "Running",
                "podIP": f"10.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}",
                "hostIP": "10.1.0.1",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [
                    {"name": "main", "image": "", "imageID": "", "ready": True, "restartCount": 0, "containerID": container_id, "state": state}
                ],
            },
        }


class Cluster:
    """The pods and what has happened to them; a version for each change."""

    def __init__(self):
        self.pods, self.history, self.version = {}, [], 1
        self.changed = threading.Condition()

    def apply(self, kind, pods):
        with self.changed:
            for pod in pods:
                self.version += 1
                pod.object["metadata"]["resourceVersion"] = str(self.version)
                key = (pod.namespace, pod.name)
                if kind == "DELETED":
                    del self.pods[key]
                else:
                    self.pods[key] = pod
                self.history.append((self.version, kind, pod.node, json.dumps({"type": kind, "object": pod.object})))
            # Old versions are of use to nobody here: the agent's watch is never far behind.
            del self.history[:-1000]
            self.changed.notify_all()


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster = None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        steps = url.path.strip("/").split("/")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            match steps:
                case ["version"]:
                    self.answer(200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0"})
                case ["api", "v1", "pods"] if query.get("watch") in ("true", "1"):
                    self.watch(query)
                case ["api", "v1", "pods"]:
                    self.list(query)
                case ["api", "v1", "namespaces", namespace, "pods", name]:
                    pod = self.pod(namespace, name)
                    pod and self.answer(200, pod.object)
                case ["api", "v1", "namespaces", namespace, "pods", name, "log"]:
                    pod = self.pod(namespace, name)
                    pod and self.log(pod, query)
                case _:
                    self.refuse(404, "NotFound", f"{url.path} not found")

    def answer(self, code, body):
        body = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code, reason, message):
        self.answer(code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code})

    def pod(self, namespace, name):
        found = self.cluster.pods.get((namespace, name))
        if not found:
            self.refuse(404, "NotFound", f'pods "{name}" not found')
        return found

    def begin(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def list(self, query):
        """A page; the token for the next one is the number of pods that were handed out."""
        node = query.get("fieldSelector", "").removeprefix("spec.nodeName=")
        with self.cluster.changed:
            wanted = [pod.object for pod in self.cluster.pods.values() if node in ("", pod.node)]
            version = str(self.cluster.version)
        start = int(query.get("continue") or 0)
        end = start + int(query.get("limit") or len(wanted))
        metadata = {"resourceVersion": version}
        if end < len(wanted):
            metadata["continue"] = str(end)
        self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": wanted[start:end]})

    def watch(self, query):
        node = query.get("fieldSelector", "").removeprefix("spec.nodeName=")
        seen = int(query.get("resourceVersion") or 0)
        until = time.monotonic() + float(query.get("timeoutSeconds") or 290)
        self.begin()
        while time.monotonic() < until:
            with self.cluster.changed:
                if self.cluster.version == seen:
                    self.cluster.changed.wait(BOOKMARK_EVERY)
                new = [(of, event) for version, _, of, event in self.cluster.history if version > seen]
                seen = self.cluster.version
            events = [event for of, event in new if node in ("", of)]
            bookmark = {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": str(seen)}, "spec": {}, "status": {}}
            events = events or [json.dumps({"type": "BOOKMARK", "object": bookmark})]
            self.chunk("".join(event + "\n" for event in events))
        self.wfile.write(b"0\r\n\r\n")

    def log(self, pod, query):
        since = query.get("sinceTime", "").rstrip("Z")
        self.begin()
        at = 0
        while True:
            with pod.changed:
                lines, at = pod.lines[at:], len(pod.lines)
                is_end = pod.is_over or query.get("follow") != "true"
                if not lines and not is_end:
                    pod.changed.wait()
                    continue
            text = "".join(f"{stamp}Z {line}\n" for stamp, line in lines if stamp >= since)
            if text:
                self.chunk(text)
            if is_end:
                break
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # The agent opens 100 streams at once.
    request_queue_size = 200


def served(handler):
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Agent:
    """An agent that reads the pods of a cluster of its own."""

    def __init__(self, binary, cluster, home):
        api = served(type("ApiOfOne", (Api,), {"cluster": cluster}))
        self.endpoint = type("EndpointOfOne", (Endpoint,), {"lines": type(Endpoint.lines)(), "streams": set()})
        kubeconfig = os.path.join(home, "kubeconfig")
        with open(kubeconfig, "w") as file:
            json.dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [{"name": "c", "cluster": {"server": api}}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                },
                file,
            )
        config = os.path.join(home, "config.alloy")
        with open(config, "w") as file:
            file.write(CONFIG.format(kubeconfig=kubeconfig, url=f"{served(self.endpoint)}/loki/api/v1/push"))
        self.log = os.path.join(home, "log")
        arguments = [binary, "run", config, f"--storage.path={home}/data", "--server.http.listen-addr=127.0.0.1:0"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(arguments, stderr=log, stdout=subprocess.DEVNULL)
        until("the agent listens", self.address)

    def address(self):
        found = re.search(r"addr=(127\.0\.0\.1:\d+)", open(self.log).read())
        return found and found.group(1)

    def metrics(self):
        return urllib.request.urlopen(f"http://{self.address()}/metrics").read().decode()

    def followed(self):
        return int(re.search(r"^loki_source_kubernetes_targets_active_total\S* (\d+)", self.metrics(), re.M).group(1))

    def memory(self, name):
        """In KiB."""
        return int(re.search(rf"^{name}:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read(), re.M).group(1))

    def has(self, lines):
        until(f"{lines} lines have come", lambda: len(self.endpoint.lines) >= lines)

    def is_exact(self, lines):
        again = sum(times > 1 for times in self.endpoint.lines.values())
        print(f"\n{len(self.endpoint.lines):,} lines of {len(self.endpoint.streams):,} streams, {again} of them twice", flush=True)
        return len(self.endpoint.lines) == lines and not again


@contextlib.contextmanager
def agent_for(binary, cluster):
    with tempfile.TemporaryDirectory() as home:
        agent = Agent(binary, cluster, home)
        try:
            yield agent
        finally:
            agent.process.terminate()
            agent.process.wait()


def sizes(binary):
    """The same pods on the node, in clusters of two sizes."""
    print("| pods in the cluster | on the node | resident | of it anonymous |\n|---|---|---|---|", flush=True)
    residents, is_exact = [], True
    for size in (50, 5000):
        cluster = Cluster()
        pods = [Pod(number, "here" if number < HERE else "elsewhere") for number in range(size)]
        for pod in pods[:HERE]:
            pod.write(range(LINES))
        cluster.apply("ADDED", pods)
        with agent_for(binary, cluster) as agent:
            agent.has(HERE * LINES)
            # What happens elsewhere is not told to this agent.
            for _ in range(10):
                cluster.apply("MODIFIED", pods)
            time.sleep(15)
            residents.append(agent.memory("VmRSS"))
            print(f"| {size:,} | {HERE} | {residents[-1] / MIB:.1f} MiB | {agent.memory('RssAnon') / MIB:.1f} MiB |", flush=True)
            is_exact &= agent.is_exact(HERE * LINES)
        for pod in pods:
            pod.end()
    difference = abs(residents[1] - residents[0]) / MIB
    print(f"{difference:.1f} MiB of difference\n", flush=True)
    return is_exact and difference <= 5


def churn(binary, count):
    """Pods that come and go."""
    cluster = Cluster()
    step, first, last = max(count // 10, AT_ONCE), None, 0
    with agent_for(binary, cluster) as agent:
        # A minute after a load the agent lets go of pages of the program; what is used of them comes back with the first pods.
        time.sleep(70)
        print("| pods | resident | of it anonymous | series on the metrics page | positions |\n|---|---|---|---|---|", flush=True)
        for start in range(0, count, AT_ONCE):
            pods = [Pod(number, "here") for number in range(start, start + AT_ONCE)]
            for pod in pods:
                pod.write(range(LINES // 2))
            cluster.apply("ADDED", pods)
            agent.has(start * LINES + AT_ONCE * LINES // 2)
            for pod in pods:
                pod.write(range(LINES // 2, LINES))
            done = start + AT_ONCE
            agent.has(done * LINES)
            for pod in pods:
                pod.end()
            cluster.apply("MODIFIED", pods)
            cluster.apply("DELETED", pods)
            if done % step == 0:
                until("no pod is followed", lambda: agent.followed() == 0)
                # Idle connections, buffers and caches go after a while.
                time.sleep(8)
                last = agent.memory("VmRSS")
                first = first or last
                series = sum(not line.startswith("#") for line in agent.metrics().splitlines())
                positions = os.path.join(os.path.dirname(agent.log), "data/loki.source.kubernetes.pods/positions.yml")
                kept = open(positions).read().split("alloy_rs_cursors")[-1].count("path:")
                anonymous = agent.memory("RssAnon")
                print(f"| {done:,} | {last / MIB:.1f} MiB | {anonymous / MIB:.1f} MiB | {series} | {kept} |", flush=True)
        is_exact = agent.is_exact(count * LINES)
    print(f"{last / first - 1:+.1%}")
    return is_exact and last <= first * 1.1


def main():
    binary = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/alloy-rs")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    all_well = [sizes(binary), churn(binary, count)]
    sys.exit(not all(all_well))


if __name__ == "__main__":
    main()
