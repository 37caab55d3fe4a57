"""The lxc backend in a running container of classic LXC, by lxc-attach."""

import json
import os
import shutil
import signal
import tempfile

import lxc_test
from classic import Container
from lxc_test import setUpModule  # noqa: F401
from runs import SOMEBODY


class Classic(lxc_test.WithCommand):
    @classmethod
    def setUpClass(cls):
        cls.place = os.path.realpath(tempfile.mkdtemp(prefix="of-classic-shown-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        os.chmod(cls.place, 0o755)
        cls.other = os.path.join(cls.place, "other")
        cls.jobs = os.path.join(cls.place, "jobs")
        for path in (cls.other, cls.jobs):
            os.mkdir(path)
        with open(f"{cls.other}/key", "w", encoding="utf-8") as key:
            key.write("secret\n")
        cls.container = Container(SOMEBODY, shown=[cls.jobs, cls.other]).create()
        cls.addClassCleanup(cls.container.remove)
        cls.container.start()

    def setUp(self):
        self.make_work(self.jobs)

    def surroundings(self, **more):
        return super().surroundings(**{**self.container.environment(), **more})

    def run_cordon(self, *command, **more):
        return super().run_cordon(*command, **{"image": "", **more})

    def test_a_run(self):
        self.assertEqual(self.container.tool("attach", "--", "/bin/cat", f"{self.other}/key").stdout, b"secret\n", "the control")
        script = (f"cat; echo made > made; id -u; pwd; hostname; ls /sys/class/net; cat {self.other}/key; echo x > /open/x; "
                  "env | grep -c -E 'SECRET|container='; ls /proc/self/fd; exit 7")
        run = self.run_cordon("sh", "-c", script, text="in\n", options=["--json", "--tier", "strong", "--hostname", "elsewhere"])
        result = json.loads(run.stdout)
        self.assertEqual((result["exit_code"], result["stdout"].split()),
                         (7, ["in", str(SOMEBODY), self.work, "elsewhere", "lo", "0", "0", "1", "2", "3"]), run.stdout)
        for words in (f"'{self.other}/key': No such file", "/open/x: Read-only"):
            self.assertIn(words, result["stderr"])
        status = os.stat(f"{self.work}/made")
        self.assertEqual((status.st_uid, status.st_gid), (SOMEBODY, SOMEBODY))
        for name, strength in (("network.egress", "enforced"), ("process.isolation", "partial"), ("memory.limit", "absent"),
                               ("privileges", "enforced"), ("filesystem.read", "enforced")):
            self.assertEqual(self.guarantee(run, name)["strength"], strength, name)
        self.assertIn("lxc-attach", self.guarantee(run, "syscalls")["mechanism"] + json.dumps(result["guarantees"]))

    def test_variables_reach_the_command_and_not_who_attaches(self):
        run = self.run_cordon("sh", "-c", "echo $LD_AUDIT; echo \"$TWO\"", options=["--env", "LD_AUDIT=/no/such.so", "--env", "TWO=a\nb"])
        self.assertEqual(run.stdout, "/no/such.so\na\nb\n", run.stderr)
        self.assertEqual(run.stderr, "")

    def test_walls_against_the_same_without_them(self):
        attempts = {"capabilities": "guest capabilities", "a mount": "guest mount_tmpfs /tmp", "namespaces": "guest unshare_user"}
        script = "; ".join(f"{words} >&2; echo $?" for words in attempts.values())
        inside = self.run_cordon("sh", "-c", script, options=["--env", "PATH=/bin"])
        control = self.container.tool("attach", "--", "/bin/sh", "-c", "PATH=/bin; " + script)
        for what, held, fell in zip(attempts, inside.stdout.split(), control.stdout.decode().split(), strict=True):
            self.assertEqual(held, "0", (what, inside.stderr))
            self.assertEqual(fell, "42", (what, "the control", control.stderr))

    def test_how_commands_end(self):
        self.ends_of_commands()
        self.assertEqual(self.run_cordon("/bin/no-program").returncode, 126)
        process = self.start("sh", "-c", "trap 'echo told; exit 9' TERM; echo up; while :; do sleep 0.1; done", image="")
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.readline(), "told\n")

    def refused(self, *words, options=(), **more):
        run = self.run_cordon("true", options=options, **more)
        self.assertEqual(run.returncode, 125, run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def test_refusals(self):
        self.refused("classic LXC", image="something")
        self.refused("a terminal", options=["--tty"])
        self.refused("CORDON_LXC_PROJECT", CORDON_LXC_PROJECT="p")
        self.refused("needs the name", CORDON_LXC_INSTANCE="")
        self.refused("lxc-start -n nobody", CORDON_LXC_INSTANCE="nobody")
        self.refused("lxc.mount.entry", options=["--read", "/usr/share/doc"])
        os.chown(self.work, 900, 900)
        self.refused("lxc.idmap = u 900 900 1")
        self.make_work(tempfile.gettempdir())
        self.refused("lxc.mount.entry", self.work)

    def test_a_privileged_one_and_one_that_does_not_run(self):
        box = Container(shown=[self.jobs], privileged=True).create()
        self.addCleanup(box.remove)
        self.refused("it does not run", **box.environment())
        box.start()
        self.refused("it is privileged", **box.environment())
        run = self.run_cordon("id", "-u", options=["--allow-degraded", "--json"], **box.environment())
        self.assertEqual(json.loads(run.stdout)["stdout"], f"{SOMEBODY}\n", run.stdout + run.stderr)
        self.assertEqual(self.guarantee(run, "privileges")["strength"], "partial")
