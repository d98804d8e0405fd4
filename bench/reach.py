#!/usr/bin/env python3
"""Measures a stream of NATS JetStream: its publisher and a node, beside the same program without them.

    cargo build --release --features nats && bench/reach.py [RUNS]

Needs nats-server. BINARY in the environment names another program than target/release/ssetail.
Prints medians, and ratios within one run:

- agent: bytes a second from a file into the stream, beside those from the file to a plain client;
- cost: what a client of a publisher gets, beside a client of the same program without --to;
- fan-out: what clients of a node get, beside as many clients of the program that follows the file;
  the publisher and nats-server work on the same cores, which few clients notice most;
- start: time until a node gives its first event, for a stream of STREAM_MB;
- latency: from a write to the client of a node at 1,000 lines a second.

Loopback only; files in a directory that is removed at the end.
"""
import glob
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BINARY = os.environ.get(
    "BINARY", os.path.join(os.path.dirname(__file__), "..", "target", "release", "ssetail")
)
LINES = 500_000
CLIENTS = [10, 100]
STREAM_MB = int(os.environ.get("STREAM_MB", "500"))
LATENCY_LINES = 3000
LINE = b"2026-11-25T14:00:00Z INFO request served path=/api/v1/items status=200 time=12ms id=%08d\n"


class Programs:
    """Programs that are ended together."""

    def __init__(self, directory):
        self.directory, self.children = directory, []

    def nats(self):
        """The URL of a stream on a new server."""
        ports = f"{self.directory}/ports"
        os.makedirs(ports)
        store = f"{self.directory}/store"
        child = subprocess.Popen(
            ["nats-server", "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", store,
             "--ports_file_dir", ports], stderr=subprocess.DEVNULL)
        self.children.append(child)
        while True:
            try:
                with open(glob.glob(f"{ports}/*.ports")[0]) as file:
                    return json.load(file)["nats"][0]
            except (IndexError, ValueError):
                time.sleep(0.01)

    def ssetail(self, *args):
        """The program, and its port, once it listens."""
        child = subprocess.Popen(
            [BINARY, "--port", "0", *args], stderr=subprocess.PIPE, text=True, cwd=self.directory)
        self.children.append(child)
        while True:
            found = re.search(r"http://127.0.0.1:(\d+)/", child.stderr.readline())
            if found:
                threading.Thread(target=child.stderr.read, daemon=True).start()
                return child, int(found.group(1))

    def end(self, child=None):
        for child in [child] if child else self.children:
            child.send_signal(signal.SIGKILL)
            child.wait()


def metric(port, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    return int(re.search(rf"^ssetail_{name} (\d+)", text, re.M).group(1))


def connect(port, query="n=0"):
    """A client that has got the head of its stream."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(f"GET /sse?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    text = b""
    while b"retry:" not in text:
        text += client.recv(65536)
    return client, text


def wait_for(client, last, times, began):
    kept, received = b"", memoryview(bytearray(1 << 20))
    while True:
        size = client.recv_into(received)
        if not size:
            sys.exit("the stream has ended")
        text = kept + bytes(received[:size])
        if last in text:
            times.append(time.monotonic() - began)
            return
        kept = text[-len(last):]


def text(run):
    last = f"last line of run {run}".encode()
    return b"".join(LINE % n for n in range(LINES)) + last + b"\n", last


def deliver(path, port, run, clients=1):
    """Seconds until the last of the clients has the last of the lines."""
    sockets = [connect(port)[0] for _ in range(clients)]
    data, last = text(run)
    times, began = [], time.monotonic()
    threads = [threading.Thread(target=wait_for, args=(c, last, times, began)) for c in sockets]
    for thread in threads:
        thread.start()
    with open(path, "ab", buffering=0) as file:
        file.write(data)
    for thread in threads:
        thread.join()
    for client in sockets:
        client.close()
    return max(times), len(data)


def publish(path, port, run):
    """Seconds until the stream has all lines."""
    data, _ = text(run)
    before, began = metric(port, "stream_events_total"), time.monotonic()
    with open(path, "ab", buffering=0) as file:
        file.write(data)
    while metric(port, "stream_events_total") < before + LINES + 1:
        time.sleep(0.005)
    return time.monotonic() - began, len(data)


def start_time(programs, url):
    """Seconds from the start of a node to its first event."""
    began = time.monotonic()
    node, port = programs.ssetail(url)
    client, head = connect(port, "n=10")
    while b"\nid: " not in head:
        head += client.recv(65536)
    taken = time.monotonic() - began
    client.close()
    programs.end(node)
    programs.children.remove(node)
    return taken


def latencies(path, port):
    """Sorted seconds from the write of a line to its arrival."""
    client, rest = connect(port)
    written, taken = {}, []

    def read():
        nonlocal rest
        while len(taken) < LATENCY_LINES:
            rest += client.recv(65536)
            now = time.monotonic()
            *lines, rest = rest.split(b"\n")
            for line in lines:
                found = re.match(rb"data: probe (\d+)", line)
                if found:
                    taken.append(now - written[int(found.group(1))])

    reader = threading.Thread(target=read)
    reader.start()
    with open(path, "ab", buffering=0) as file:
        began = time.monotonic()
        for n in range(LATENCY_LINES):
            while time.monotonic() < began + n / 1000:
                time.sleep(0.0002)
            written[n] = time.monotonic()
            file.write(b"probe %d\n" % n)
    reader.join()
    client.close()
    return sorted(taken)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as directory:
        programs = Programs(directory)
        url = programs.nats() + "/LOGS"
        for name in ["plain", "agent"]:
            open(f"{directory}/{name}.log", "w").close()
        _, plain = programs.ssetail("plain.log")
        _, agent = programs.ssetail("agent.log", "--to", url, "--create", "--host", "h")
        while metric(agent, "stream_lag_events"):
            time.sleep(0.01)
        _, node = programs.ssetail(url)
        figures = {"agent": [], "cost": []}
        figures.update({f"fan-out to {clients}": [] for clients in CLIENTS})
        speeds = []
        for run in range(runs):
            one, size = deliver(f"{directory}/plain.log", plain, f"{run} plain")
            own, _ = deliver(f"{directory}/agent.log", agent, f"{run} own")
            while metric(agent, "stream_lag_events"):
                time.sleep(0.01)
            sent, _ = publish(f"{directory}/agent.log", agent, f"{run} stream")
            speeds.append(size / sent / 1e6)
            figures["agent"].append(one / sent)
            figures["cost"].append(one / own)
            print(f"run {run}: plain {size / one / 1e6:.0f} MB/s, own client of the publisher "
                  f"{size / own / 1e6:.0f}, into the stream {speeds[-1]:.0f}", flush=True)
            for clients in CLIENTS:
                many, _ = deliver(f"{directory}/plain.log", plain, f"{run} many {clients}", clients)
                served, _ = deliver(f"{directory}/agent.log", node, f"{run} node {clients}", clients)
                figures[f"fan-out to {clients}"].append(many / served)
                print(f"run {run}: {clients} clients {many:.2f} s, of a node {served:.2f} s", flush=True)
        for name, ratios in figures.items():
            print(f"{name}: ratio {statistics.median(ratios):.2f}")
        print(f"into the stream: {statistics.median(speeds):.0f} MB/s")
        taken = latencies(f"{directory}/plain.log", plain)
        there = latencies(f"{directory}/agent.log", node)
        for name, values in [("plain", taken), ("node", there)]:
            p50, p99 = values[len(values) // 2], values[len(values) * 99 // 100]
            print(f"latency of {name}: p50 {p50 * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms")
        filled = 0
        while filled < STREAM_MB:
            _, size = publish(f"{directory}/agent.log", agent, "fill")
            filled += size // 1_000_000
        starts = [start_time(programs, url) for _ in range(runs)]
        print(f"first event of a node: {statistics.median(starts) * 1000:.0f} ms "
              f"on a stream of {filled} MB and more")
        programs.end()


if __name__ == "__main__":
    main()
