#!/usr/bin/env python3
"""Measures whether memory grows over an hour of traffic at full speed.

    cargo build --release && bench/endurance.py [MINUTES]

A file is written as fast as ssetail reads it, and rotated every 64 MiB. Ten clients drain the
stream; one more reconnects and resumes again and again; another one never reads.
Prints the private memory of the program every minute, and at the end compares the last tenth of
the time with the second tenth.
Loopback only; files in a directory in memory that is removed at the end.
"""
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from following import start, stop

MIB = 1 << 20
FILE = 64 * MIB
# Bytes that the writer may be ahead of the reader.
AHEAD = 32 * MIB


def memory(pid):
    """Proportional set size of the process, in MiB."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1)) / 1024


def figure(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        values = re.findall(rf"^{name}\S* (\d+)", answer.read().decode(), re.M)
    return sum(map(int, values))


def ask(port, last=""):
    peer = socket.create_connection(("127.0.0.1", port))
    peer.sendall(b"GET /sse HTTP/1.1\r\nhost: localhost\r\nlast-event-id: %s\r\n\r\n" % last.encode())
    return peer


def drain(port):
    peer = ask(port)
    while peer.recv(MIB):
        pass


def come_and_go(port):
    last = ""
    while True:
        try:
            peer = ask(port, last)
            seen = b"".join(peer.recv(MIB) for _ in range(20))
        except OSError:
            return
        ids = re.findall(rb"\nid: (\S+)\n\n", seen)
        last = ids[-1].decode() if ids else last
        peer.close()


def write(path, port, until):
    """Writes and rotates; gives how many bytes there were."""
    block = (b"%099d\n" % 0) * 10_000
    written = 0
    while time.time() < until:
        with open(path, "ab", buffering=0) as file:
            while file.tell() < FILE and time.time() < until:
                while written - figure(port, "ssetail_bytes_read_total") > AHEAD:
                    time.sleep(0.002)
                for _ in range(8):
                    written += file.write(block)
        os.rename(path, path + ".1")
    return written


def main():
    minutes = float(sys.argv[1]) if sys.argv[1:] else 60
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        path = f"{directory}/endless.log"
        open(path, "w").close()
        child, port = start("-q", "--send-timeout", "100h", path)
        threading.Thread(target=lambda: child.stderr.read(), daemon=True).start()
        for run in [drain] * 10 + [come_and_go]:
            threading.Thread(target=run, args=(port,), daemon=True).start()
        stalled = ask(port)
        began, sizes = time.time(), []
        until = began + minutes * 60

        def watch():
            while time.time() < until:
                sizes.append(memory(child.pid))
                if len(sizes) % 60 == 1:
                    passed = (time.time() - began) / 60
                    print(f"{passed:5.1f} min: {sizes[-1]:.1f} MiB", flush=True)
                time.sleep(1)

        watching = threading.Thread(target=watch)
        watching.start()
        written = write(path, port, until)
        watching.join()
        sent = figure(port, "ssetail_bytes_sent_total")
        lost = figure(port, "ssetail_events_lost_total")
        stalled.close()
        stop(child)
    tenth = max(1, len(sizes) // 10)
    early, late = (statistics.median(part) for part in (sizes[tenth:2 * tenth], sizes[-tenth:]))
    print(f"{minutes:g} minutes, {written / 1e9:.0f} GB written, {sent / 1e9:.0f} GB sent, {lost} events told lost")
    print(f"MiB: second tenth {early:.1f}, last tenth {late:.1f}, at most {max(sizes):.1f}")


if __name__ == "__main__":
    main()
