"""The docker backend on Podman's compatible socket: what docker_test.py asks of Docker, as far as runs of a second each allow."""

import json
import os
import unittest

import client_test
import docker_test
import pull_test
from docker_test import WithEngine, setUpModule  # noqa: F401
from podman import Podman
from runs import SOMEBODY


class OverPodman(client_test.Parts, WithEngine):
    engine_type = Podman

    running = docker_test.Life.running
    refused = docker_test.Refusals.refused
    test_a_killed_cordon_leaves_nothing_for_long = docker_test.Life.test_a_killed_cordon_leaves_nothing_for_long
    test_what_is_mounted_below_does_not_come_along = docker_test.Files.test_what_is_mounted_below_does_not_come_along
    test_of_the_network_there_is_localhost = docker_test.Runs.test_of_the_network_there_is_localhost
    test_the_first_process_keeps_its_turns = docker_test.Attacks.test_the_first_process_keeps_its_turns

    def test_streams_exit_status_and_report(self):
        options = ["--json", "--memory", "64M", "--cpus", "0.5", "--pids", "50", "--timeout", "60s"]
        run = self.sh("cat; echo to-err >&2; exit 7", *options, text="to-out\n")
        result = json.loads(run.stdout)
        self.assertEqual((result["stdout"], result["stderr"], result["exit_code"]), ("to-out\n", "to-err\n", 7))
        held = {one["name"]: one for one in result["guarantees"]}
        for name in ("filesystem.read", "network.egress", "process.tree", "syscalls", "privileges", "memory.limit", "cpu.limit", "pids.limit",
                     "devices", "ipc.sysv"):
            self.assertEqual(held[name]["strength"], "enforced", held[name])
            self.assertIn("docker: Podman", held[name]["mechanism"])
        self.assertIn("seen in /proc", held["privileges"]["mechanism"])
        self.assertIn("container", held["env"]["mechanism"])
        self.assertIn("number of files", held["disk.limit"]["reason"])
        no_namespace = self.engine.request("GET", "/info")["CgroupVersion"] == "1"
        self.assertEqual(held["process.isolation"]["strength"], "partial" if no_namespace else "enforced")
        if no_namespace:
            self.refused("process.isolation", options=["--require", "process.isolation"])

    def test_limits(self):
        for limit, options, script in (("memory", ["--memory", "32M"], "dd if=/dev/zero of=/dev/null bs=200M count=1"),
                                       ("time", ["--timeout", "1s"], "sleep 600 & sleep 600"),
                                       ("pids", ["--pids", "8"], "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait")):
            result = self.result("sh", "-c", script, options=options)
            self.assertEqual(result["limit_hit"], limit, result)
        self.assertEqual(self.engine.containers(), [])

    def test_files(self):
        denied = os.path.join(self.work, "denied")
        with open(denied, "w", encoding="utf-8") as file:
            file.write("a secret")
        os.chmod(denied, 0o644)
        script = f"""echo made > made; cat {denied}; cat /proc/kallsyms /proc/keys /etc/secret-of-root
            for place in /etc /run /var/tmp /proc/sys/kernel /sys/fs/cgroup; do echo x > $place/new && echo WROTE $place; done
            for place in /tmp $HOME /data /dev/shm; do
                echo x > $place/f || echo NO SCRATCH $place; cat /bin/busybox > $place/echo; chmod 755 $place/echo; $place/echo RAN; done"""
        run = self.sh(script, "--deny", denied, "--allow-degraded")
        self.assertEqual(run.stdout, "", run.stderr)
        self.assertEqual(os.stat(os.path.join(self.work, "made")).st_uid, SOMEBODY)
        # The control: an ordinary container of the same engine, with the same files.
        code, text = self.engine.plainly("sh", "-c", f"cat {denied} /etc/secret-of-root && head -1 /proc/kallsyms | grep . && echo x > /etc/new && echo WROTE",
                                         Mounts=[{"Type": "bind", "Source": self.work, "Target": self.work}])
        self.assertEqual(code, 0, text)
        for seen in ("a secret", "WROTE"):
            self.assertIn(seen, text)

    def test_the_engines_socket_is_not_shown(self):
        link = os.path.join(self.work, "by-another-name")
        os.link(self.engine.socket, link) if os.stat(self.work).st_dev == os.stat(self.engine.socket).st_dev else os.symlink(self.engine.socket, link)
        for path in (self.engine.socket, os.path.dirname(self.engine.socket), link):
            self.refused("root on this host", options=["--read", path])
        self.assertEqual(self.engine.plainly("ls", "/s", Mounts=[{"Type": "bind", "Source": self.engine.socket, "Target": "/s"}])[0], 0,
                         "the control")

    def test_an_open_network_is_its_own(self):
        run = self.sh("readlink /proc/self/ns/net; echo $(ls /sys/class/net); ip route", "--net", "open")
        namespace, devices, *routes = run.stdout.splitlines()
        self.assertEqual(devices, "eth0 lo", run.stderr)
        self.assertTrue(any(route.startswith("default via") for route in routes), run.stdout)
        for pid in ("self", self.engine.process.pid):
            self.assertNotEqual(namespace, os.readlink(f"/proc/{pid}/ns/net"))
        held = {one["name"]: one["strength"] for one in self.result("true", options=["--net", "open"])["guarantees"]}
        self.assertEqual(held["network.egress"], "absent")

    def test_gvisor_is_refused(self):
        self.refused("gVisor" if self.without_runsc() else "no runtime by its name", options=["--backend", "gvisor-docker"])

    def without_runsc(self):
        """Podman names runtimes that are not there."""
        return not os.path.exists("/usr/bin/runsc")


class PullsOverPodman(pull_test.Pulls):
    """Podman's words where they are others; it asks a registry that serves nobody again, for minutes."""

    test_an_engine_that_lies_or_breaks_off = test_an_interruption_ends_the_wait = None  # of no engine at all

    @classmethod
    def make_engine(cls):
        return Podman([one.host for one in (cls.registry, cls.guarded, cls.bad)] + ["127.0.0.1:1"])

    def test_never_missing_always(self):
        self.forget(self.name)
        self.assertIn("--pull missing", self.pull("never", self.name).stderr)
        for when in ("missing", "always"):
            run = self.pull(when, self.name)
            self.assertEqual((run.stdout, run.returncode), ("here\n", 0), run.stderr)
            self.assertIn("Pull", run.stderr)
        again = self.pull("missing", self.name)
        self.assertEqual((again.stdout, again.stderr, again.returncode), ("here\n", "", 0))

    def test_registries_in_trouble(self):
        self.refused("500", image=f"{self.bad.host}/500:1")
        self.refused("pull the image", image=f"{self.bad.host}/half:1")


if __name__ == "__main__":
    unittest.main()
