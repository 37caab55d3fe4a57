"""The daemon under a load of everything at once: killed at any instant, and for a long time.

CORDON_SOAK_KILLS and CORDON_SOAK_RUNS say how often; the numbers of every day are small.
"""

import fcntl
import glob
import http.client
import json
import os
import random
import re
import sqlite3
import threading
import time
import unittest
import uuid

import daemon as harness

KILLS = int(os.environ.get("CORDON_SOAK_KILLS", "20"))
RUNS = int(os.environ.get("CORDON_SOAK_RUNS", "1500"))
MIB = 1 << 20
ENDED = ("completed", "failed", "timeout", "killed")
# A connection that a dead daemon had, or a daemon that is not there.
GONE = (OSError, http.client.HTTPException, json.JSONDecodeError)


def eventually(condition, seconds=120):
    """What the kernel does in its own time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def processes_with(mark):
    """Those whose environment has the mark: the commands, what they started, and the daemon's own."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found


def abandoned_cgroups():
    """Groups of sandboxes that nobody holds."""
    found = []
    for place, directories, _ in os.walk("/sys/fs/cgroup"):
        for name in directories:
            if not re.fullmatch(r"cordon-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name):
                continue
            path = os.path.join(place, name)
            held = path if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else os.path.join(path, "tasks")
            try:
                fd = os.open(held, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append(path)
            except OSError:
                pass
            finally:
                os.close(fd)
    return found


def mounts_below(directory):
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line for line in file if directory in line]


def shell(script, mark, **more):
    return {"command": "sh", "args": ["-c", script], "env": {"CORDON_SOAK": mark}, **more}


class Load:
    """Clients of every kind, and what they were told."""

    def __init__(self, daemon, mark):
        self.daemon, self.mark = daemon, mark
        self.started = {}  # id: what its stdout is when it completes
        self.told = {}  # id: (status, exit code, stdout)
        self.problems = []
        self.stopping = False
        self.lock = threading.Lock()
        kinds = [self.executes, self.executes, self.fails, self.starts, self.starts, self.follows, self.kills, self.leaves]
        self.threads = [threading.Thread(target=self.repeat, args=(kind,)) for kind in kinds]
        for thread in self.threads:
            thread.start()

    def repeat(self, kind):
        try:
            while not self.stopping:
                kind()
        except GONE:
            pass  # only the daemon's end does this: it is killed
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(repr(problem))

    def finish(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def ask(self, method, target, body=None):
        return harness.exchange(harness.UnixConnection(self.daemon.socket), method, target, body)

    def execute(self, body):
        return self.ask("POST", "/api/v1/sandbox/execute", body)

    def note(self, result):
        with self.lock:
            self.told[result["id"]] = (result["status"], result["exit_code"], result["stdout"])

    def start(self, body, stdout):
        answer = self.execute(body)
        if answer.status != 202:
            raise AssertionError(answer.body)
        identity = answer.json["id"]
        with self.lock:
            self.started[identity] = stdout
        return identity

    def executes(self):
        text = uuid.uuid4().hex
        answer = self.execute(shell(f"echo {text}", self.mark))
        result = answer.json
        if (answer.status, result["status"], result["stdout"]) != (200, "completed", text + "\n"):
            raise AssertionError(answer.body)
        self.note(result)

    def fails(self):
        self.note(self.execute(shell("echo no; exit 3", self.mark)).json)

    def starts(self):
        text = uuid.uuid4().hex
        identity = self.start(shell(f"echo {text}", self.mark, **{"async": True}), text + "\n")
        result = self.ask("GET", f"/api/v1/sandbox/status/{identity}").json
        if result["status"] in ENDED:
            self.note(result)

    def follows(self):
        identity = self.start(shell("for i in 1 2 3; do echo $i; done", self.mark, **{"async": True}), "1\n2\n3\n")
        connection = harness.UnixConnection(self.daemon.socket)
        connection.request("GET", f"/api/v1/executions/{identity}/events")
        last = None
        for _, kind, data in harness.events(connection.getresponse()):
            last = data if kind == "status" else last
        connection.close()
        if last and last["status"] in ENDED:
            self.note(self.ask("GET", f"/api/v1/sandbox/status/{identity}").json)

    def kills(self):
        identity = self.start(shell("sleep 1000 & sleep 1000", self.mark, **{"async": True, "timeout_secs": 250}), None)
        time.sleep(random.random() / 50)
        self.ask("POST", f"/api/v1/sandbox/kill/{identity}")

    def leaves(self):
        connection = harness.UnixConnection(self.daemon.socket)
        connection.request("POST", "/api/v1/sandbox/execute",
                           json.dumps(shell("sleep 1000 & sleep 1000", self.mark, timeout_secs=250)),
                           {"Content-Type": "application/json"})
        time.sleep(random.random() / 50)
        connection.close()


class Killed(unittest.TestCase):
    def test_at_any_instant_every_id_is_accounted_for(self):
        seed = int(os.environ.get("CORDON_SOAK_SEED", time.time_ns()))
        instants = random.Random(seed)
        print("seed", seed)
        daemon = harness.Daemon(environment={"CORDON_SOAK_DAEMON": "none"})
        self.addCleanup(daemon.remove)
        ids, interrupted = set(), 0
        self.others = set(abandoned_cgroups())
        for _ in range(KILLS):
            mark = uuid.uuid4().hex
            daemon.stop()
            daemon.environment = {"CORDON_SOAK_DAEMON": mark}
            daemon.start()
            load = Load(daemon, mark)
            time.sleep(instants.random())
            daemon.process.kill()
            load.finish()
            self.assertEqual(load.problems, [])
            daemon.stop()
            daemon.environment = {"CORDON_SOAK_DAEMON": "none"}
            daemon.start()
            interrupted += self.account(daemon, load)
            self.nothing_is_left(daemon, mark)
            ids |= load.started.keys() | load.told.keys()
        daemon.stop()
        with sqlite3.connect(os.path.join(daemon.state, "cordon.db")) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            kept = {row[0] for row in database.execute("SELECT id FROM executions")}
        database.close()
        self.assertEqual(ids - kept, set(), "nothing was lost later either")
        print(f"{KILLS} kills: {len(ids)} ids told, {len(kept)} kept, {interrupted} interrupted")
        self.assertGreater(interrupted, 0, "control: the kills hit something")

    def account(self, daemon, load):
        """Every id that a client was told, and every record: its number of interrupted ones."""
        interrupted = 0
        for identity, told in load.told.items():
            result = daemon.ask("GET", f"/api/v1/sandbox/status/{identity}").json
            self.assertEqual((result["status"], result["exit_code"], result["stdout"]), told, "a finished result was lost")
        for identity, stdout in load.started.items():
            answer = daemon.ask("GET", f"/api/v1/sandbox/status/{identity}")
            self.assertEqual(answer.status, 200, f"{identity} was lost")
            result = answer.json
            self.assertIn(result["status"], ("completed", "killed"))
            if result["status"] == "killed":
                self.assertTrue(result["error"], result)
                interrupted += result["error"].startswith("the daemon ended")
            else:
                self.assertEqual(result["stdout"], stdout)
        listed = daemon.ask("GET", "/api/v1/executions?status=pending,running").json["executions"]
        self.assertEqual(listed, [])
        return interrupted

    def nothing_is_left(self, daemon, mark):
        self.assertTrue(eventually(lambda: not processes_with(mark)), f"processes: {processes_with(mark)}")

        left = set()

        def clean():
            # The next sandboxes take away the groups of those that were killed.
            self.assertEqual(daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"}).status, 200)
            nonlocal left
            left = set(abandoned_cgroups()) - self.others
            return not left

        self.assertTrue(eventually(clean), f"cgroups: {left}")
        self.assertEqual(mounts_below(daemon.root), [])
        for place in ("work", "jobs"):
            self.assertEqual(os.listdir(os.path.join(daemon.state, place)), [])
        self.assertLessEqual(set(os.listdir(daemon.state)),
                             {"cordon.db", "cordon.db-wal", "cordon.db-shm", "ended", "lock", "audit.jsonl", "work", "jobs",
                              "projects", "keys.json"})


class Row(unittest.TestCase):
    """Thousands in a row, of every outcome."""

    def setUp(self):
        self.daemon = harness.Daemon("--max-queued", "1000")
        self.addCleanup(self.daemon.remove)
        self.mark = uuid.uuid4().hex
        self.count = 0
        self.problems = []
        self.lock = threading.Lock()

    def numbers(self):
        pid = self.daemon.process.pid
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":", 1) for line in file)
        size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(self.daemon.state, "cordon.db*")))
        return {"memory": int(status["VmRSS"].split()[0]) << 10, "threads": int(status["Threads"]),
                "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "database": size}

    def outcome(self, number):
        """One execution, what it should come to, and what is done to it."""
        script, more, wanted = "echo $0", {}, "completed"
        if number % 200 == 1:
            script, more, wanted = "sleep 1000", {"timeout_secs": 1}, "timeout"
        elif number % 50 == 2:
            script, more, wanted = "head -c 200000000 /dev/zero | tail -n 1 | wc -c", {"memory_mb": 16}, None
        elif number % 20 == 3:
            script, more, wanted = "sleep 1000", {"async": True, "timeout_secs": 250}, "killed"
        elif number % 20 == 4:
            script, more, wanted = "sleep 1000", {"timeout_secs": 250}, "left"
        elif number % 10 == 5:
            script, wanted = "echo no >&2; exit 7", "failed"
        elif number % 10 == 6:
            script = "head -c 100000 /dev/zero | tr '\\0' x"
        return shell(script, self.mark, **more), wanted

    def run_one(self, connection, number):
        body, wanted = self.outcome(number)
        if wanted == "left":
            leaving = harness.UnixConnection(self.daemon.socket)
            leaving.request("POST", "/api/v1/sandbox/execute", json.dumps(body), {"Content-Type": "application/json"})
            leaving.close()
            return
        connection.request("POST", "/api/v1/sandbox/execute", json.dumps(body), {"Content-Type": "application/json"})
        result = harness.Answer(connection.getresponse()).json
        if wanted == "killed":
            connection.request("POST", f"/api/v1/sandbox/kill/{result['id']}")
            harness.Answer(connection.getresponse())
            connection.request("GET", f"/api/v1/executions/{result['id']}/events")
            result = list(harness.events(connection.getresponse()))[-1][2]
        if wanted is None:
            # The kernel ends one of the pipe's programs: which one is its choice.
            assert result["status"] in ("completed", "failed", "killed"), result
            assert result["resource_usage"]["memory_peak_bytes"] <= 17 * MIB, result
        else:
            assert result["status"] == wanted, result

    def client(self, until):
        connection = harness.UnixConnection(self.daemon.socket)
        try:
            while True:
                with self.lock:
                    number = self.count
                    if number >= until or self.problems:
                        return
                    self.count += 1
                self.run_one(connection, number)
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(repr(problem))
        finally:
            connection.close()

    def run_until(self, until):
        threads = [threading.Thread(target=self.client, args=(until,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.problems, [])
        idle = lambda: not any(self.stats()[name] for name in ("running", "queued"))
        self.assertTrue(eventually(idle))
        return self.numbers()

    def stats(self):
        return self.daemon.ask("GET", "/api/v1/stats").json

    def test_nothing_adds_up(self):
        # By then the manager remembers as many as it ever does, and every thread has been made.
        first = self.run_until(max(RUNS // 2, 1200))
        last = self.run_until(max(RUNS // 2, 1200) + RUNS)
        print(f"after {self.count - RUNS}: {first}\nafter {self.count}: {last}")
        stats = self.stats()
        ended = sum(stats[name] for name in ("completed", "failed", "timed_out", "killed"))
        # Some of those who left had gone before their request was read.
        self.assertLessEqual(ended, self.count)
        self.assertGreaterEqual(ended, self.count - self.count // 20 - 1)
        self.assertEqual(stats["store_failures"], 0)
        self.assertLess(last["memory"], first["memory"] + 32 * MIB)
        self.assertLessEqual(last["threads"], first["threads"] + 8)
        self.assertLessEqual(last["descriptors"], first["descriptors"] + 100, "what is kept for the next sandboxes differs")
        # One in ten has 100 KB of output: 10 KB a run, and the log that is copied into the database now and then.
        self.assertLess(last["database"], 700 * MIB, "512 MiB of output is its quota")
        self.assertLess(last["database"] - first["database"], RUNS * 16000 + 64 * MIB)
        self.assertTrue(eventually(lambda: not processes_with(self.mark)))
        self.assertEqual(os.listdir(os.path.join(self.daemon.state, "work")), [])


if __name__ == "__main__":
    unittest.main()
