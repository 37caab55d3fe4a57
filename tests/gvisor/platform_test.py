"""Which platform gVisor runs on, where /dev/kvm is there: with a stand-in for runsc, which does what no host does on demand."""

import json
import os
import shutil
import signal
import struct
import subprocess
import unittest

from gvisor_test import CORDON, Sandboxes, groups
from runs import PATIENCE, SOMEBODY, need_root, processes

STAND_IN = os.environ["CORDON_TEST_STAND_IN"]


def setUpModule():
    need_root("to put another runsc in the place of this host's")
    if not os.path.exists("/dev/kvm"):
        print("SKIP: this host has no /dev/kvm")
        raise unittest.SkipTest("this host has no /dev/kvm")


def on_kvm():
    """This host's processes that were asked to use KVM."""
    return processes(lambda words: b"--platform=kvm" in words.split(b"\0"))


def traces():
    """What a trial might leave."""
    private = {one for one in os.listdir("/tmp") if one.startswith("cordon-private-")}
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        return private | {line for line in mounts if "cordon-private" in line or "/rootfs" in line}


class Platforms(Sandboxes):
    def setUp(self):
        super().setUp()
        self.state = self.own_folder("cordon-test-gvisor-state-")
        self.place = self.own_folder("cordon-test-gvisor-stand-in-")
        self.begun = traces()
        self.addCleanup(lambda: self.assertEqual(on_kvm(), []))

    def record(self):
        try:
            with open(os.path.join(self.state, "gvisor/kvm"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return None

    def stand_in(self, what):
        """A runsc on which KVM does this, and which knows no systrap."""
        path = os.path.join(self.place, "runsc-" + what)
        with open(STAND_IN, "rb") as file:
            program = file.read()
        with open(shutil.which("runsc"), "rb") as file:
            runsc = file.read().replace(b"pkg/sentry/platform/systrap/", b"pkg/sentry/platform/systr-p/")
        with open(path, "wb") as file:
            file.write(program + runsc + struct.pack("8sQ", what.encode(), len(program)))
        os.chmod(path, 0o755)
        return path

    def with_runsc(self, path, command, options=(), before=""):
        """The words that run Cordon where this is runsc."""
        script = f'mount --bind "{path}" "{shutil.which("runsc")}" && {before} exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, "sh", *self.arguments(command, options)]

    def run_on(self, path, *command, options=(), before="", **environment):
        return subprocess.run(self.with_runsc(path, command or ["echo", "ran"], options, before), capture_output=True, text=True,
                              check=False, timeout=PATIENCE * 2, env=self.environment(**environment))

    def platform_on(self, path, **more):
        """What a run says it used, and why no faster one."""
        run = self.run_on(path, options=["--json"], **more)
        result = json.loads(run.stdout or "{}")
        self.assertEqual(result.get("stdout"), "ran\n", run.stderr)
        calls = next(one for one in result["guarantees"] if one["name"] == "syscalls")
        self.assertEqual(calls["strength"], "enforced")
        return calls["mechanism"].partition(":")[0], calls.get("reason", "")

    def nothing_is_left(self):
        self.assertEqual(on_kvm(), [])
        self.assertEqual(traces() - self.begun, set())


class Chosen(Platforms):
    def test_kvm_that_works_is_used_and_tried_once(self):
        runsc = self.stand_in("works")
        self.assertEqual(self.platform_on(runsc), ("gVisor (kvm)", ""))
        self.assertEqual(self.record()[1:], ["works"])
        tried = os.stat(os.path.join(self.state, "gvisor/kvm"))
        self.assertEqual(self.platform_on(runsc), ("gVisor (kvm)", ""))
        self.assertEqual(os.stat(os.path.join(self.state, "gvisor/kvm")), tried)
        self.nothing_is_left()

    def test_kvm_that_does_not_work_is_not(self):
        for what, why in (("hang", "did not answer"), ("many", "did not answer"), ("fail", "exit status 1"), ("nothing", "exit status 0")):
            with self.subTest(what):
                before = groups()
                platform, remark = self.platform_on(self.stand_in(what))
                self.assertEqual(platform, "gVisor (ptrace)")
                self.assertIn("KVM: a trial of it", remark)
                self.assertIn(why, remark)
                self.assertIn(why, self.record()[1])
                self.nothing_is_left()
                self.swept(before)

    def swept(self, before):
        """What the kernel held on to is removed by who comes next."""
        def gone():
            self.run_cordon("true", CORDON_GVISOR_PLATFORM="ptrace")
            return not groups() - before
        self.wait_until("its control groups are gone", gone)

    def test_a_trial_says_nothing_of_another_runsc(self):
        self.assertEqual(self.platform_on(self.stand_in("fail"))[0], "gVisor (ptrace)")
        self.assertEqual(self.platform_on(self.stand_in("works"))[0], "gVisor (kvm)")

    def test_a_record_that_others_can_write_is_not_believed(self):
        runsc = self.stand_in("fail")
        self.platform_on(runsc)
        path = os.path.join(self.state, "gvisor/kvm")
        about = self.record()[0]
        with open(path, "w", encoding="utf-8") as file:
            file.write(about + "\nworks\n")
        os.chmod(path, 0o666)
        self.assertEqual(self.platform_on(runsc)[0], "gVisor (ptrace)")
        with open(path, "w", encoding="utf-8") as file:
            file.write(about + "\nfails: so it says\n")
        self.assertEqual(self.platform_on(runsc)[1], "KVM: so it says", "the control: its owner's alone is believed")

    def test_what_hangs_later_is_ended_by_the_runs_deadline(self):
        runsc = self.stand_in("later")
        run = self.run_on(runsc, options=["--json", "--timeout", "2s"])
        result = json.loads(run.stdout)
        self.assertEqual((self.record()[1], result["status"]), ("works", "timeout"), run.stderr)
        self.nothing_is_left()

    def test_a_cordon_that_is_killed_while_it_tries_leaves_nothing(self):
        runsc = self.stand_in("many")
        process = self.begin_program(self.with_runsc(runsc, ["true"]), env=self.environment())
        self.wait_until("it tries", lambda: len(on_kvm()) > 5)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.wait_until("its processes are gone", lambda: not on_kvm())
        self.assertIsNone(self.record())
        self.assertEqual(self.platform_on(runsc)[0], "gVisor (ptrace)")
        self.nothing_is_left()

    def test_many_at_once(self):
        runsc = self.stand_in("hang")
        runs = [self.begin_program(self.with_runsc(runsc, ["echo", str(i)]), text=True, env=self.environment()) for i in range(4)]
        for i, run in enumerate(runs):
            out, err = run.communicate(timeout=PATIENCE)
            self.assertEqual((out, run.returncode), (f"{i}\n", 0), err)
        self.assertIn("did not answer", self.record()[1])
        self.nothing_is_left()

    def test_a_place_that_nothing_can_be_kept_in(self):
        os.rmdir(self.state)
        with open(self.state, "w", encoding="utf-8"):
            pass
        self.addCleanup(os.remove, self.state)
        platform, remark = self.platform_on(self.stand_in("works"))
        self.assertEqual(platform, "gVisor (ptrace)")
        self.assertIn(self.state, remark)

    def test_an_ordinary_user(self):
        for folder in (self.work, self.state):
            os.chown(folder, SOMEBODY, SOMEBODY)
        os.chmod(self.place, 0o755)
        become = f"setpriv --reuid {SOMEBODY} --regid {SOMEBODY} --clear-groups"
        runsc = self.stand_in("works")

        def platform(before):
            words = self.with_runsc(runsc, ["echo", "ran"], ["--json"], before)
            words[4] = words[4].replace("exec ", f"exec {become} ")
            run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE, env=self.environment())
            result = json.loads(run.stdout or "{}")
            self.assertEqual(result.get("stdout"), "ran\n", run.stderr)
            calls = next(one for one in result["guarantees"] if one["name"] == "syscalls")
            return calls["mechanism"].partition(":")[0], calls.get("reason", "")
        # A device like the host's, in a mount namespace of its own.
        device = 'mount -t tmpfs none "{0}" && mknod -m {1} "{0}/kvm" c 10 232 && mount --bind "{0}/kvm" /dev/kvm &&'
        other = self.own_folder("cordon-test-gvisor-device-")
        self.assertEqual(platform(device.format(other, "600")), ("gVisor (ptrace)", "KVM: this user may not open /dev/kvm"))
        self.assertIsNone(self.record())
        self.assertEqual(platform(device.format(other, "666")), ("gVisor (kvm)", ""))
        self.assertEqual(os.stat(os.path.join(self.state, "gvisor/kvm")).st_uid, SOMEBODY)

    def test_the_doctor_says_it_and_tries_nothing(self):
        runsc = self.stand_in("fail")

        def found():
            words = self.with_runsc(runsc, [])
            run = subprocess.run([*words[:words.index(CORDON) + 1], "doctor", "--json"], capture_output=True, text=True, check=False,
                                 timeout=PATIENCE, env=self.environment())
            return json.loads(run.stdout)["checks"]["runsc"]["found"]
        self.assertIn("platform ptrace; KVM: the next run tries it", found())
        self.assertIsNone(self.record())
        self.platform_on(runsc)
        self.assertIn("platform ptrace; KVM: a trial of it ended with exit status 1", found())


class Demanded(Platforms):
    def test_a_runsc_that_fails_at_once_is_quoted(self):
        # Even where the tree is gone that the command is looked for in.
        for _ in range(5):
            run = self.run_on(self.stand_in("die"), CORDON_GVISOR_PLATFORM="ptrace")
            self.assertEqual((run.returncode, run.stdout), (125, ""), run.stderr)
            self.assertIn("no room at all", run.stderr)

    def refused(self, runsc, platform):
        run = self.run_on(runsc, CORDON_GVISOR_PLATFORM=platform)
        self.assertEqual((run.returncode, run.stdout), (125, ""), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertIn("CORDON_GVISOR_PLATFORM", run.stderr)
        return run.stderr

    def test_what_does_not_work_is_refused_and_nothing_else_taken(self):
        self.assertIn("did not answer", self.refused(self.stand_in("hang"), "kvm"))
        self.nothing_is_left()
        self.assertIn("built without it", self.refused(self.stand_in("works"), "systrap"))
        self.assertIn("ptrace are known", self.refused(self.stand_in("works"), "qemu"))

    def test_another_than_the_first_that_works(self):
        runsc = self.stand_in("works")
        self.assertEqual(self.platform_on(runsc, CORDON_GVISOR_PLATFORM="ptrace"), ("gVisor (ptrace)", "as stated"))
        self.assertIsNone(self.record(), "KVM is not tried for it")
        self.assertEqual(self.platform_on(runsc, CORDON_GVISOR_PLATFORM="kvm"), ("gVisor (kvm)", "as stated"))

    def test_kvm_that_was_mended_since(self):
        runsc = self.stand_in("works")
        self.platform_on(runsc)
        about = self.record()[0]
        with open(os.path.join(self.state, "gvisor/kvm"), "w", encoding="utf-8") as file:
            file.write(about + "\nfails: as it was then\n")
        self.assertEqual(self.platform_on(runsc), ("gVisor (ptrace)", "KVM: as it was then"))
        self.assertEqual(self.platform_on(runsc, CORDON_GVISOR_PLATFORM="kvm")[0], "gVisor (kvm)")
        self.assertEqual(self.platform_on(runsc), ("gVisor (kvm)", ""), "and all know it")


if __name__ == "__main__":
    unittest.main()
