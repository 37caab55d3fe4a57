"""What `cordon run` does for its caller, on the backend that CORDON_TEST_BACKEND names."""

import json
import os
import pty
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
import tomllib
import unittest
import uuid

import case
from case import PATIENCE, Case, protects
from drivers import HERE
from runs import processes
from side_by_side import alone, load


def setUpModule():
    case.start("behaviour")
    Unanswered.ask()


def load_tests(_loader, tests, _pattern):
    return load(tests)


class Streams(Case):
    def test_are_two(self):
        run = self.sh("echo out; echo bad >&2; exit 7")
        self.assertEqual((run.stdout, run.stderr, run.returncode), ("out\n", "bad\n", 7))

    def test_input_arrives_and_ends(self):
        self.assertEqual(self.run_cordon("wc", "-c", text="x" * 1_000_000).stdout.strip(), "1000000")

    def test_no_input_is_the_end_of_it(self):
        process = self.begin("cat")
        self.assertEqual((process.wait(PATIENCE), process.stdout.read()), (0, ""))

    def test_input_from_a_file(self):
        self.put("input", "of the file\n")
        self.assertEqual(self.run_cordon("cat", options=["--stdin", self.work + "/input"]).stdout, "of the file\n")

    def test_a_command_that_does_not_read_ends_all_the_same(self):
        self.assertEqual(self.run_cordon("true", text="x" * 1_000_000).returncode, 0)

    def test_much_output_arrives_whole(self):
        run = self.sh("yes 0123456789 | head -c 3000000; yes abcdefghij | head -c 2000000 >&2")
        self.assertEqual(run.stdout, ("0123456789\n" * 300000)[:3000000])
        self.assertEqual(run.stderr, ("abcdefghij\n" * 200000)[:2000000])

    def test_output_is_live(self):
        process = self.begin("sh", "-c", "echo first; read answer; echo $answer", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "first\n")
        process.stdin.write("second\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "second\n")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_reader_that_goes_away_ends_it(self):
        process = self.begin("yes")
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual((process.wait(PATIENCE), process.stderr.read()), (141, ""))

    def test_a_terminal(self):
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = subprocess.Popen(self.arguments(["sh", "-c", "tty; read line; echo got $line; exit 4"], ["--tty"]), stdin=follower,
                                   stdout=follower, stderr=subprocess.PIPE, text=True, env=self.environment(TERM="dumb"),
                                   start_new_session=True)
        self.ending(process)
        os.close(follower)
        seen = b""

        def read_until(text):
            nonlocal seen
            until = time.monotonic() + 20
            while text not in seen and time.monotonic() < until:
                ready, _, _ = select.select([leader], [], [], 0.1)
                try:
                    seen += os.read(leader, 4096) if ready else b""
                except OSError:  # nobody has the other end any more
                    break
                if not ready and process.poll() is not None:
                    break
            if text not in seen:
                process.kill()
            self.assertTrue(text in seen, f"{seen} {process.stderr.read() if text not in seen else ''}")
        read_until(b"\n")
        self.assertIn(b"/dev/", seen)
        os.write(leader, b"typed\n")
        read_until(b"got typed")
        self.assertEqual(process.wait(PATIENCE), 4)


class ExitStatus(Case):
    def test_is_the_commands_own(self):
        self.assertEqual(self.run_guest("exit_with", "125").returncode, 125)

    def test_is_128_and_the_signal(self):
        self.assertEqual(self.run_guest("die_by_signal", str(int(signal.SIGKILL))).returncode, 128 + signal.SIGKILL)

    def test_is_127_for_a_command_that_is_not_there(self):
        run = self.run_cordon("not-there")
        self.assertEqual(run.returncode, 127, run.stderr)
        self.assertIn("not-there", run.stderr)

    def test_is_126_for_what_cannot_be_run(self):
        path = self.put("data", "no program\n", mode=0o644)
        self.assertEqual(self.run_cordon(path).returncode, 126)

    def test_does_not_wait_for_what_outlives_the_command(self):
        self.assertEqual(self.sh("sleep 600 & exit 3").returncode, 3)


class Signals(Case):
    def test_reach_the_command(self):
        process = self.begin("sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; while true; do sleep 0.1; done")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), "caught\n")
        self.assertEqual(process.wait(PATIENCE), 9)

    def test_end_it(self):
        process = self.begin("sh", "-c", "echo ready; sleep 600")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)


class Environment(Case):
    @protects("env")
    def test_is_built_from_nothing(self):
        run = self.sh("env", variables={"AWS_SECRET_ACCESS_KEY": "do not tell", "LD_LIBRARY_PATH": "/nonexistent",
                                        "DATABASE_URL": "do not tell"})
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertNotIn("do not tell", run.stdout)
        names = {line.split("=")[0] for line in run.stdout.splitlines()}
        for name in ("AWS_SECRET_ACCESS_KEY", "LD_LIBRARY_PATH", "SECRET_OF_CALLER", "DOCKER_HOST"):
            self.assertNotIn(name, names)
        self.assertIn("do not tell", subprocess.run(["env"], env=self.environment(), capture_output=True, text=True,
                                                    check=True).stdout, "the control")

    def test_has_what_is_named(self):
        run = self.sh("env", "--env", "SET=a=b c", "--env", "BOTH=set", "--pass-env", "PASSED", "--pass-env", "BOTH", "--pass-env",
                      "NOWHERE", variables={"PASSED": "2", "BOTH": "passed"})
        variables = dict(line.split("=", 1) for line in run.stdout.splitlines())
        self.assertEqual((variables["SET"], variables["PASSED"], variables["BOTH"]), ("a=b c", "2", "set"))
        self.assertNotIn("NOWHERE", variables)

    def test_home_and_temporary_directory_are_there(self):
        run = self.sh('cd; echo h > .file; cat .file; echo t > "$TMPDIR/file"; cat "$TMPDIR/file"; pwd')
        self.assertEqual(run.stdout.split()[:2], ["h", "t"], run.stderr)

    def test_has_its_directory_and_host_name(self):
        run = self.sh("pwd; hostname", "--hostname", "elsewhere")
        self.assertEqual(run.stdout.split(), [self.work, "elsewhere"], run.stderr)


class Files(Case):
    def test_the_work_directory_is_written(self):
        self.put("there", "of the host\n")
        run = self.sh("cat there; echo made > made; mkdir -p a/b; mv made a/b/made; rm there")
        self.assertEqual((run.stdout, run.returncode), ("of the host\n", 0), run.stderr)
        self.assertEqual(self.read(self.work + "/a/b/made"), "made\n")
        self.assertEqual(os.listdir(self.work), ["a"])

    @protects("filesystem.read")
    def test_rules(self):
        self.put("f", "shown\n", folder=self.outside)
        run = self.sh(f"cat {self.outside}/f; echo x > {self.outside}/g", "--read", self.outside)
        self.assertEqual(run.stdout, "shown\n")
        self.assertEqual(os.listdir(self.outside), ["f"])
        self.assertEqual(self.sh(f"echo x > {self.outside}/g", "--write", self.outside).returncode, 0)
        self.assertEqual(self.read(self.outside + "/g"), "x\n")

    @protects("filesystem.read")
    def test_deny_and_hide_inside_the_work_directory(self):
        self.put("secret/key", "SECRET")
        self.put("token", "SECRET")
        self.put("public/inner/f", "shown")
        script = "cat secret/key token; echo secret/*; cat public/inner/f"
        for one, other in (("--deny", "--hide"), ("--hide", "--deny")):
            run = self.sh(script, one, self.work + "/secret", other, self.work + "/token")
            self.assertNotIn("SECRET", run.stdout)
            self.assertNotIn("key", run.stdout)
            self.assertIn("shown", run.stdout)
        self.assertIn("SECRETSECRETsecret/key", self.sh(script).stdout, "the control")

    @protects("filesystem.read")
    def test_the_longest_rule_wins(self):
        self.put("public/inner/f", "shown")
        self.put("public/other", "SECRET")
        run = self.sh("cat public/inner/f; ls public", "--deny", self.work + "/public", "--read", self.work + "/public/inner")
        self.assertIn("shown", run.stdout)
        self.assertNotIn("other", run.stdout, "what lies beside it is away")

    @protects("filesystem.write")
    def test_protected_names(self):
        self.put(".git/config", "[core]\n")
        self.put(".git/hooks/pre-commit.sample", "#!/bin/sh\n")
        self.put(".git/HEAD", "ref: refs/heads/main\n")
        run = self.sh("echo x > .git/hooks/pre-commit; mv .git .elsewhere; mv .git/hooks .git/h; echo x >> .git/config;"
                      "echo x > .git/index; echo x > ordinary")
        self.assertEqual(sorted(os.listdir(self.work)), [".git", "ordinary"], run.stderr)
        self.assertEqual(os.listdir(self.work + "/.git/hooks"), ["pre-commit.sample"])
        self.assertTrue(os.path.exists(self.work + "/.git/index"))
        self.assertEqual(self.read(self.work + "/.git/config"), "[core]\n")

    @protects("filesystem.write")
    def test_scratch_is_private(self):
        name = "of-" + uuid.uuid4().hex
        run = self.sh(f"echo x > /tmp/{name} && cat /tmp/{name}; echo x > /dev/shm/{name}; exit 0")
        self.assertEqual(run.stdout, "x\n", run.stderr)
        self.assertFalse(os.path.exists("/tmp/" + name) or os.path.exists("/dev/shm/" + name))
        self.assertNotEqual(self.sh(f"cat /tmp/{name}").returncode, 0, "gone with its run")


class Results(Case):
    def test_have_their_fields(self):
        result = self.result("sh", "-c", "echo out; echo err >&2; exit 3")
        self.assertEqual((result["status"], result["exit_code"], result["stdout"], result["stderr"]), ("failed", 3, "out\n", "err\n"))
        self.assertEqual((result["backend"], result["tier"]), (self.driver.backend, self.driver.tier))
        self.assertGreater(result["duration"], 0)
        self.assertEqual(result["truncated"], {"stdout": False, "stderr": False})
        for name in ("start_time", "end_time"):
            self.assertTrue(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", result[name]), result[name])
        self.assertLessEqual(result["start_time"], result["end_time"])
        self.assertTrue(result["id"])

    def test_have_no_error_when_there_is_none(self):
        result = self.result("true")
        self.assertEqual((result["status"], result["exit_code"], result["signal"], result["limit_hit"]), ("completed", 0, None, None))
        self.assertNotIn("error", result)

    def test_name_the_signal(self):
        result = self.guest_result("die_by_signal", "11")
        self.assertEqual((result["exit_code"], result["status"]), (139, "failed"))
        self.assertEqual(result["signal"], 11)

    def test_count_what_was_used(self):
        used = self.result("sh", "-c", f"{self.driver.guest} cpu_spin 300 1; {self.driver.guest} memory_heap 96")["resource_usage"]
        self.assertGreater(used["cpu_time_ns"], 20_000_000)
        self.assertGreaterEqual(used["memory_peak_bytes"], 96 << 20)

    def test_replace_what_is_no_text(self):
        out = self.guest_result("invalid_utf8")["stdout"]
        self.assertIn("\N{REPLACEMENT CHARACTER}", out)
        self.assertEqual([letter for letter in "abcde" if letter not in out], [])

    def test_guarantees_are_named_and_honest(self):
        guarantees = {one["name"]: one for one in self.result("true", options=["--pids", "50"])["guarantees"]}
        self.assertEqual(set(guarantees), {
            "filesystem.read", "filesystem.write", "network.egress", "process.tree", "process.isolation", "syscalls",
            "memory.limit", "cpu.limit", "pids.limit", "disk.limit", "output.limit", "ipc.unix_abstract", "ipc.unix_path",
            "ipc.sysv", "privileges", "devices", "env"})
        for name, one in guarantees.items():
            self.assertIn(one["strength"], ("enforced", "partial", "absent"))
            self.assertTrue(one["strength"] == "enforced" or one["reason"], name)
        self.assertEqual(guarantees["cpu.limit"]["strength"], "absent", "nobody set one")
        weak = [name for name, one in guarantees.items() if one["strength"] != "enforced"]
        run = self.run_cordon("true", options=["--require", weak[0]])
        self.assertEqual(run.returncode, 125)
        self.assertIn(weak[0], run.stderr)

    def test_a_report_is_written(self):
        path = os.path.join(self.outside, "report")
        self.assertEqual(self.sh("exit 5", "--report", path).returncode, 5)
        self.assertIn("filesystem.read", [one["name"] for one in json.loads(self.read(path))])

    @alone
    def test_the_plan_is_printed_and_nothing_run(self):
        run = self.run_cordon("touch", "made", options=["--dry-run"])
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(self.work, run.stdout)
        self.assertEqual((os.listdir(self.work), self.driver.left()), ([], []))


class BadInput(Case):
    def refused(self, *words, options=(), command=("true",)):
        run = self.run_cordon(*command, options=options)
        self.assertEqual(run.returncode, 125, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertNotIn("Traceback", run.stderr)

    def test_limits(self):
        for option, value in (("--memory", "plenty"), ("--memory", "-1"), ("--cpus", "-0.5"), ("--pids", "-3"), ("--pids", "0"),
                              ("--timeout", "soon"), ("--disk", "-5M"), ("--output-limit", "x")):
            self.refused(option, options=[option, value])

    def test_names(self):
        self.refused("nowhere", options=["--require", "nowhere"])
        self.refused("nowhere", options=["--preset", "nowhere"])
        self.refused("--nowhere", options=["--nowhere"])

    def test_directories(self):
        self.refused("/nonexistent", options=["--workdir", "/nonexistent"])
        for place in ("/", "/etc", "/proc"):
            self.refused(place, options=["--workdir", place])

    def test_a_refusal_is_json_too(self):
        run = self.run_cordon("true", options=["--json", "--require", "process.nothing"])
        self.assertEqual(run.returncode, 125)
        result = json.loads(run.stdout)
        self.assertEqual(result["status"], "failed")
        self.assertIn("process.nothing", json.dumps(result["error"]))

    @protects("ipc.unix_path")
    def test_the_engines_sockets_are_not_shown(self):
        for path in self.driver.sockets():
            self.refused("root on this host", options=["--read", path])
            self.refused("root on this host", options=["--write", os.path.dirname(path)])
            alias = os.path.join(self.work, "alias.sock")
            os.link(path, alias)
            self.refused("root on this host", options=["--read", alias])
            os.unlink(alias)


    @alone
    @protects("filesystem.read")
    def test_the_whole_host_is_shown_in_no_image(self):
        link = os.path.join(self.outside, "link")
        os.symlink("/", link)
        if not self.driver.has_image:  # the files are this host's, and to read all of them is a policy like another
            self.assertIn("/etc", self.sh("echo /*", "--read", "/").stdout.split())
            return
        for path in ("/", "/..", "//", link):
            for access in ("--read", "--write"):
                run = self.sh("echo /*", access, path)
                self.assertEqual((run.returncode, run.stdout), (125, ""), run.stderr)
                self.assertIn("it shows the whole file system of this host; name the directories", run.stderr)
        self.assertEqual(self.driver.left(), [])

    @protects("ipc.unix_path")
    def test_the_sockets_of_all_engines_are_not_shown(self):
        with open(os.path.join(HERE, "../../policies/default.toml"), "rb") as file:
            sockets = [entry["path"] for entry in tomllib.load(file)["root_socket"]]
        self.assertGreater(len(sockets), 8)
        run = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, os.path.join(HERE, "listening.py"),
                              *sockets, "--", *self.arguments(["true"])], capture_output=True, text=True, check=False,
                             timeout=PATIENCE, env=self.environment())
        self.assertEqual(run.returncode, 0, run.stderr)
        answers = json.loads(run.stdout)
        for path in sockets:
            for shown in (path, os.path.dirname(path)):
                status, words = answers[shown]
                if self.driver.has_image:
                    self.assertEqual(status, 125, shown)
                    self.assertIn("root on this host", words)
                else:  # the files are this host's, and whoever runs it says which of them
                    self.assertEqual(status, 0, words)
            status, words = answers[path + ".txt"]
            self.assertEqual(status, 0, f"the control, a file beside {path}: {words}")


class Unanswered(Case):
    """An engine that takes a connection and never answers. It is asked at the beginning: what it costs is patience."""

    asked = []

    @classmethod
    def ask(cls):
        one = cls("test_an_engine_that_hangs")
        unittest.addModuleCleanup(one.doCleanups)
        one.setUp()
        for path in one.driver.sockets():
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.addCleanup(server.close)
            server.bind(os.path.join(one.outside, os.path.basename(path)))
            server.listen(64)
            cls.asked.append(one.begin("true", variables=one.driver.at(server.getsockname())))

    def test_an_engine_that_hangs(self):
        for process in self.asked:
            self.assertEqual((process.wait(PATIENCE), process.stdout.read()), (125, ""))
            self.assertRegex(process.stderr.read(), "does not answer.*restart")


@alone
class Leftovers(Case):
    PLACES = {"/tmp": 1, "/run": 3, "/var/tmp": 1, "/dev/shm": 1, "/sys/fs/cgroup": 9}  # and how deep

    def named(self, text):
        """Whatever of the host still has the sandbox's id, or the command's unique word."""
        found = self.driver.left()
        for place, depth in self.PLACES.items():
            for base, folders, files in os.walk(place):
                found += [os.path.join(base, one) for one in folders + files if text in one]
                if base.count("/") - place.count("/") >= depth:
                    folders.clear()
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            found += [line for line in mounts if text in line]
        return found + self.running(text)

    def running(self, text):
        return [str(pid) for pid in processes(lambda words: text.encode() in words)]

    def gone_soon(self, look):
        """What is still there after as long as anything of the native backend's needs, many times over."""
        until = time.monotonic() + 3
        while (left := look()) and time.monotonic() < until:
            time.sleep(0.02)
        return left

    def nothing_is_left(self, script, *options):
        unique = uuid.uuid4().hex
        result = self.result("sh", "-c", f": {unique}; {script}", options=options)
        for text in (unique, result["id"]):
            self.wait_until("nothing is left", lambda text=text: not self.named(text))
        return result

    @protects("process.tree")
    def test_after_an_end(self):
        self.nothing_is_left("mkdir -p ~/a/b; echo x > ~/a/b/c; echo y > /tmp/d; sleep 600 & exit 1")

    @protects("process.tree")
    def test_after_a_timeout(self):
        result = self.nothing_is_left("trap '' TERM INT HUP; (trap '' TERM; sleep 600) & while true; do sleep 1; done", "--timeout", "1s")
        self.assertEqual(result["status"], "timeout")

    @protects("process.tree")
    def test_a_daemon_does_not_outlive_the_command(self):
        beat = os.path.join(self.work, "beat")
        run = self.sh(f"{self.driver.guest} daemon hold_stdout {beat}; until test -s {beat}; do sleep 0.1; done")
        self.assertEqual((run.returncode, run.stdout), (0, "daemon started\n"), run.stderr)
        self.wait_until("the daemon is gone", lambda: not self.running(beat))

    @protects("process.tree")
    def test_of_a_killed_cordon(self):
        unique = uuid.uuid4().hex
        process = self.begin("sh", "-c", f": {unique}; echo ready; sleep 600 & sleep 600")
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.assertTrue(self.running(unique), "the control: it is seen while it runs")
        process.kill()
        process.wait()
        left = self.gone_soon(lambda: self.running(unique))
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.wait_until("the next run has removed it", lambda: not self.named(unique))
        self.assertEqual(left, [], "the command goes on after Cordon was killed")

    @protects("process.tree")
    def test_of_a_cordon_killed_at_any_instant(self):
        unique, kills = uuid.uuid4().hex, 5
        command = ("sh", "-c", f": {unique}; sleep 0.1")
        before = set(self.named("cordon-"))
        began = time.monotonic()
        self.assertEqual(self.run_cordon(*command).returncode, 0)
        whole = time.monotonic() - began
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(kills):
            process = self.begin(*command)
            try:
                process.wait(chance.random() * whole)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        made = set(self.named("cordon-")) - before

        def clean():
            self.assertEqual(self.run_cordon("true").returncode, 0)
            return not self.named(unique) and not made & set(self.named("cordon-"))
        # What a dead client asked an engine for may be made a moment later.
        self.wait_until(f"nothing is left (seed {seed})", clean)
