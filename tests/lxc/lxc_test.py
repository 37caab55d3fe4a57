"""What is lxc's own of the lxc backend, against a real LXD; tests/backends has what every backend does."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from lxd import IMAGE, Store
from runs import PATIENCE, SOMEBODY, Runs, need_root, processes

CORDON = os.environ["CORDON_TEST_PROGRAM"]


def setUpModule():
    need_root("the tests start a store of their own")


class WithCommand(Runs):
    def make_work(self, place=None):
        self.work = self.own_folder("of-lxc-work-", place, SOMEBODY)

    def surroundings(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "SECRET_OF_CALLER": "do not tell", **more}

    def arguments(self, command, options=(), image=IMAGE):
        named = ["--image", image] if image else []
        return [CORDON, "run", "--no-policy-files", "--backend", "lxc", "--workdir", self.work, *named, *options, "--", *command]

    def run_cordon(self, *command, options=(), image=IMAGE, text="", **environment):
        return subprocess.run(self.arguments(command, options, image), input=text, capture_output=True, text=True, check=False,
                              timeout=PATIENCE * 2, env=self.surroundings(**environment))

    def start(self, *command, options=(), **more):
        return self.begin_program(self.arguments(command, options, **more), text=True, env=self.surroundings())

    def terminal(self, image=IMAGE):
        """The name of a command's. It ends when that has been read: LXD was seen to lose the last words of one that ends at once."""
        process = self.begin_program(self.arguments(["sh", "-c", "tty; read line"], ["--tty"], image), stdin=subprocess.PIPE, text=True,
                                     env=self.surroundings())
        name = process.stdout.readline()
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait(PATIENCE)
        return name

    def running(self, mark):
        """Whether a process of this host has this among its words."""
        return bool(processes(lambda words: mark.encode() in words.split(b"\0")))

    def guarantee(self, run, name):
        return next(one for one in json.loads(run.stdout)["guarantees"] if one["name"] == name)

    def ends_of_commands(self):
        """In an instance that others use, too."""
        run = self.run_cordon("sh", "-c", "sleep 2222231 & setsid sleep 2222231 & echo up; sleep 2222231", options=["--timeout", "2s"], image="")
        self.assertEqual((run.returncode, run.stdout), (124, "up\n"), run.stderr)
        self.wait_until("everything has ended", lambda: not self.running("2222231"))
        run = self.run_cordon("sh", "-c", "setsid sleep 2222232 > /dev/null 2>&1 & echo up", image="")
        self.assertEqual((run.returncode, run.stdout), (0, "up\n"), run.stderr)
        self.wait_until("what was behind has ended", lambda: not self.running("2222232"))
        process = self.start("sh", "-c", "setsid sleep 2222233 & echo up; sleep 2222233", image="")
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.wait_until("the command has ended", lambda: not self.running("2222233"))
        self.assertEqual(self.run_cordon("sh", "-c", "kill -9 $$", image="").returncode, 137)
        self.assertEqual(self.run_cordon("not-there", image="").returncode, 127)


class WithDriver(WithCommand):
    """Checkpoints: the command line has no words for them."""

    def drive_words(self, action, directory="", script="", work=None):
        return [os.environ["CORDON_TEST_DRIVER"], action, work or self.work, IMAGE, directory, script]

    def drive(self, *words, **more):
        return subprocess.run(self.drive_words(*words, **more), text=True, input="", capture_output=True, check=False,
                              timeout=PATIENCE * 2, env=self.surroundings()).stdout


class WithStore(WithDriver):
    @classmethod
    def setUpClass(cls):
        cls.store = Store()
        cls.addClassCleanup(cls.store.stop)

    def setUp(self):
        self.make_work()

    def surroundings(self, **more):
        return super().surroundings(**{**self.store.environment(), **more})


class Own(WithStore):
    """An instance for each run."""

    def setUp(self):
        super().setUp()
        self.assertEqual(self.store.instances(), [])

    def assert_nothing_left(self):
        self.wait_until("the store has removed the instance", lambda: self.store.instances() == [])

    def refused(self, *words, options=(), image=IMAGE, **environment):
        run = self.run_cordon("true", options=options, image=image, **environment)
        self.assertEqual(run.returncode, 125, run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assert_nothing_left()

    def test_a_run(self):
        os.mkdir(f"{self.work}/closed")
        with open(f"{self.work}/closed/key", "w", encoding="utf-8") as key:
            key.write("secret\n")
        script = ("echo out; echo err >&2; cat; pwd; hostname; id -u; id -g; echo made > made; cat closed/key; tool; ls -d /.cordon/*; "
                  "env | grep -c -E 'SECRET|container='; echo x > /open/x; echo x > /etc/x; ls /sys/class/net; exit 7")
        run = self.run_cordon("sh", "-c", script, text="in\n", options=[
            "--tier", "strong", "--hostname", "elsewhere", "--deny", f"{self.work}/closed", "--env", "PATH=/bin:/opt/tools"])
        self.assertEqual(run.returncode, 7, run.stderr)
        self.assertEqual(run.stdout.splitlines(), ["out", "in", self.work, "elsewhere", str(SOMEBODY), str(SOMEBODY),
                                                   "the tool of the image", "0", "lo"], run.stderr)
        for words in ("err\n", "'closed/key': Permission denied", "/open/x: Read-only", "/etc/x: Read-only"):
            self.assertIn(words, run.stderr)
        status = os.stat(f"{self.work}/made")
        self.assertEqual((status.st_uid, status.st_gid), (SOMEBODY, SOMEBODY))
        self.assert_nothing_left()

    def test_limits_are_the_kernels(self):
        run = self.run_cordon("sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1", options=[
            "--json", "--memory", "64M", "--cpus", "0.5", "--pids", "20"])
        result = json.loads(run.stdout)
        self.assertEqual((result["limit_hit"], run.returncode), ("memory", 137), run.stdout)
        for name in ("memory.limit", "cpu.limit", "pids.limit"):
            self.assertNotEqual(self.guarantee(run, name)["strength"], "absent", name)
        self.assertGreater(result["resource_usage"]["memory_peak_bytes"], 32 << 20)
        # The control: with room it is no end.
        self.assertEqual(self.run_cordon("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", options=["--memory", "1G"]).returncode, 0)

    def test_walls_against_the_same_without_them(self):
        attempts = {
            "capabilities": "guest capabilities", "a mount": "guest mount_tmpfs /tmp", "another user": "guest-setuid change_uid",
            "namespaces": "guest unshare_user", "what was mounted for others": "guest umount_path /tmp"}
        script = "; ".join(f"{words} >&2; echo $?" for words in attempts.values())
        inside = self.run_cordon("sh", "-c", script, options=["--env", "PATH=/bin"])
        self.store.lxc("launch", IMAGE, "control")
        self.addCleanup(self.store.lxc, "delete", "--force", "control")
        control = self.store.lxc("exec", "control", "--", "sh", "-c", script)
        for what, held, fell in zip(attempts, inside.stdout.split(), control.stdout.decode().split(), strict=True):
            self.assertEqual(held, "0", (what, inside.stderr))
            self.assertEqual(fell, "42", (what, "the control", control.stderr))

    def test_the_deadline_and_what_was_started_before(self):
        run = self.run_cordon("sh", "-c", "sleep 2222221 & setsid sleep 2222221 & echo up; sleep 2222221", options=["--timeout", "2s"])
        self.assertEqual((run.returncode, run.stdout), (124, "up\n"), run.stderr)
        self.wait_until("everything has ended", lambda: not self.running("2222221"))
        self.assert_nothing_left()

    def test_what_goes_on_behind_the_command_ends_with_it(self):
        run = self.run_cordon("sh", "-c", "setsid sleep 2222222 > /dev/null 2>&1 & echo up")
        self.assertEqual((run.returncode, run.stdout), (0, "up\n"), run.stderr)
        self.assertFalse(self.running("2222222"))

    def test_when_cordon_is_killed(self):
        process = self.start("sh", "-c", "sleep 2222223 & echo up; sleep 2222223")
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.wait_until("the command has ended", lambda: not self.running("2222223"))
        self.assert_nothing_left()

    def test_what_dead_owners_left_is_removed_and_nothing_else(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
            place = f"{boot.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"
        with open("/proc/self/stat", encoding="utf-8") as stat:
            start = stat.read().rsplit(")", 1)[1].split()[19]

        def make(sandbox, owner):
            self.store.lxc("init", IMAGE, f"cordon-{sandbox}", "--ephemeral", "--config", f"user.cordon.sandbox={sandbox}",
                           "--config", f"user.cordon.owner={place}/{owner}")
        make("dead", f"{gone.pid}/1")
        make("alive", f"{os.getpid()}/{start}")
        self.store.lxc("init", IMAGE, "somebodys")
        # A copy has the keys of what it was copied from.
        self.store.lxc("copy", "cordon-dead", "cordon-copied", "--ephemeral")
        self.store.lxc("project", "create", "others", "--config", "features.images=false", "--config", "features.profiles=false")
        self.addCleanup(self.store.lxc, "project", "delete", "others")
        self.store.lxc("copy", "cordon-dead", "--target-project", "others")
        self.addCleanup(self.store.lxc, "delete", "--force", "cordon-dead", "--project", "others")
        stay = {"cordon-alive", "somebodys", "cordon-copied"}
        for name in stay:
            self.addCleanup(self.store.lxc, "delete", "--force", name)
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.wait_until("the dead owner's is gone", lambda: "cordon-dead" not in self.store.instances())
        self.assertLessEqual(stay, set(self.store.instances()))
        self.assertEqual(self.run_cordon("true", CORDON_LXC_PROJECT="others").returncode, 0)
        listed = self.store.lxc("list", "--project", "others", "--format", "csv", "--columns", "n").stdout
        self.assertIn(b"cordon-dead\n", listed)

    def test_a_copy_of_a_stopped_instance_takes_over_no_device(self):
        shown = tempfile.mkdtemp(prefix="of-lxc-shown-")
        self.addCleanup(shutil.rmtree, shown)
        self.store.lxc("init", IMAGE, "pattern")
        self.addCleanup(self.store.lxc, "delete", "--force", "pattern")
        self.store.lxc("config", "device", "add", "pattern", "share", "disk", f"source={shown}", "path=/share")
        run = self.run_cordon("sh", "-c", "cat /etc/passwd; ls /share", image="pattern")
        self.assertIn("root:x", run.stdout, run.stderr)
        self.assertIn("No such file", run.stderr)
        self.store.lxc("start", "pattern")
        refused = self.run_cordon("true", image="pattern")
        self.assertIn("it runs", refused.stderr)
        self.assertIn("lxc snapshot pattern", refused.stderr)

    def test_a_snapshot_of_an_instance_that_runs_is_gone_back_to(self):
        self.store.lxc("launch", IMAGE, "going")
        self.addCleanup(self.store.lxc, "delete", "--force", "going")
        write = lambda text: self.store.lxc("exec", "going", "--", "sh", "-c", f"echo {text} > /opt/state")  # noqa: E731
        write("before")
        self.store.lxc("snapshot", "going", "warm")
        write("after")
        for _ in range(2):
            run = self.run_cordon("sh", "-c", "cat /opt/state; echo x > /opt/state", image="going/warm")
            self.assertEqual(run.stdout, "before\n", run.stderr)
            self.assertIn("Read-only", run.stderr)
        self.assertEqual(self.store.lxc("exec", "going", "--", "cat", "/opt/state").stdout, b"after\n", "the control")
        missing = self.run_cordon("true", image="going/none")
        self.assertEqual(missing.returncode, 125)
        self.assertIn("going/none", missing.stderr)
        self.assertEqual(self.store.instances(), ["going"])

    def test_a_checkpoint_keeps_the_files_of_private_directories(self):
        saved = os.path.join(self.own_folder("of-lxc-saved-"), "warm")
        write = ("mkdir -p /tmp/a/b; echo one > /tmp/a/b/one; chmod 640 /tmp/a/b/one; ln /tmp/a/b/one /tmp/a/twin; ln -s /etc/passwd /tmp/link; "
                 "dd if=/dev/zero of=/tmp/hole bs=1 seek=1000000 count=1 2> /dev/null; echo home > $HOME/file; echo work > work; "
                 "while :; do :; done & echo ready; read line; echo went on")
        told = self.drive("keep-processes", saved, write)
        self.assertIn("neither processes nor their memory", told)
        self.assertIn("ended 0 went on", told, "what was refused goes on")
        told = self.drive("keep", saved, write.replace("seek=1000000", "seek=1000000000000"))
        self.assertIn("holes included", told)
        self.assertIn("ended 0 went on", told, "what failed goes on")
        self.assertFalse(os.path.exists(saved))
        self.assert_nothing_left()
        self.assertEqual(self.drive("keep", saved, write), "ended 0 \n")
        kept = self.store.instances()
        self.assertEqual([name.startswith("cordon-kept-") for name in kept], [True], kept)
        self.addCleanup(self.store.lxc, "delete", "--force", *kept, check=False)
        self.assertEqual(os.stat(saved).st_mode & 0o7777, 0o700)
        read = ("cat /tmp/a/b/one $HOME/file work; stat -c '%a %h %u' /tmp/a/twin; readlink /tmp/link; stat -c '%s' /tmp/hole; "
                "ls /tmp/of-before 2> /dev/null; touch /tmp/of-before; cat /.cordon/kept/0/a/twin 2> /dev/null")
        # Each is a fork: what the first one wrote the second one has not.
        for _ in range(2):
            self.assertEqual(self.drive("restore", saved, read).splitlines(),
                             ["one", "home", "work", f"640 2 {SOMEBODY}", "/etc/passwd", "1000001"])
        # Nobody's sweep takes it, however dead who made it is.
        self.assertEqual(self.run_cordon("ls", "/tmp/a").returncode, 1, "the control: a new one has nothing")
        self.wait_until("the others are gone", lambda: self.store.instances() == kept)
        other = self.own_folder("of-lxc-work-", None, SOMEBODY)
        self.assertIn("another image, work directory", self.drive("restore", saved, "true", work=other))
        os.chmod(saved, 0o777)
        self.assertIn("error", self.drive("restore", saved, "true"))
        os.chmod(saved, 0o700)
        self.assertEqual(self.drive("remove", saved), "")
        self.assertEqual((os.path.exists(saved), self.store.instances()), (False, []))
        self.assertIn("error", self.drive("restore", saved, "true"))

    def test_a_checkpoint_that_somebody_edited_is_refused(self):
        saved = os.path.join(self.own_folder("of-lxc-saved-"), "warm")
        self.assertEqual(self.drive("keep", saved, "echo kept > /tmp/file; echo ready; read line"), "ended 0 \n")
        self.addCleanup(self.drive, "remove", saved)
        place = f"{saved}/manifest.json"
        with open(place, encoding="utf-8") as file:
            text = file.read()

        def write(words):
            with open(place, "w", encoding="utf-8") as file:
                file.write(words)
        for name in ("somebodys", "cordon-kept-somebodys"):
            self.store.lxc("init", IMAGE, name)
            self.addCleanup(self.store.lxc, "delete", "--force", name)
        there = sorted(self.store.instances())
        other = self.own_folder("of-lxc-work-", None, SOMEBODY)
        manifest = json.loads(text)
        scene = manifest["scene"]
        edits = {"another instance": ({"instance": "somebodys"}, self.work, "not made by the lxc backend"),
                 "one that looks kept": ({"instance": "cordon-kept-somebodys"}, self.work, "none that a checkpoint made"),
                 "a snapshot": ({"instance": manifest["instance"] + "/kept"}, self.work, "not made by the lxc backend"),
                 "another version": ({"format": 2}, self.work, "another version"),
                 "another work directory": ({"scene": {**scene, "work_dir": other}}, other, "it was edited"),
                 "another user": ({"scene": {**scene, "user": "1000:1000"}}, self.work, "another image, work directory or user")}
        for what, (edit, work, words) in edits.items():
            with self.subTest(what):
                write(json.dumps({**manifest, **edit}))
                told = self.drive("restore", saved, "cat /tmp/file", work=work)
                self.assertTrue(told.startswith("error"), told)
                self.assertIn(words, told)
                if "instance" in edit:
                    self.assertIn("error", self.drive("remove", saved))
                self.assertEqual(sorted(self.store.instances()), there, "nothing is made, and nobody's removed")
        write(text[:-1])
        self.assertIn("cannot be read", self.drive("restore", saved, "cat /tmp/file"))
        edit, work, _ = edits["another work directory"]
        write(json.dumps({**manifest, **edit}))
        self.store.lxc("config", "set", manifest["instance"], "user.cordon.scene=" + json.dumps(edit["scene"], separators=(",", ":")))
        self.assertEqual(self.drive("restore", saved, "cat /tmp/file", work=work), "kept\n", "the control: the store says the same")
        self.store.lxc("config", "set", manifest["instance"], "user.cordon.scene=" + json.dumps(scene, separators=(",", ":")))
        write(text)
        self.assertEqual(self.drive("restore", saved, "cat /tmp/file"), "kept\n", "the control: as it was")

    def test_refusals(self):
        self.refused("none is named", "--image", image="")
        self.refused("lxc image list", image="nobody-has-this")
        self.refused("open the network", "lxc network create", options=["--net", "open"])
        self.refused("nobr0", "lxc network list", options=["--net", "open"], CORDON_LXC_NETWORK="nobr0")
        # An interface of the host's, which the store does not manage.
        self.refused("does not manage it", "CORDON_LXC_NETWORK", options=["--net", "open"], CORDON_LXC_NETWORK="lo")
        self.refused("no network's name", options=["--net", "open"], CORDON_LXC_NETWORK="../profiles")
        self.refused("nobody is root", options=["--uid", "0"])
        self.refused("root on this host", options=["--read", self.store.directory])
        self.refused("of its own", options=["--read", "/sys/kernel"])
        self.refused("patterns", options=["--deny", f"{self.work}/**/*.pem"])
        self.refused("no LXD or Incus listens there", LXD_DIR="/nonexistent")
        self.refused("CORDON_LXC_EXECUTABLE", CORDON_LXC_EXECUTABLE="podman")
        # Whom the store may not let write as himself.
        os.chown(self.work, 900, 900)
        self.refused("root:900:1", "/etc/subuid")

    def test_a_terminal_and_commands_that_cannot_run(self):
        self.assertIn("/dev/pts/", self.terminal())
        self.assertEqual(self.run_cordon("not-there").returncode, 127)
        self.assertEqual(self.run_cordon("/bin/no-program").returncode, 126)
        self.assertEqual(self.run_cordon("sh", "-c", "kill -9 $$").returncode, 137)

    def test_the_plan_is_printed_and_nothing_made(self):
        run = self.run_cordon("echo", "x", options=["--dry-run"])
        self.assertIn(f"show {self.work} writable", run.stdout)
        self.assertEqual(self.store.instances(), [])


BRIDGE = "cordonbr0"
HERE = "10.77.3.1"
LISTEN = f"""
import socket
server = socket.create_server(("{HERE}", 0))
print(server.getsockname()[1], flush=True)
while True:
    server.accept()[0].close()
"""


class OpenNetwork(WithDriver):
    """An instance for each run, with an address of a bridge that the store manages."""

    @classmethod
    def setUpClass(cls):
        cls.store = Store(own_network=True)
        cls.addClassCleanup(cls.store.stop)
        cls.store.lxc("network", "create", BRIDGE, f"ipv4.address={HERE}/24", "ipv4.nat=false", "ipv4.firewall=false", "ipv6.address=none",
                      "raw.dnsmasq=host-record=box.test,10.77.3.77")
        cls.addClassCleanup(cls.store.lxc, "network", "delete", BRIDGE, check=False)
        cls.store.lxc("profile", "device", "add", "default", "eth0", "nic", f"network={BRIDGE}")
        cls.addClassCleanup(cls.store.lxc, "profile", "device", "remove", "default", "eth0", check=False)

    def setUp(self):
        self.make_work()

    def surroundings(self, **more):
        return super().surroundings(**{**self.store.environment(), **more})

    def ranges(self, text):
        self.store.lxc("network", "set", BRIDGE, f"ipv4.dhcp.ranges={text}")
        self.addCleanup(self.store.lxc, "network", "unset", BRIDGE, "ipv4.dhcp.ranges")

    def waiting(self):
        """A run that says its address and waits for a line."""
        return self.begin_program(self.arguments(["sh", "-c", "ip -4 addr show eth0 | grep -o 'inet [0-9.]*'; read line"], ["--net", "open"]),
                                  stdin=subprocess.PIPE, text=True, env=self.surroundings())

    def test_reaches_what_listens_on_the_bridge_and_without_a_network_does_not(self):
        listener = self.begin_program(self.store.in_its_network(sys.executable, "-c", LISTEN), text=True)
        port = listener.stdout.readline().strip()
        script = (f"guest connect_tcp {HERE} {port} > /dev/null 2>&1; echo $?; ls /sys/class/net; ip route; cat /etc/resolv.conf; "
                  f"busybox nslookup box.test; echo x > /etc/resolv.conf; ip addr add 10.77.3.2/24 dev eth0")
        run = self.run_cordon("sh", "-c", script, options=["--net", "open", "--json", "--env", "PATH=/bin"])
        result = json.loads(run.stdout)
        words = result["stdout"].split()
        self.assertEqual(words[0], "42", (result["stdout"], result["stderr"]))
        for expected in (f"default via {HERE} dev eth0", f"nameserver {HERE}\n", "eth0\nlo\n", "10.77.3.77"):
            self.assertIn(expected, result["stdout"])
        # The command changes neither.
        self.assertIn("resolv.conf: Read-only", result["stderr"])
        self.assertIn("not permitted", result["stderr"])
        self.assertEqual(self.guarantee(run, "network.egress")["strength"], "absent")
        self.assertEqual(self.guarantee(run, "ipc.unix_abstract")["strength"], "enforced")
        closed = self.run_cordon("sh", "-c", f"guest connect_tcp {HERE} {port} > /dev/null 2>&1; echo $?; ls /sys/class/net",
                                 options=["--json", "--env", "PATH=/bin"])
        self.assertEqual(json.loads(closed.stdout)["stdout"].split(), ["0", "lo"], closed.stdout)
        self.assertEqual(self.guarantee(closed, "network.egress")["strength"], "enforced")

    def test_two_at_once_have_two_addresses_and_a_third_none(self):
        self.ranges("10.77.3.40-10.77.3.41")
        both = [self.waiting(), self.waiting()]
        self.assertEqual({run.stdout.readline() for run in both}, {"inet 10.77.3.40\n", "inet 10.77.3.41\n"})
        third = self.run_cordon("true", options=["--net", "open"])
        self.assertEqual(third.returncode, 125)
        self.assertIn("is taken", third.stderr)
        for run in both:
            run.stdin.write("\n")
            run.stdin.flush()
            self.assertEqual(run.wait(PATIENCE), 0)
        self.wait_until("the store has removed them", lambda: self.store.instances() == [])
        self.assertEqual(self.run_cordon("true", options=["--net", "open"]).returncode, 0, "the control: they are free again")

    def test_an_address_that_is_somebodys_without_a_lease(self):
        self.ranges("10.77.3.61-10.77.3.64,10.77.3.77-10.77.3.77")  # the last one is box.test's
        here = self.store.in_its_network
        subprocess.run(here("ip", "address", "add", "10.77.3.61/24", "dev", BRIDGE), check=True)
        self.addCleanup(subprocess.run, here("ip", "address", "del", "10.77.3.61/24", "dev", BRIDGE), check=True)
        subprocess.run(here("ip", "neighbour", "add", "10.77.3.62", "lladdr", "02:00:00:00:00:01", "dev", BRIDGE), check=True)
        self.addCleanup(subprocess.run, here("ip", "neighbour", "del", "10.77.3.62", "dev", BRIDGE), check=True)
        # Nobody has spoken to it yet: it is asked for.
        other = self.begin_program(["unshare", "--net", "sh", "-c", "echo; read line"], stdin=subprocess.PIPE, text=True)
        other.stdout.readline()
        there = ["nsenter", f"--net=/proc/{other.pid}/ns/net"]
        subprocess.run(here("ip", "link", "add", "silent0", "type", "veth", "peer", "name", "silent1", "netns", str(other.pid)), check=True)
        subprocess.run(here("ip", "link", "set", "silent0", "master", BRIDGE, "up"), check=True)
        subprocess.run([*there, "ip", "address", "add", "10.77.3.63/24", "dev", "silent1"], check=True)
        subprocess.run([*there, "ip", "link", "set", "silent1", "up"], check=True)
        words = ["sh", "-c", "ip -4 addr show eth0 | grep -o 'inet [0-9.]*'"]
        for _ in range(4):
            run = subprocess.run(here(*self.arguments(words, ["--net", "open"])), env=self.surroundings(), capture_output=True, text=True,
                                 check=False, timeout=PATIENCE)
            self.assertEqual((run.stdout, run.returncode), ("inet 10.77.3.64\n", 0), run.stderr)

    def test_an_image_whose_links_lead_to_what_is_shown(self):
        """The resolver's file is made by root of the instance."""
        self.store.lxc("init", IMAGE, "linked")
        self.addCleanup(self.store.lxc, "delete", "--force", "linked")
        root = self.store.lxc("query", "/1.0/instances/linked").stdout
        self.assertIn(b"linked", root)
        rootfs = f"{self.store.directory}/storage-pools/default/containers/linked/rootfs"
        rootfs = f"/proc/{self.store.process.pid}/root{rootfs}"
        with open(f"{self.work}/victim", "w", encoding="utf-8") as victim:
            victim.write("as it was\n")
        os.symlink(f"{self.work}/victim", f"{rootfs}/etc/resolv.conf")
        run = self.run_cordon("cat", "/etc/resolv.conf", options=["--net", "open"], image="linked")
        self.assertEqual((run.returncode, run.stdout), (0, f"nameserver {HERE}\n"), run.stderr)
        with open(f"{self.work}/victim", encoding="utf-8") as victim:
            self.assertEqual(victim.read(), "as it was\n")
        shutil.rmtree(f"{rootfs}/etc")
        os.symlink("/.cordon/shown/0", f"{rootfs}/etc")
        os.rename(f"{self.work}/victim", f"{self.work}/resolv.conf")
        run = self.run_cordon("true", options=["--net", "open"], image="linked")
        self.assertEqual(run.returncode, 125, run.stderr)
        with open(f"{self.work}/resolv.conf", encoding="utf-8") as victim:
            self.assertEqual(victim.read(), "as it was\n")

    def test_what_was_kept_has_no_address_and_each_restored_one_its_own(self):
        saved = os.path.join(self.own_folder("of-lxc-saved-"), "warm")
        self.ranges("10.77.3.50-10.77.3.50")
        self.assertEqual(self.drive("keep-open", saved, "echo kept > /tmp/file; echo ready; read line"), "ended 0 \n")
        read = "cat /tmp/file; ip -4 addr show eth0 | grep -o 'inet [0-9.]*'; ls /sys/class/net"
        for _ in range(2):
            self.assertEqual(self.drive("restore-open", saved, read).split(), ["kept", "inet", "10.77.3.50", "eth0", "lo"])
        self.assertEqual(self.drive("restore", saved, "cat /tmp/file; ls /sys/class/net").split(), ["kept", "lo"])
        self.assertEqual(self.drive("remove", saved), "")

    def test_networks_that_give_no_addresses(self):
        self.store.lxc("network", "set", BRIDGE, "ipv4.dhcp=false")
        self.addCleanup(self.store.lxc, "network", "unset", BRIDGE, "ipv4.dhcp")
        run = self.run_cordon("true", options=["--net", "open"])
        self.assertEqual(run.returncode, 125)
        self.assertIn(f"lxc network set {BRIDGE} ipv4.dhcp true", run.stderr)
        self.assertEqual(self.run_cordon("true").returncode, 0, "without a network it is no matter")


class Killed(WithStore):
    """Cordon, in the middle of a checkpoint or of what goes on from one."""

    SCRIPT = "echo kept > /tmp/file; dd if=/dev/zero of=/tmp/big bs=1M count=8 2> /dev/null; echo ready; read line"
    ROUNDS = 5

    def setUp(self):
        super().setUp()
        self.folder = self.own_folder("of-lxc-saved-")
        self.saved = os.path.join(self.folder, "warm")
        self.random = random.Random()
        self.addCleanup(self.remove_kept)

    def remove_kept(self):
        if os.path.exists(self.saved):
            self.drive("remove", self.saved)

    def begin(self, action, script):
        return self.begin_program(self.drive_words(action, self.saved, script), stdin=subprocess.PIPE, text=True, env=self.surroundings())

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def settle(self, expected):
        """Runs until nothing but these instances is left: each looks once for what dead owners left."""
        until = time.monotonic() + PATIENCE
        while self.store.instances() != expected():
            self.assertLess(time.monotonic(), until, f"left: {self.store.instances()}")
            self.assertEqual(self.run_cordon("true").returncode, 0)

    def kept(self):
        """The instance that the checkpoint's directory names, if there is one."""
        try:
            with open(f"{self.saved}/manifest.json", encoding="utf-8") as manifest:
                return [json.load(manifest)["instance"]]
        except FileNotFoundError:
            return []

    def halves(self):
        return [name for name in os.listdir(self.folder) if name.startswith(".cordon-half-")]

    def begin_keeping(self):
        process = self.begin("keep", self.SCRIPT)
        self.assertEqual(process.stderr.readline(), "keeping\n")
        return process

    def assert_whole_or_not_there(self):
        told = self.drive("restore", self.saved, "cat /tmp/file; stat -c %s /tmp/big")
        if os.path.exists(self.saved):
            self.assertEqual(told.split(), ["kept", str(8 << 20)])
            self.assertEqual(os.listdir(self.saved), ["manifest.json"])
            self.assertEqual(self.drive("remove", self.saved), "")
        else:
            self.assertIn("error", told)
        self.assertEqual(os.listdir(self.folder), [], "nor a half one")
        self.settle(list)

    def test_in_the_middle_of_a_checkpoint(self):
        began = time.monotonic()
        process = self.begin_keeping()
        ready = time.monotonic()
        self.assertIn("ended 0", process.stdout.read())
        whole = time.monotonic() - ready
        self.settle(self.kept)
        self.assert_whole_or_not_there()
        complete = 0
        for _ in range(self.ROUNDS):
            process = self.begin_keeping()
            pause = self.random.uniform(0, whole)
            time.sleep(pause)
            self.kill(process)
            with self.subTest(killed_after=f"{pause:.3f} of {whole:.3f} s, {ready - began:.3f} s after it was begun"):
                self.settle(self.kept)
                complete += os.path.exists(self.saved)
                self.assert_whole_or_not_there()
        print(f"{complete} of {self.ROUNDS} were complete", file=sys.stderr)

    def test_where_a_half_one_is_there_and_where_its_instance_is(self):
        """The control of what the others find gone."""
        process = self.begin_keeping()
        self.wait_until("it is being written", self.halves)
        self.kill(process)
        self.assertEqual((len(self.halves()), os.path.exists(self.saved)), (1, False))
        self.assertIn("error", self.drive("restore", self.saved, "true"), "it is none")
        self.settle(self.kept)
        self.assert_whole_or_not_there()

    def test_before_what_is_kept_is_said_to_be_nobodys(self):
        """Its directory is there, and so it is complete, however dead its owner."""
        self.assertEqual(self.drive("keep", self.saved, self.SCRIPT), "ended 0 \n")
        gone = subprocess.Popen(["true"])
        gone.wait()
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
            owner = f"{boot.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}/{gone.pid}/1"
        name, = self.kept()
        self.store.lxc("config", "set", name, f"user.cordon.owner={owner}")
        self.store.lxc("copy", name, "cordon-kept-twin")
        self.store.lxc("config", "set", "cordon-kept-twin", f"user.cordon.owner={owner}")
        self.store.lxc("copy", "cordon-kept-twin", "cordon-kept-half", "--config", "user.cordon.checkpoint=cordon-kept-half")
        self.settle(lambda: sorted([*self.kept(), "cordon-kept-twin"]))
        self.store.lxc("delete", "cordon-kept-twin")
        self.assertEqual(self.store.lxc("config", "get", name, "user.cordon.owner").stdout, b"\n")
        self.assert_whole_or_not_there()

    def test_in_the_middle_of_a_restore(self):
        self.assertEqual(self.drive("keep", self.saved, self.SCRIPT), "ended 0 \n")
        began = time.monotonic()
        process = self.begin("restore", "echo up")
        self.assertEqual(process.stdout.readline(), "up\n")
        whole = time.monotonic() - began
        for _ in range(self.ROUNDS):
            process = self.begin("restore", "echo up; sleep 2222241")
            pause = self.random.uniform(0, whole)
            time.sleep(pause)
            self.kill(process)
            with self.subTest(killed_after=f"{pause:.3f} of {whole:.3f} s"):
                self.settle(self.kept)
                self.assertFalse(self.running("2222241"))
        self.assert_whole_or_not_there()


class Dying(WithStore):
    """The store, killed in the middle of a run."""

    def run_until_the_store_dies(self, mark, image, options=()):
        script = f"exec 2> /dev/null; setsid sleep {mark} & echo up; sleep {mark}"
        process = self.start("sh", "-c", script, image=image, options=options)
        self.assertEqual(process.stdout.readline().strip(), "up")
        time.sleep(1)
        self.assertTrue(self.running(mark), "the control: it runs as long as the store does")
        self.assertIsNone(process.poll())
        self.store.process.kill()
        self.store.process.wait()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 125, err)
        self.assertIn("the command's end", err)
        self.wait_until("what ran has ended, with no store to end it", lambda: not self.running(mark), 10)

    def test_an_instance_for_each_run(self):
        for mark, options in (("2222251", []), ("2222252", ["--tty"])):
            with self.subTest(options=options):
                try:
                    self.run_until_the_store_dies(mark, IMAGE, options)
                finally:
                    self.store.start()
                self.assertEqual(self.run_cordon("true").returncode, 0)
                self.wait_until("the instance is gone, too", lambda: self.store.instances() == [])

    def test_an_instance_that_others_use(self):
        self.store.lxc("launch", IMAGE, "box", "--config", f"raw.idmap=both {SOMEBODY} {SOMEBODY}")
        self.addCleanup(self.store.lxc, "delete", "--force", "box")
        self.store.lxc("config", "device", "add", "box", "work", "disk", f"source={self.work}", f"path={self.work}")
        self.store.lxc("exec", "box", "--", "sh", "-c", "setsid sleep 2222253 < /dev/null > /dev/null 2>&1 &")
        for mark, options in (("2222254", []), ("2222255", ["--tty"])):
            with self.subTest(options=options):
                try:
                    self.run_until_the_store_dies(mark, "", options)
                    self.assertTrue(self.running("2222253"), "what others have started goes on")
                finally:
                    self.store.start()

    def surroundings(self, **more):
        return super().surroundings(**{"CORDON_LXC_INSTANCE": "box", **more})


class Shared(WithStore):
    """An instance that runs already."""

    def setUp(self):
        super().setUp()
        self.store.lxc("launch", IMAGE, "box", "--config", f"raw.idmap=both {SOMEBODY} {SOMEBODY}")
        self.addCleanup(self.store.lxc, "delete", "--force", "box")

    def surroundings(self, **more):
        return super().surroundings(**{"CORDON_LXC_INSTANCE": "box", **more})

    def show(self, path, name="work"):
        self.store.lxc("config", "device", "add", "box", name, "disk", f"source={path}", f"path={path}")

    def inside(self, *command, **more):
        return self.run_cordon(*command, image="", **more)

    def test_a_run(self):
        refused = self.inside("true")
        self.assertEqual(refused.returncode, 125)
        self.assertIn("lxc config device add box", refused.stderr)
        self.show(self.work)
        other = tempfile.mkdtemp(prefix="of-lxc-other-")
        os.chmod(other, 0o755)
        self.addCleanup(shutil.rmtree, other)
        with open(f"{other}/key", "w", encoding="utf-8") as key:
            key.write("secret\n")
        self.show(other, "other")
        self.assertEqual(self.store.lxc("exec", "box", "--", "cat", f"{other}/key").stdout, b"secret\n", "the control")
        script = f"cat; echo made > made; id -u; ls /sys/class/net; cat {other}/key; echo x > /open/x; exit 3"
        run = self.inside("sh", "-c", script, text="in\n", options=["--json"])
        result = json.loads(run.stdout)
        self.assertEqual((result["exit_code"], result["stdout"].split()), (3, ["in", str(SOMEBODY), "lo"]), run.stdout)
        self.assertIn("/open/x: Read-only", result["stderr"])
        self.assertIn(f"'{other}/key': No such file", result["stderr"])
        self.assertEqual(os.stat(f"{self.work}/made").st_uid, SOMEBODY)
        for name, strength in (("network.egress", "enforced"), ("process.isolation", "partial"), ("memory.limit", "absent"),
                               ("privileges", "enforced")):
            self.assertEqual(self.guarantee(run, name)["strength"], strength, name)
        self.assertEqual(self.store.instances(), ["box"])
        self.ends_of_commands()
        self.assertIn("/dev/pts/", self.terminal(image=""))

    def test_one_that_does_not_run_or_is_privileged(self):
        self.store.lxc("stop", "--force", "box")
        self.assertIn("lxc start box", self.inside("true").stderr)
        self.store.lxc("config", "unset", "box", "raw.idmap")
        self.store.lxc("config", "set", "box", "security.privileged", "true")
        self.show(self.work)
        self.store.lxc("start", "box")
        refused = self.inside("true")
        self.assertEqual(refused.returncode, 125)
        self.assertIn("it is privileged", refused.stderr)
        run = self.inside("true", options=["--allow-degraded", "--json"])
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(self.guarantee(run, "privileges")["strength"], "partial", run.stdout)
        missing = self.run_cordon("true", image="", CORDON_LXC_INSTANCE="nobody")
        self.assertIn("lxc list", missing.stderr)


if __name__ == "__main__":
    unittest.main()
