"""Environments on Podman: what devenv_test.py asks of Docker, and what Podman leaves to Cordon."""

import glob
import os
import subprocess
import time
import unittest

import devenv_test
from devenv_test import setUpModule  # noqa: F401
from engine import context, root_archive
from image_root import ImageRoot
from podman import Podman
from runs import PATIENCE


class OverPodman(devenv_test.WithEngine):
    engine_type = Podman

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for which in ("one", "two"):
            cls.engine.import_root("which:" + which, root_archive(which))

    driver, ask, names = devenv_test.Containers.driver, devenv_test.Containers.ask, devenv_test.Containers.names

    test_it_is_built_once_and_when_something_changes = devenv_test.Builds.test_it_is_built_once_and_when_something_changes
    test_a_build_that_fails_says_what_it_said_and_changes_nothing = \
        devenv_test.Builds.test_a_build_that_fails_says_what_it_said_and_changes_nothing
    test_garbage = devenv_test.Builds.test_garbage
    test_a_life = devenv_test.Containers.test_a_life
    test_the_walls = devenv_test.Containers.test_the_walls
    test_a_timeout_kills_inside = devenv_test.Containers.test_a_timeout_kills_inside
    test_commands_during_a_swap_are_in_one_of_the_two = devenv_test.Containers.test_commands_during_a_swap_are_in_one_of_the_two
    test_a_project_has_one = devenv_test.Containers.test_a_project_has_one
    test_a_container_is_kept_swapped_and_stopped = devenv_test.Life.test_a_container_is_kept_swapped_and_stopped

    test_the_dockerfile_that_was_looked_at_is_the_one_that_is_built = \
        devenv_test.Builds.test_the_dockerfile_that_was_looked_at_is_the_one_that_is_built

    def test_a_build_mounts_nothing_of_the_host(self):
        """CVE-2024-1753: the source of a mount was a link that led out of the stage it is of."""
        lines = ("RUN ln -s / /out", f"FROM {devenv_test.IMAGE}", "COPY --from=a /bin/busybox /bb",
                 "RUN --mount=type=bind,from=a,source=/out,target=/mnt ls /mnt/bin")
        self.put("Dockerfile", "\n".join([f"FROM {devenv_test.IMAGE} AS a", *lines]) + "\n")
        self.refused("--mount", "Docker")
        self.put("Dockerfile", "\n".join([f"FROM {devenv_test.IMAGE} AS a", *lines[:-1], "RUN --mo\\\n# c\nu\"nt\"=x ls"]) + "\n")
        self.refused("--mount")
        # The control: the engine takes such lines.
        inside = f"FROM {devenv_test.IMAGE} AS a\nFROM {devenv_test.IMAGE}\nRUN --mount=type=bind,from=a,source=/bin,target=/mnt ls /mnt/busybox\n"
        self.engine.request("POST", "/build?dockerfile=f&t=control:1&rm=1&forcerm=1", context(("f", inside)), kind="application/x-tar")
        self.assertNotEqual(self.engine.request("GET", "/images/control:1/json").get("Id"), None)
        self.put("Dockerfile", "\n".join([f"FROM {devenv_test.IMAGE} AS a", *lines[:-1]]) + "\n")
        self.build()

    def building(self):
        """Processes of builds, wherever their control groups are."""
        found = set()
        for procs in glob.glob("/sys/fs/cgroup/**/cordon-build+*/**/cgroup.procs", recursive=True):
            try:
                with open(procs, encoding="utf-8") as file:
                    found |= set(file.read().split())
            except OSError:
                pass  # it has ended
        return found

    def working(self):
        """Containers of builds, which the API does not list."""
        storage = os.path.join(self.engine.root, "data/vfs-containers")
        return [name for name in os.listdir(storage) if not name.startswith("containers.")]

    def test_a_build_has_an_end_and_no_network(self):
        hide = "for group in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $group/below && echo $$ > $group/below/cgroup.procs; done"
        for before in ("true", hide):
            self.dockerfile(f"RUN {before} 2>/dev/null; sleep 100; sleep 100")
            self.refused("longer than 2 s", options=["--timeout", "2s"])
            self.assertEqual(glob.glob("/sys/fs/cgroup/**/cordon-build+*", recursive=True), [])
        self.assertEqual(self.building(), set())
        self.wait_until("the engine knows that it has ended", lambda: not self.working())
        own = os.stat("/proc/self/ns/net").st_ino
        engines = os.stat(f"/proc/{self.engine.process.pid}/ns/net").st_ino
        for options, devices in (((), "lo"), (("--net", "open"), "eth0 lo")):
            self.dockerfile(f"RUN test \"$(echo $(ls /sys/class/net))\" = '{devices}'",
                            *(f"RUN test $(readlink /proc/self/ns/net) != 'net:[{host}]'" for host in (own, engines)))
            self.build(*options)
        self.dockerfile("RUN test \"$(echo $(ls /sys/class/net))\" = lo")
        self.refused("exit status 1", options=["--net", "open"])  # the control

    def test_a_build_that_nobody_waits_for_is_ended_by_the_next(self):
        self.dockerfile("RUN echo begun > /x; sleep 1000; sleep 1000")
        process = self.ending(subprocess.Popen([devenv_test.CORDON, "env", "build", "--project", self.project],
                                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                               env=self.environment()))
        self.wait_until("it builds", self.building)
        self.done("gc", project=False)
        self.assertTrue(self.building(), "its owner lives")
        process.kill()
        process.wait()
        time.sleep(1)
        self.assertTrue(self.building(), "the control: Podman goes on")
        self.done("gc", project=False)
        self.wait_until("it has ended", lambda: not self.building())
        self.wait_until("the engine has cleaned up", lambda: not self.working())
        self.done("gc", project=False)
        self.assertEqual(self.images(), [])

    def test_the_filter_is_cordons_and_stays(self):
        """Podman's own lets everybody slow all that a user runs."""
        slow = "busybox renice -n 5 -u $(id -u)"
        code, text = self.engine.plainly("sh", "-c", "busybox renice -n 5 -u 4321", user="4321", SecurityOpt=["no-new-privileges"],
                                         PidMode="private")
        self.assertEqual((code, text), (0, ""), "the control")
        driver = self.driver()
        self.assertEqual(self.ask(driver, "start"), "ok")
        self.assertIn("not permitted", self.ask(driver, "exec " + slow))
        answer = self.ask(driver, "short f() { f & f & sleep 1; }; f 2>/dev/null & exec sleep 100")
        self.assertTrue(answer.startswith("timeout 124"), answer)
        self.assertIn("not permitted", self.ask(driver, "exec " + slow), "it was started anew")
        self.assertEqual(glob.glob("/run/cordon-first+*"), [])

    def test_nothing_ran_before_it_was_looked_at(self):
        driver = self.driver()
        self.ask(driver, "start")
        first = self.engine.inspect(self.ask(driver, "id"))["State"]["Pid"]
        self.assertTrue(os.path.samefile(f"/proc/{first}/exe", os.path.join(os.path.dirname(devenv_test.CORDON),
                                                                            "../libexec/cordon/cordon-idle")))
        self.assertIn("seen in /proc", self.ask(driver, "guarantees"))
        self.assertIn("failed", self.ask(driver, "exec kill -9 1; kill 1; sleep 0.2; test ! -d /proc/1"))
        self.assertEqual(self.ask(driver, "exec echo on"), "completed 0 on|  ")

    def test_another_first_process_is_refused(self):
        planted = os.path.join(self.project, "planted")
        self.put("planted", "#!/bin/sh\nsleep 60\n", mode=0o755)
        for links in (False, True):
            root = ImageRoot()
            root.fill()
            if links:
                root.add(".cordon")
                root.add(".cordon/idle", link=planted)
            self.engine.import_root(f"planted:{int(links)}", root.archive())
            driver = self.driver(f"planted:{int(links)}")
            answer = self.ask(driver, "start")
            if links:
                self.assertIn("another program came in the place", answer)
                self.assertEqual(self.engine.containers(), [])
            else:
                self.assertEqual(answer, "ok", "the control")
            self.assertEqual(self.ask(driver, "stop"), "ok")

    def test_ordinary_users_are_told_before_anything_starts(self):
        os.chmod(self.engine.root, 0o755)
        os.chmod(self.engine.socket, 0o666)
        self.dockerfile()
        state = os.path.join(self.base, "of-somebody")
        os.mkdir(state)
        os.chown(state, devenv_test.SOMEBODY, devenv_test.SOMEBODY)
        run = subprocess.run([devenv_test.CORDON, "env", "build", "--project", self.project], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, check=False, timeout=PATIENCE, user=devenv_test.SOMEBODY, group=devenv_test.SOMEBODY,
                             extra_groups=[], env={**self.environment(), "HOME": state, "CORDON_STATE_DIR": state})
        self.assertEqual(run.returncode, 125, run.stderr)
        self.assertIn("run Cordon as root, or use Docker", run.stderr)
        self.assertEqual((self.images(), self.working()), ([], []))


if __name__ == "__main__":
    unittest.main()
