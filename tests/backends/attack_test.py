"""The attacks on the backend that CORDON_TEST_BACKEND names; each of them works where nothing confines it."""

import contextlib
import json
import os
import shlex
import shutil
import socket
import stat
import subprocess
import uuid

import case
import host
from attacks import ATTACKS
from case import CORDON, PATIENCE, Case, protects
from drivers import GUEST, HERE
from runs import SOMEBODY
from session import session

KILLED_BY_FILTER = 128 + 31
MARK = "@@@"


def setUpModule():
    case.start("attack")


def plainly(*command, user=None, cwd=None, environment=None, **more):
    """The same attempt as root of the host; what it mounts is gone with it."""
    drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return subprocess.run(["unshare", "--mount", "--propagation", "private", *drop, *command], capture_output=True, text=True,
                          check=False, timeout=PATIENCE, cwd=cwd, env=environment or {"PATH": os.environ["PATH"]}, **more)


def excuses():
    """What the host itself may refuse, so that there is no control."""
    begin = "no control: the host itself refuses "
    with open(os.path.join(HERE, "../allowed_skips.txt"), encoding="utf-8") as file:
        return {line.strip().removeprefix(begin) for line in file if line.startswith(begin)}


def own_groups():
    """Where control groups are. Controls open a file there for writing, and write nothing."""
    for base in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
        if os.path.exists(base + "/cgroup.procs"):
            return base
    return "/nonexistent"


def launcher_digest():
    with open(CORDON, "rb") as file:
        return hash(file.read())


def write(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("SECRET\n")
    os.chmod(path, 0o666)


class Attempts(Case):
    """All of the table in one sandbox: an attempt a test."""

    outcomes = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.context = contextlib.ExitStack()
        cls.addClassCleanup(cls.context.close)
        cls.prepare()
        cls.attempt_all()

    @classmethod
    def prepare(cls):
        cls.driver = session.driver
        cls.names = cls.tree("attempts")
        unique = uuid.uuid4().hex
        enter = cls.context.enter_context
        cls.names.update(abstract="of-" + unique, queue="of-" + unique, shm="/dev/shm/of-" + unique,
                         secret_of_the_environment="secret-" + unique, segment=enter(host.segment()), groups=own_groups(),
                         namespace=os.readlink("/proc/self/ns/pid"))
        write(cls.names["shm"])
        cls.names["descriptor"] = os.open(cls.names["secret"], os.O_RDONLY)
        cls.context.callback(os.close, cls.names["descriptor"])
        cls.context.callback(os.unlink, cls.names["shm"])
        enter(host.queue(cls.names["queue"]))
        enter(host.listening(socket.AF_UNIX, cls.names["service"]))
        enter(host.listening(socket.AF_UNIX, "\0" + cls.names["abstract"]))
        cls.names["port"] = enter(host.listening(socket.AF_INET, ("127.0.0.1", 0))).getsockname()[1]
        cls.names["victim"] = enter(host.process(cls.names["secret_of_the_environment"])).pid

    @classmethod
    def tree(cls, name):
        """What attempts are made on: a sandbox and each control get files of their own."""
        root = os.path.join(session.folder, name)
        names = {one: os.path.join(root, one) for one in ("work", "outside", "shared")}
        for folder in (root, *names.values(), *(names["work"] + end for end in ("/tree", "/denied", "/.git", "/.git/hooks"))):
            os.mkdir(folder)
            os.chmod(folder, 0o777)
        names.update(secret=names["outside"] + "/secret", service=names["outside"] + "/service.sock", up="../" * 12,
                     setuid=shutil.copy(GUEST, names["outside"] + "/guest"))
        os.chown(names["setuid"], SOMEBODY + 1, SOMEBODY + 1)
        os.chmod(names["setuid"], 0o6755)
        for one in ("{outside}/secret", "{shared}/file", "{shared}/private", "{work}/denied/file", "{work}/ordinary", "{work}/.git/config", "{work}/.git/HEAD"):
            write(one.format(**names))
        os.chmod(names["shared"] + "/private", 0o600)
        os.symlink(names["secret"], names["work"] + "/planted-link")
        # /dev/fuse: to open it does no harm, and no engine lets everybody.
        os.mknod(names["work"] + "/device", stat.S_IFCHR | 0o666, os.makedev(10, 229))
        os.chmod(names["work"] + "/device", 0o666)
        return names

    @classmethod
    def attempt_all(cls):
        script = "cd " + shlex.quote(cls.names["work"]) + "\n"
        for attack in (one for one in ATTACKS if not one.alone):
            program = cls.driver.setuid_guest if attack.guest == "setuid_gain" else cls.driver.guest
            command = shlex.join([program, *attack.guest.format(**cls.names).split()])
            script += f"{command} 2>&1; code=$?; echo; echo {MARK} {attack.name} $code\n"
        options = ["--read", cls.names["shared"], "--deny", cls.names["work"] + "/denied", "--timeout", "100s", "--output-limit",
                   "1M"]
        one = cls("attempt")
        one.driver, one.work = cls.driver, cls.names["work"]
        session.report["asked"] = options
        cls.before = cls.state()
        result = one.result("sh", "-c", script, pass_fds=[cls.names["descriptor"]], options=[*options, "--memory", "512M", "--cpus", "1.5", "--pids", "100",
                                                         "--disk", "64M"])
        session.report["guarantees"] = result["guarantees"]
        cls.after = cls.state()
        cls.raw = result
        said = ""
        for line in result["stdout"].split("\n"):
            if line.startswith(MARK):
                _, name, code = line.split()
                cls.outcomes[name] = (int(code), said.strip())
                said = ""
            else:
                said += line + "\n"

    @classmethod
    def state(cls):
        """Whatever an attempt could have changed where it may change nothing."""
        found = {}
        for place in (cls.names["outside"], cls.names["shared"], cls.names["work"] + "/.git"):
            for base, folders, files in os.walk(place):
                for path in (os.path.join(base, one) for one in folders + files):
                    status = os.lstat(path)
                    found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink, status.st_size)
        return found

    @protects("filesystem.write")
    def test_nothing_is_changed_whatever_an_attempt_was_told(self):
        self.assertEqual(self.after, self.before)

    def attempt(self, attack, outcome):
        if attack.alone:
            before = launcher_digest()
            run = self.run_guest(*attack.guest.format(**self.names).split(), options=["--timeout", "60s"])
            self.outcomes[attack.name] = (run.returncode, run.stdout)
            self.assertEqual(launcher_digest(), before)
            self.assertTrue(host.is_there(self.names["victim"]), "a process of the host is gone")
        self.assertIn(attack.name, self.outcomes, self.raw)
        code, said = self.outcomes[attack.name]
        outcome["said"] = said[:200]
        self.control(attack, outcome)
        held = code == KILLED_BY_FILTER or (code == 0 and "contained" in said)
        self.assertTrue(held, f"{attack.name}: exit status {code}: {said}")

    def control(self, attack, outcome):
        names = {**self.names, **self.tree("control-" + attack.name), "service": self.names["service"]}
        with host.process(names["secret_of_the_environment"]) as victim:
            names["victim"] = victim.pid
            words = (attack.control or attack.guest).format(**names).split()
            program = names["setuid"] if words == ["setuid_gain"] else GUEST
            # Beside a victim, whose program is found, or in numbers of its own, where it signals nobody of the host.
            around = ["unshare", "--pid", "--fork", "sh", "-c", 'sleep 60 & "$@"; exit $?', "sh"] if attack.alone else []
            run = plainly(*around, program, *words, user=SOMEBODY if attack.own_user else None, cwd=names["work"],
                          pass_fds=[names["descriptor"]])
        if run.returncode in (42, KILLED_BY_FILTER):
            outcome["control"] = "succeeds"
            return
        outcome["control"] = why = run.stdout.strip()
        name = " ".join(words[:2]) if words[0] == "socket_family" else words[0]
        nothing_there = words[-1].startswith(("/proc/", "/sys/", "/dev/")) and why.endswith(("No such file or directory",
                                                                                              "No data available"))
        nothing_there = nothing_there or why.endswith(("No such device", "No such device or address"))
        no_suid = attack.own_user and os.statvfs(session.folder).f_flag & os.ST_NOSUID
        self.assertTrue(nothing_there or no_suid or name in excuses(), f"the control of {attack.name} shows nothing: {run}")


class Caller(Case):
    """What a guest could do to whoever called Cordon, or leave on his host."""

    @protects("process.isolation")
    def test_nothing_is_typed_into_the_callers_terminal(self):
        attempts = ("tiocsti", "tiocsti_high_bits")
        script = "; ".join(f"{self.driver.guest} {attempt}" for attempt in attempts)
        for options in ([], ["--tty"]):
            status, said = self.on_terminal(*self.arguments(["sh", "-c", script], options))
            self.assertEqual((said.count("contained"), status), (len(attempts), 0), said)
        with open("/proc/sys/dev/tty/legacy_tiocsti", encoding="utf-8") as file:
            if file.read() == "0\n":
                return  # this kernel refuses it to everybody
        self.assertEqual(self.on_terminal(GUEST, "tiocsti")[0], 42, "the control")

    @protects("filesystem.write")
    def test_a_crash_leaves_no_core(self):
        def crash(command):
            subprocess.run(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *command], check=False, timeout=PATIENCE,
                           env=self.environment(), cwd=self.outside, stdin=subprocess.DEVNULL, capture_output=True)
            return os.listdir(self.work) + os.listdir(self.outside)
        self.assertEqual(crash(self.arguments([self.driver.guest, "core_dump"])), [])
        # The kernel of the host runs no program on it either: 1 byte says so to a pattern that is a pipe; 0 does not.
        said = self.sh("grep -s 'Max core' /proc/self/limits || ls /proc/self/limits").stdout
        if said or self.driver.tier != "gvisor":
            self.assertEqual(said.split()[4:6], ["1", "1"], said)
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
            if file.read().strip().startswith(("|", "/")):
                return  # written elsewhere, without Cordon, too
        self.assertNotEqual(crash([GUEST, "core_dump"]), [], "the control")

    @protects("network.egress")
    def test_no_datagram_leaves(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.setblocking(False)
            words = ["send_udp", "127.0.0.1", str(receiver.getsockname()[1])]
            run = self.run_guest(*words)
            self.assertIn(run.returncode, (0, 42), run)  # to a loopback of its own it may
            with self.assertRaises(BlockingIOError):
                receiver.recv(16)
            subprocess.run([GUEST, *words], check=False, timeout=PATIENCE, capture_output=True)
            self.assertEqual(receiver.recv(16), b"guest", "the control")


class Replaced(Case):
    """Programs of the host save a file by renaming another one into its place, while a guest waits for that."""

    def after(self, change, script, *options):
        """What a guest says that goes on when the host has made its change, and what the report claimed."""
        process = self.begin("sh", "-c", "echo ready; read -r _; " + script, stdin=subprocess.PIPE, options=["--report", self.report, *options])
        self.assertEqual(process.stdout.readline(), "ready\n")
        change()
        said = "".join(process.communicate("go\n", PATIENCE))
        with open(self.report, encoding="utf-8") as file:
            return said, {one["name"]: one["strength"] for one in json.load(file)}

    def setUp(self):
        super().setUp()
        self.report = os.path.join(self.outside, "report.json")

    def save(self, name, content):
        os.rename(self.put(name + ".new", content), os.path.join(self.work, name))

    def tell_truth(self, held, strength, said):
        self.assertTrue(held or strength != "enforced", f"the report says that it is held: {said}")

    @protects("filesystem.read")
    def test_what_is_denied(self):
        self.put(".env", "OLD\n")
        self.put("keys/one", "OLD\n")

        def change():
            self.save(".env", "NEW SECRET\n")
            os.rename(self.work + "/keys", self.work + "/keys.old")
            self.put("keys/one", "NEW SECRET\n")
        script = "cat .env keys/one"
        said, strengths = self.after(change, script, "--deny", self.work + "/.env", "--deny", self.work + "/keys")
        self.tell_truth("NEW" not in said, strengths["filesystem.read"], said)
        shutil.rmtree(self.work + "/keys.old")
        self.assertEqual(self.after(change, script)[0].count("NEW SECRET"), 2, "the control")
        self.assertNotIn("NEW SECRET", said)

    @protects("filesystem.write")
    def test_what_is_protected(self):
        for name in (".git/config", ".git/HEAD", "ordinary"):
            self.put(name)
        self.make_parents(self.work + "/.git/objects")
        self.make_parents(self.work + "/.git/refs")
        script = "echo PAYLOAD >> {}; cat {}"
        for name in ("ordinary", ".git/config"):
            said, strengths = self.after(lambda name=name: self.save(name, "[core]\n"), script.format(name, name))
            changed = "PAYLOAD" in self.read(os.path.join(self.work, name))
            if name == "ordinary":
                self.assertTrue(changed, f"the control: {said}")
        self.tell_truth(not changed, strengths["filesystem.write"], said)
        self.assertFalse(changed, f"PAYLOAD is in .git/config: {said}")


for each in ATTACKS:
    def attempted(self, outcome, attack=each):
        self.attempt(attack, outcome)
    attempted.protection, attempted.takes_outcome = each.protection, True
    setattr(Attempts, "test_" + each.name, attempted)
