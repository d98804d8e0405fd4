#!/usr/bin/env python3
"""Measures the following of files, beside tail -F where that can do the same.

    cargo build --release && bench/following.py [idle] [flood] [read] [latency] [start] [tree] [churn]

Prints medians of several runs, and ratios within one run.
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
TICK = os.sysconf("SC_CLK_TCK")
RUNS = 5


def start(*args):
    """The program, and its address, once it listens."""
    child = subprocess.Popen([BINARY, "--port", "0", *args], stderr=subprocess.PIPE, text=True)
    line = child.stderr.readline()
    port = int(re.search(r":(\d+)/", line).group(1))
    return child, port


def stop(child):
    child.send_signal(signal.SIGTERM)
    child.wait()
    child.stderr.close()


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid):
    status = open(f"/proc/{pid}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def median(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def idle(directory):
    """Processor time for a thousand quiet files."""
    for n in range(1000):
        open(f"{directory}/{n}.log", "w").write("quiet\n" * 10)
    for sources in (["idle.log"], [f"{directory}/*.log"]):
        child, _ = start(*sources)
        time.sleep(2)
        used, began = cpu(child.pid), time.time()
        time.sleep(10)
        share = (cpu(child.pid) - used) / (time.time() - began) * 100
        print(f"idle, {sources[0]}: {share:.2f} % of a core, {memory(child.pid):.1f} MiB")
        stop(child)


def write_small(path, seconds, rate):
    """Small writes at up to `rate` for a time; gives how many there were."""
    line = b"x" * 49 + b"\n"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = time.perf_counter()
    count = 0
    while True:
        for _ in range(200):
            os.write(fd, line)
        count += 200
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            break
        while rate and count / rate > time.perf_counter() - began:
            pass
    os.close(fd)
    return count / elapsed


def flood(directory):
    """A writer of small writes, alone and followed; its file, or one beside it."""
    alone, own, beside, load, memories = [], [], [], [], []
    for _ in range(RUNS):
        path = f"{directory}/flood.log"
        open(path, "w").close()
        alone.append(write_small(path, 2, 0))
        for followed, speeds in ((path, own), (f"{directory}/calm.log", beside)):
            open(path, "w").close()
            open(followed, "a").close()
            child, _ = start("-n", "0", followed)
            used, began = cpu(child.pid), time.time()
            speeds.append(write_small(path, 2, 0))
            load.append((cpu(child.pid) - used) / (time.time() - began))
            memories.append(memory(child.pid))
            stop(child)
    print(f"flood, writes/s alone: {median(alone)}")
    print(f"flood, ratio when it is followed: {median([a / b for a, b in zip(own, alone)])}")
    print(f"flood, ratio when its neighbour is: {median([a / b for a, b in zip(beside, alone)])}")
    print(f"flood, cores used: own {median(load[::2])}, beside {median(load[1::2])}")
    print(f"flood, MiB at most: {median(memories)}")
    limited = []
    for _ in range(RUNS):
        open(path, "w").close()
        child, _ = start("-n", "0", path)
        used, began = cpu(child.pid), time.time()
        write_small(path, 2, 200_000)
        limited.append((cpu(child.pid) - used) / (time.time() - began))
        stop(child)
    print(f"flood at 200,000 writes/s, cores used: {median(limited)}")


def read(directory):
    """How fast a file that is written at full speed is read, against tail -F."""
    path = f"{directory}/read.log"
    block = (b"%098d\n" % 0) * 10_000
    size = 500 * len(block)
    speeds = {"ssetail": [], "tail -F | wc -l": [], "tail -F > /dev/null": []}
    for _ in range(RUNS):
        for name, seen in speeds.items():
            open(path, "w").close()
            children = readers(name, path)
            with open(path, "ab", buffering=0) as file:
                began = time.perf_counter()
                for _ in range(500):
                    file.write(block)
            # The last of them is the one that has to have got everything.
            while offset(children[-1].pid) < size:
                time.sleep(0.0005)
            seen.append(size / (time.perf_counter() - began) / 1e6)
            for child in children:
                child.send_signal(signal.SIGTERM)
                child.wait()
    ours = speeds["ssetail"]
    print(f"read, MB/s: {median(ours)}")
    for name in list(speeds)[1:]:
        ratio = median([a / b for a, b in zip(ours, speeds[name])])
        print(f"read, MB/s, {name}: {median(speeds[name])}, ratio to it: {ratio}")


def readers(name, path):
    """The processes that read a file, the last one last."""
    if name == "ssetail":
        return [start("-n", "0", "--replay-bytes", "4MiB", path)[0]]
    sink = subprocess.DEVNULL if "|" not in name else subprocess.PIPE
    tail = subprocess.Popen(["tail", "-n", "0", "-F", path], stdout=sink)
    counted = [subprocess.Popen(["wc", "-l"], stdin=tail.stdout, stdout=subprocess.DEVNULL)] if tail.stdout else []
    time.sleep(0.3)
    return [tail, *counted]


def offset(pid):
    """How many bytes the process has read, by its own account of I/O."""
    text = open(f"/proc/{pid}/io").read()
    return int(re.search(r"rchar: (\d+)", text).group(1))


def receive(source, count):
    """Nanoseconds from before each write to its arrival; the lines tell when they were written."""
    seen, unread = [], b""
    while len(seen) < count:
        unread += os.read(source, 65536)
        *lines, unread = unread.split(b"\n")
        now = time.perf_counter_ns()
        seen += [now - int(stamp) for line in lines for stamp in re.findall(rb"@(\d+)", line)]
    return seen


def latency(directory):
    """From before write(2) to arrival, 1,000 lines/s, against tail -F through a pipe."""
    path = f"{directory}/latency.log"
    results = {"ssetail": [], "tail -F": []}
    for _ in range(RUNS):
        for name, seen in results.items():
            open(path, "w").close()
            if name == "ssetail":
                child, port = start("-n", "0", path)
                peer = listen(port)
                source = peer.fileno()
            else:
                child = subprocess.Popen(["tail", "-n", "0", "-F", path], stdout=subprocess.PIPE)
                source = child.stdout.fileno()
            time.sleep(0.5)
            writer = subprocess.Popen([sys.executable, __file__, "--write", path, "2000"])
            seen += [ns / 1000 for ns in receive(source, 2000)]
            writer.wait()
            child.send_signal(signal.SIGTERM)
            child.wait()
    for name, seen in results.items():
        points = statistics.quantiles(seen, n=100)
        print(f"latency, {name}: {points[49]:.0f} µs median, {points[98]:.0f} µs 99th percentile")


def tree(directory):
    """A glob over 60,000 directories, beside the path alone: idle time, and the latency of a line."""
    for n in range(60_000):
        os.makedirs(f"{directory}/packages/{n // 100}/{n % 100}")
    path = f"{directory}/app.log"
    found = []
    for source in (path, f"{directory}/**/*.log"):
        open(path, "w").close()
        child, port = start("-n", "0", source)
        time.sleep(10)
        used, began = cpu(child.pid), time.time()
        time.sleep(20)
        share = (cpu(child.pid) - used) / (time.time() - began) * 100
        peer = listen(port)
        writer = subprocess.Popen([sys.executable, __file__, "--write", path, "2000"])
        points = statistics.quantiles([ns / 1000 for ns in receive(peer.fileno(), 2000)], n=100)
        writer.wait()
        if source != path:
            for n in range(RUNS):
                began = time.time()
                open(f"{directory}/packages/{n}/new.log", "w").write("x @0\n")
                receive(peer.fileno(), 1)
                found.append((time.time() - began) * 1000)
        print(f"tree, {os.path.basename(source)}: idle {share:.2f} % of a core, "
              f"{memory(child.pid):.1f} MiB, latency {points[49]:.0f} µs median, {points[98]:.0f} µs 99th percentile")
        stop(child)
    print(f"tree, ms until a new file is found: {median(found)}")


def churn(directory):
    """Two hundred files that live for 600 ms, twenty times: lost lines, descriptors, idle time."""
    child, port = start("-n", "0", f"{directory}/*.log")
    peer = listen(port)
    descriptors = 0
    for round in range(20):
        names = [f"{directory}/{round}-{n}.log" for n in range(200)]
        for name in names:
            open(name, "w").write("x @0\n")
        time.sleep(0.6)
        for name in names:
            os.unlink(name)
        descriptors = max(descriptors, len(os.listdir(f"/proc/{child.pid}/fd")))
        time.sleep(0.3)
    peer.settimeout(5)
    seen = b""
    try:
        while seen.count(b"data: x @0") < 4000:
            seen += peer.recv(1 << 20)
    except TimeoutError:
        pass
    time.sleep(10)
    used, began = cpu(child.pid), time.time()
    time.sleep(10)
    share = (cpu(child.pid) - used) / (time.time() - began) * 100
    print(f"churn: {4000 - seen.count(b'data: x @0')} of 4000 lines lost, {descriptors} descriptors at most, "
          f"{len(os.listdir(f'/proc/{child.pid}/fd'))} at the end, idle {share:.2f} % of a core, {memory(child.pid):.1f} MiB")
    stop(child)


def listen(port):
    """A connection to the event stream, after its first bytes."""
    peer = socket.create_connection(("127.0.0.1", port))
    peer.sendall(b"GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n")
    peer.recv(65536)
    return peer


def write_stamps(path, count):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    due = time.perf_counter_ns()
    for _ in range(count):
        due += 1_000_000
        time.sleep(max(0, due - time.perf_counter_ns()) / 1e9)
        os.write(fd, b"@%d\n" % time.perf_counter_ns())


def begin(directory):
    """How soon it listens, with a big file and -n 100, and with a small one."""
    path = f"{directory}/big.log"
    with open(path, "wb") as big:
        block = (b"%098d\n" % 0) * 100_000
        for _ in range(200):
            big.write(block)
    for name, source in (("2 GB, -n 100", path), ("nothing", f"{directory}/none.log")):
        times = []
        for _ in range(RUNS * 2):
            began = time.perf_counter()
            child, _ = start(source)
            times.append((time.perf_counter() - began) * 1000)
            stop(child)
        print(f"start, {name}: {median(times)} ms to the printed address")


def main():
    if sys.argv[1:2] == ["--write"]:
        return write_stamps(sys.argv[2], int(sys.argv[3]))
    parts = {"idle": idle, "flood": flood, "read": read, "latency": latency, "start": begin, "tree": tree, "churn": churn}
    for name in sys.argv[1:] or parts:
        with tempfile.TemporaryDirectory() as directory:
            parts[name](directory)


if __name__ == "__main__":
    main()
