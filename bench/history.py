#!/usr/bin/env python3
"""Measures history: a log file for clients that ask for all of it, and standard input with --spool.

    bench/history.py [--gb 1] [PART]...

Parts are: one, many, grep, records, memory, spool. Builds the program and prints a table.
Compares each figure with a program that does less: a plain sendfile of the file over the same
kind of socket, grep on the file, cat. Files are in /dev/shm if there is space, and are removed.
"""
import argparse
import http.client
import os
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BINARY = os.path.join(ROOT, "target", "release", "ssetail")
LAST = b"the last line"
RUNS = 3
CLIENTS = 100


def write_log(path, size):
    """Writes lines of 100 bytes, and a last one that marks the end."""
    block = b"".join(b"2026-01-01T00:00:00.000Z INFO request %054d served\n" % n for n in range(100_000))
    with open(path, "wb") as log:
        for _ in range(max(1, size // len(block))):
            log.write(block)
        log.write(LAST + b"\n")
    return os.path.getsize(path)


class Program:
    """The program, following a file from its start or reading standard input."""

    def __init__(self, *args, stdin=subprocess.DEVNULL):
        self.child = subprocess.Popen([BINARY, "--port", "0", *args], stdin=stdin,
                                      stderr=subprocess.PIPE, text=True)
        line = self.child.stderr.readline()
        self.port = int(re.search(r":(\d+)/", line).group(1))

    def figure(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return int(re.search(rf"^ssetail_{name} (\d+)", text, re.M).group(1))

    def wait_for(self, size):
        while self.figure("bytes_read_total") < size:
            time.sleep(0.02)

    def memory(self, key):
        status = open(f"/proc/{self.child.pid}/status").read()
        return int(re.search(rf"{key}:\s+(\d+)", status).group(1)) / 1024

    def cpu(self):
        fields = open(f"/proc/{self.child.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()
        self.child.stderr.close()


class Sender:
    """Sends a file to whoever connects, by sendfile and by nothing else."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.send, args=(peer,), daemon=True).start()

    def send(self, peer):
        peer.recv(65536)
        with open(self.path, "rb") as log, peer:
            size, at = os.path.getsize(self.path), 0
            while at < size:
                at += os.sendfile(peer.fileno(), log.fileno(), at, 1 << 20)


def receive(port, clients, query):
    """Seconds until the last line has come to all, and how many bytes came."""
    request = f"GET /sse?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    peers, ends, total = {}, {}, 0
    poll = select.epoll()
    for _ in range(clients):
        peer = socket.create_connection(("127.0.0.1", port))
        peers[peer.fileno()], ends[peer.fileno()] = peer, b""
        poll.register(peer.fileno(), select.EPOLLIN)
    block = bytearray(1 << 20)
    began = time.perf_counter()
    for peer in peers.values():
        peer.sendall(request)
    while peers:
        for fd, _ in poll.poll(60):
            read = peers[fd].recv_into(block)
            total += read
            end = ends[fd] = ends[fd][-100:] + bytes(block[max(0, read - 100):read])
            if LAST in end or read == 0:
                poll.unregister(fd)
                peers.pop(fd).close()
    return time.perf_counter() - began, total


def middle(values):
    return statistics.median(values)


def row(what, ours, theirs, unit):
    print(f"| {what} | {middle(ours):.3g} {unit} | {middle(theirs):.3g} {unit} "
          f"| {middle([a / b for a, b in zip(ours, theirs)]):.2f} |", flush=True)


def serve(directory, size, clients):
    """All of a file to so many clients at a time, against sendfile."""
    path = f"{directory}/serve.log"
    size = write_log(path, size)
    program, sender = Program("--from-start", path), Sender(path)
    program.wait_for(size)
    ours, theirs, wire, raw, cores = [], [], [], [], []
    for _ in range(RUNS):
        used = program.cpu()
        seconds, came = receive(program.port, clients, "n=all")
        cores.append((program.cpu() - used) / seconds)
        ours.append(size * clients / seconds / 1e6)
        wire.append(came / seconds / 1e6)
        seconds, came = receive(sender.port, clients, "")
        theirs.append(size * clients / seconds / 1e6)
        raw.append(came / seconds / 1e6)
    name = "1 client" if clients == 1 else f"{clients} clients"
    row(f"history to {name}, lines", ours, theirs, "MB/s")
    row(f"history to {name}, bytes on the wire", wire, raw, "MB/s")
    print(f"| cores used | {middle(cores):.2f} | | |")
    print(f"| memory at most | {program.memory('VmHWM'):.1f} MiB | | |", flush=True)
    program.stop()
    sender.listener.close()


def one(directory, size):
    serve(directory, size, 1)


def many(directory, size):
    serve(directory, size // 20, CLIENTS)


def grep(directory, size):
    """Searching a log for what only its last line has, against grep."""
    path = f"{directory}/grep.log"
    size = write_log(path, size)
    program = Program("--from-start", path)
    program.wait_for(size)
    for what, query, command in (
        ("a word", "the%20last%20line", ["grep", "-c", "the last line"]),
        ("an expression", "^the%20l[a-z]*t%20[l-n]ine$", ["grep", "-cE", "^the l[a-z]*t [l-n]ine$"]),
    ):
        ours, theirs = [], []
        for _ in range(RUNS):
            seconds, _ = receive(program.port, 1, f"n=all&grep={query}")
            ours.append(size / seconds / 1e9)
            began = time.perf_counter()
            subprocess.run([*command, path], stdout=subprocess.DEVNULL, check=True,
                           env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
            theirs.append(size / (time.perf_counter() - began) / 1e9)
        row(f"history searched for {what}", ours, theirs, "GB/s")
    program.stop()


def write_levels(path, size):
    """Writes lines of several levels, one of fifty an error, and some errors with a trace."""
    trace = "java.lang.IllegalStateException: boom\n" + "\tat com.example.Foo.bar(Foo.java:1)\n" * 12
    levels = ["INFO", "DEBUG", "INFO", "DEBUG", "INFO", "INFO", "WARN", "DEBUG", "INFO", "INFO"]
    text = []
    for n in range(100_000):
        level = "ERROR" if n % 50 == 49 else levels[n % 10]
        text.append(f"2026-11-25T00:{n // 6000:02}:{n // 100 % 60:02}.{n % 100 * 10:03}Z {level:5} "
                    f"[worker-{n % 8}] com.example.Service - request {n:09} of a client was answered\n")
        if n % 150 == 149:
            text.append(trace)
    block = "".join(text).encode()
    with open(path, "wb") as log:
        for n in range(max(1, size // len(block))):
            log.write(block)
            if n == size // len(block) // 2:
                log.write(b"2026-11-25T00:17:00.000Z INFO  a rare word: xyzzy\n" * 100)
        log.write(LAST + b"\n")
    return os.path.getsize(path)


def read_all(port, query):
    """Seconds of a read that ends by itself, as plain text."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", f"/sse?follow=0&{query}", headers={"accept": "text/plain"})
    answer = connection.getresponse()
    block = bytearray(1 << 20)
    while answer.readinto(block):
        pass
    return time.perf_counter() - began


def records(directory, size):
    """Selecting lines of history by what they state, against grep for a word."""
    path = f"{directory}/records.log"
    size = write_levels(path, size)
    program = Program("--from-start", path)
    program.wait_for(size)
    for what, query, pattern in (
        ("of level error", "n=all&level=error", ["-c", "ERROR"]),
        ("of level fatal, of which there are none", "n=all&level=fatal", ["-c", "ERROR"]),
        ("of level error, as JSON fields", "n=all&where=level%3Derror", ["-c", "ERROR"]),
        ("of the last minute", "since=2026-11-25T00:16:00Z", ["-c", "T00:16"]),
        ("with a rare word, the newest 100", "n=100&grep=xyzzy", ["-c", "xyzzy"]),
    ):
        ours, theirs = [], []
        for _ in range(RUNS):
            ours.append(size / read_all(program.port, query) / 1e9)
            began = time.perf_counter()
            # With /dev/null as its output, grep stops at the first match.
            subprocess.run(["grep", *pattern, path], stdout=subprocess.PIPE, check=False,
                           env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
            theirs.append(size / (time.perf_counter() - began) / 1e9)
        row(f"lines {what}", ours, theirs, "GB/s")
    program.stop()


def memory(directory, size):
    """What a catch-up takes, and what the index does."""
    path = f"{directory}/memory.log"
    size = write_log(path, size)
    program = Program("--from-start", path)
    program.wait_for(size)
    before = program.memory("VmHWM")
    receive(program.port, 1, "n=all")
    print(f"| memory at most, {size / 1e9:.2g} GB read | {before:.1f} MiB | | |")
    print(f"| memory at most, and sent to one client | {program.memory('VmHWM'):.1f} MiB | | |")
    index = program.figure("index_bytes") / (size / 1e9) / 1024
    print(f"| index for 1 GB | {index:.0f} KiB | | |", flush=True)
    program.stop()


def spool(directory, size):
    """Standard input at full speed, without and with a spool, against cat."""
    path = f"{directory}/spool.log"
    size = write_log(path, size // 2)
    kept = f"{directory}/spool"

    def through(*command, **options):
        began = time.perf_counter()
        cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
        subprocess.run(command, stdin=cat.stdout, check=True, stderr=subprocess.DEVNULL, **options)
        return size / (time.perf_counter() - began) / 1e6

    reading = [BINARY, "--port", "0", "-", "--exit-on-eof"]
    without, cats, spooled, bounded, tees = [], [], [], [], []
    for _ in range(RUNS):
        without.append(through(*reading))
        cats.append(through("cat", stdout=subprocess.DEVNULL))
        spooled.append(through(*reading, "--spool", kept))
        os.remove(kept)
        tees.append(through("tee", kept, stdout=subprocess.DEVNULL))
        os.remove(kept)
        bounded.append(through(*reading, "--spool", kept, "--spool-bytes", "64MiB"))
        for name in os.listdir(directory):
            if name.startswith("spool") and name != "spool.log":
                os.remove(f"{directory}/{name}")
    row("standard input, against cat", without, cats, "MB/s")
    row("with --spool, against tee", spooled, tees, "MB/s")
    row("with --spool, against without", spooled, without, "MB/s")
    row("with --spool-bytes 64MiB, against without", bounded, without, "MB/s")


def room(size):
    """Where the files can lie: in memory, if that leaves enough of it."""
    shm = "/dev/shm"
    fits = os.path.isdir(shm) and shutil.disk_usage(shm).free > 3 * size
    return shm if fits else None


def main():
    parts = {"one": one, "many": many, "grep": grep, "records": records, "memory": memory,
             "spool": spool}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gb", type=float, default=1, help="how large the log is")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    asked = parser.parse_args()
    if not asked.no_build:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    size = int(asked.gb * 1e9)
    print("| | ssetail | the other | ratio |\n|---|---|---|---|", flush=True)
    for name in asked.parts or parts:
        with tempfile.TemporaryDirectory(dir=room(size)) as directory:
            parts[name](directory, size)


if __name__ == "__main__":
    sys.exit(main())
