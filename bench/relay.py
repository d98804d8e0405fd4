#!/usr/bin/env python3
"""Measures a relay: what a client of it gets, beside a plain client of the server itself.

    cargo build --release && bench/relay.py [RUNS]

A server follows a file, and a relay follows the server. Lines of 100 bytes are appended to the file in
one write, and the time is taken until the last one has come to a client: of the server, then of the
relay. Prints both in lines a second, and the median of the ratios within one run.
Loopback only; files in a directory that is removed at the end.
"""
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = os.path.join(os.path.dirname(__file__), "..", "target", "release", "ssetail")
LINES = 1_000_000
REQUEST = b"GET /sse?n=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


def start(*args):
    """The program, and its port, once it listens."""
    child = subprocess.Popen([BINARY, "--port", "0", *args], stderr=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/", child.stderr.readline()).group(1))
    return child, port


def connect(port):
    """A client that has got the head of its stream."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(REQUEST)
    text = b""
    while b"retry:" not in text:
        text += client.recv(65536)
    return client


def measure(path, client, run):
    """Lines a second until the client has the last line."""
    last = f"last line of run {run}".encode()
    line = b"x" * 99 + b"\n"
    began = time.monotonic()
    with open(path, "ab", buffering=0) as file:
        file.write(line * (LINES - 1) + last + b"\n")
    received, space, kept = memoryview(bytearray(1 << 20)), 0, b""
    while True:
        space = client.recv_into(received)
        if not space:
            sys.exit("the stream has ended")
        text = kept + bytes(received[:space])
        if last in text[-300:] or last in text:
            return LINES / (time.monotonic() - began)
        kept = text[-len(last):]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/bench.log"
        open(path, "w").close()
        server, port = start(path)
        direct, relayed, ratios = [], [], []
        for run in range(runs):
            with connect(port) as client:
                direct.append(measure(path, client, f"{run} direct"))
            relay, relay_port = start("-n", "0", f"http://127.0.0.1:{port}/")
            while b'"live"' not in subprocess.check_output(
                ["curl", "-s", f"http://127.0.0.1:{relay_port}/sources"]
            ):
                time.sleep(0.05)
            with connect(relay_port) as client:
                relayed.append(measure(path, client, f"{run} relayed"))
            relay.send_signal(signal.SIGTERM)
            relay.wait()
            ratios.append(relayed[-1] / direct[-1])
            print(f"direct {direct[-1]:,.0f}, relayed {relayed[-1]:,.0f}: {ratios[-1]:.2f}", flush=True)
            os.truncate(path, 0)
            time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        server.wait()
        print(f"median of {runs}: direct {statistics.median(direct):,.0f} lines/s, "
              f"relayed {statistics.median(relayed):,.0f}, ratio {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
