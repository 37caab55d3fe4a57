"""gVisor through an engine: containers that a Docker engine runs with runsc."""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from runs import PATIENCE, SOMEBODY, Runs, need_root

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "docker"))
from engine import IMAGE, Engine  # noqa: E402

CORDON = os.environ["CORDON_TEST_PROGRAM"]
# No network of its own making: that works on every machine.
GVISOR = {"runsc": {"path": shutil.which("runsc"), "runtimeArgs": ["--platform=ptrace", "--network=none"]}}
ALIAS = {"runsc": {"path": shutil.which("runc")}}


def setUpModule():
    need_root("the tests start an engine of their own")


class ThroughDocker(Runs):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine(runtimes=GVISOR)
        cls.addClassCleanup(cls.engine.stop)
        with open("/proc/version", encoding="utf-8") as version:
            cls.host = version.read()

    def setUp(self):
        self.work = self.own_folder("cordon-test-gvisor-", owner=SOMEBODY)

    def arguments(self, command, options, tier=("--tier", "gvisor")):
        return [CORDON, "run", "--no-policy-files", "--workdir", self.work, "--image", IMAGE, *tier, *options, "--", *command]

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "DOCKER_HOST": f"unix://{self.engine.socket}"}

    def run_cordon(self, *command, options=(), text="", **more):
        return subprocess.run(self.arguments(command, options, **more), input=text, capture_output=True, text=True, check=False,
                              timeout=PATIENCE * 2, env=self.environment())

    def result(self, *command, options=()):
        run = self.run_cordon(*command, options=["--json", *options])
        result = json.loads(run.stdout)
        self.assertEqual((result["backend"], result["tier"]), ("gvisor-docker", "gvisor"), run.stderr)
        self.assertEqual(self.engine.containers(), [])
        return result

    def refused(self, *words, options=()):
        run = self.run_cordon("touch", "made", options=options)
        self.assertEqual((run.returncode, run.stdout), (125, ""))
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual((os.listdir(self.work), self.engine.containers()), ([], []))

    def test_the_kernel_is_not_the_hosts(self):
        run = self.run_cordon("cat", "/proc/version")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotEqual(run.stdout, self.host)
        run = self.run_cordon("cat", "/proc/version", tier=("--backend", "docker"))
        self.assertEqual(run.stdout, self.host, "control: the same engine, its own runtime")

    def test_the_result_says_what_ran(self):
        result = self.result("sh", "-c", "echo out; echo err >&2; echo x > made; sleep 1; exit 5", options=["--pids", "50"])
        self.assertEqual((result["exit_code"], result["stdout"], result["stderr"]), (5, "out\n", "err\n"))
        held = {one["name"]: one for one in result["guarantees"]}
        self.assertIn(", runsc: gVisor's kernel answers them (seen in /proc)", held["syscalls"]["mechanism"])
        self.assertEqual(held["syscalls"]["strength"], "enforced")
        self.assertEqual(held["pids.limit"]["strength"], "partial")
        self.assertIn("128 more for gVisor", held["pids.limit"]["reason"])
        self.assertEqual(os.listdir(self.work), ["made"])
        self.assertEqual(self.run_cordon("cat", text="through\n").stdout, "through\n")

    def test_a_job(self):
        source, out = self.work + "/in", self.work + "/out"
        os.mkdir(source)
        with open(source + "/a", "w", encoding="utf-8") as file:
            file.write("given\n")
        run = subprocess.run([CORDON, "job", "--no-policy-files", "--staging", self.work + "/staging", "--image", IMAGE, "--tier", "gvisor",
                              "--json", "--input", source, "--collect", "b", "--output", out, "--",
                              "sh", "-c", "cat a /proc/version > b; echo said; exit 4"],
                             capture_output=True, text=True, check=False, timeout=PATIENCE * 2, env=self.environment())
        result = json.loads(run.stdout)
        self.assertEqual((result["backend"], result["tier"], result["exit_code"], result["stdout"], result["reached"]),
                         ("gvisor-docker", "gvisor", 4, "said\n", "ended"), run.stderr)
        with open(out + "/b", encoding="utf-8") as file:
            given, version = file.read().split("\n", 1)
        self.assertEqual(given, "given")
        self.assertNotEqual(version, self.host, "it was gVisor's kernel")
        self.assertEqual(self.engine.containers(), [])

    def test_a_command_that_ends_at_once_is_seen_on_gvisor_all_the_same(self):
        for _ in range(5):
            held = {one["name"]: one for one in self.result("true")["guarantees"]}
            self.assertEqual(held["syscalls"]["strength"], "enforced", held["syscalls"])
            self.assertIn("(seen in /proc)", held["syscalls"]["mechanism"])
        run = self.run_cordon("true", options=["--require", "syscalls"])
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_set_id_files_can_be_left_and_the_report_says_so(self):
        leave = ["sh", "-c", "cp /bin/true made; chmod 4755 made"]
        held = {one["name"]: one for one in self.result(*leave)["guarantees"]}["filesystem.write"]
        self.assertEqual(os.stat(self.work + "/made").st_mode & 0o6000, 0o4000)
        self.assertEqual(held["strength"], "partial")
        self.assertIn("set-user-ID", held["reason"])
        os.unlink(self.work + "/made")
        self.assertEqual(self.run_cordon(*leave, options=["--require", "filesystem.write"]).returncode, 125)
        self.assertEqual(os.listdir(self.work), [], "whoever cannot have it says so")
        self.run_cordon(*leave, tier=("--backend", "docker"))
        self.assertEqual(os.stat(self.work + "/made").st_mode & 0o6000, 0, "the control: the engine's own runtime")

    def test_limits_hold(self):
        result = self.result("sleep", "600", options=["--timeout", "2s"])
        self.assertEqual((result["limit_hit"], result["exit_code"]), ("time", 124))
        fill = ["dd", "if=/dev/zero", "of=/tmp/f", "bs=1M", "count=300"]
        self.assertEqual(self.result(*fill, options=["--disk", "2G", "--memory", "128M"])["limit_hit"], "memory")
        self.assertEqual(self.result(*fill, options=["--disk", "2G", "--memory", "1G"])["exit_code"], 0, "the control")

    def test_a_signal_ends_it_and_all_in_it(self):
        running = subprocess.Popen(self.arguments(["sleep", "600"], []), stdin=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        self.wait_until("it runs", lambda: any(one["State"] == "running" for one in self.engine.containers()))
        process = self.engine.inspect(self.engine.containers()[0]["Id"])["State"]["Pid"]
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual(self.engine.containers(), [])
        self.assertFalse(os.path.exists(f"/proc/{process}/exe"))

    def test_neither_the_whole_host_nor_a_socket_to_root_is_shown(self):
        self.refused("it shows the whole file system of this host; name the directories", options=["--read", "/"])
        self.refused("root on this host", options=["--read", self.engine.socket])
        self.assertEqual(self.run_cordon("true", options=["--read", "/usr"]).returncode, 0, "the control")

    def test_without_gvisor_it_is_refused_and_nothing_runs(self):
        self.addCleanup(self.engine.reconfigure, GVISOR)
        self.engine.reconfigure({})
        self.refused("the engine has no runtime runsc", "runsc install")
        self.engine.reconfigure(ALIAS)
        self.refused("what the engine calls runsc is not gVisor", ALIAS["runsc"]["path"])
        _, said = self.engine.plainly("cat", "/proc/version", Runtime="runsc")
        self.assertEqual(said.strip(), self.host.strip(), "control: the engine runs it all the same, on the host's kernel")

    def test_a_runtime_with_gvisors_words_is_not_it(self):
        liar = os.path.join(self.own_folder("cordon-test-gvisor-liar-"), "runsc")
        shutil.copy(ALIAS["runsc"]["path"], liar)
        with open(liar, "ab") as file:
            file.write(b"gvisor.dev/gvisor/runsc")
        self.addCleanup(self.engine.reconfigure, GVISOR)
        self.engine.reconfigure({"runsc": {"path": liar}})
        run = self.run_cordon("sleep", "600")
        self.assertEqual(run.returncode, 125, run.stderr)
        self.assertIn("it does not run on gVisor's kernel", run.stderr)
        for _ in range(5):  # it may have ended before anybody looked
            run = self.run_cordon("true", options=["--json"])
            held = {one["name"]: one["strength"] for one in json.loads(run.stdout)["guarantees"]}
            self.assertNotEqual(held.get("syscalls"), "enforced", run.stdout)
            self.assertEqual(self.run_cordon("true", options=["--require", "syscalls"]).returncode, 125)
        self.engine.reconfigure(GVISOR)
        run = self.run_cordon("sleep", "4", options=["--require", "syscalls"])
        self.assertEqual((run.returncode, run.stderr), (0, ""), "control: gVisor itself")


if __name__ == "__main__":
    sys.exit(unittest.main())
