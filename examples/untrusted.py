#!/usr/bin/env python3
"""A program nobody vouches for. It does the job it was hired for, and then everything it should not.

The job: read data/weather.csv, write out/report.txt. Then it tries, one after the other, to read the user's
keys, to write outside its directory, to reach the network, to fork without end, to leave a daemon behind and
to fill memory, and says of each whether it was stopped or got through. Each attempt is bounded, so that the
program does no harm even where nothing stops it. `make run` runs it inside Cordon.
"""

import argparse
import collections
import csv
import os
import signal
import socket
import statistics
import sys
import time


def honest_work():
    rain, temperature = collections.defaultdict(float), collections.defaultdict(list)
    wettest = ("", "", 0.0)
    with open("data/weather.csv", newline="") as file:
        for row in csv.DictReader(file):
            station, fallen = row["station"], float(row["rain_mm"])
            rain[station] += fallen
            temperature[station].append(float(row["temperature_c"]))
            if fallen > wettest[2]:
                wettest = (row["date"], station, fallen)
    os.makedirs("out", exist_ok=True)
    with open("out/report.txt", "w") as report:
        report.write(f"{'station':<10}{'days':>6}{'rain mm':>10}{'mean °C':>10}\n")
        for station in sorted(rain):
            degrees = temperature[station]
            report.write(f"{station:<10}{len(degrees):>6}{rain[station]:>10.1f}{statistics.mean(degrees):>10.1f}\n")
        report.write(f"wettest: {wettest[2]} mm at {wettest[1]} on {wettest[0]}\n")


def read_file(path):
    with open(path) as file:
        return f"read {len(file.read())} bytes"


def overwrite(path):
    with open(path, "r+") as file:
        file.write("owned")
    return "overwrote it"


def connect(address):
    with socket.socket() as connection:
        connection.settimeout(2)
        try:
            connection.connect(address)
        except TimeoutError:
            return "sent packets that nobody answered"
        connection.sendall(b"stolen")
        return "connected and sent data"


def fork_without_end(bound):
    children = []
    try:
        while len(children) < bound:
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} after {len(children)} processes") from None
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return f"started {bound} processes"


def fill_memory(mebibytes):
    """In a child, so that this program lives to tell. The pages are touched: promised memory costs nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        held = []
        try:
            for _ in range(0, mebibytes, 16):
                held.append(b"x" * (16 << 20))
                os.write(writer, b".")
        except MemoryError:
            os._exit(1)
        os._exit(0)
    os.close(writer)
    got = 0
    while chunk := os.read(reader, 4096):
        got += 16 * len(chunk)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if status != 0:
        how = f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "out of memory"
        raise OSError(0, f"{how} after {got} MiB")
    return f"filled {got} MiB"


def leave_daemon(marker):
    """Double fork and setsid: its parent is gone, its session is its own. Whoever started us must look for it."""
    if (child := os.fork()) == 0:
        os.setsid()
        if os.fork() == 0:
            devnull = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(devnull, descriptor)
            os.execvp("sleep", [marker, "600"])
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.2)
    return "left it running"


def attempt(what, action, *arguments):
    try:
        print(f"GOT THROUGH: {what}: {action(*arguments)}", flush=True)
    except OSError as error:
        print(f"stopped: {what}: {error.strerror or error}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", default=os.path.expanduser("~"), help="whose keys to steal")
    parser.add_argument("--outside", default="../notes.txt", help="somebody else's file")
    parser.add_argument("--port", type=int, default=22, help="a service of the host on 127.0.0.1")
    parser.add_argument("--marker", default="untrusted-daemon", help="an argument to know the daemon by")
    parser.add_argument("--processes", type=int, default=5000)
    parser.add_argument("--mebibytes", type=int, default=4096)
    parser.add_argument("--local-only", action="store_true", help="send nothing beyond this machine")
    options = parser.parse_args()

    honest_work()
    print("done: out/report.txt", flush=True)
    attempt("read ~/.ssh/id_ed25519", read_file, os.path.join(options.home, ".ssh/id_ed25519"))
    attempt("read ~/.aws/credentials", read_file, os.path.join(options.home, ".aws/credentials"))
    attempt("write outside its directory", overwrite, options.outside)
    attempt("reach a service of the host", connect, ("127.0.0.1", options.port))
    if not options.local_only:
        attempt("reach the internet", connect, ("192.0.2.1", 80))
    attempt("fork without end", fork_without_end, options.processes)
    attempt("leave a daemon behind", leave_daemon, options.marker)
    attempt("fill memory", fill_memory, options.mebibytes)


if __name__ == "__main__":
    sys.exit(main())
