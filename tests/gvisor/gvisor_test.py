"""The gvisor backend from outside: `cordon run --backend gvisor` with the runsc of this host."""

import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from runs import PATIENCE, SOMEBODY, Runs, processes

CORDON = os.environ["CORDON_TEST_PROGRAM"]


def processes_of(word):
    """This host's processes with the word among their arguments."""
    return processes(lambda words: word.encode() in words.split(b"\0"))


def groups():
    found = set()
    for base, folders, _ in os.walk("/sys/fs/cgroup"):
        found.update(os.path.join(base, folder) for folder in folders if folder.startswith("cordon-"))
    return found


class Sandboxes(Runs):
    @classmethod
    def setUpClass(cls):
        cls.state = os.path.realpath(tempfile.mkdtemp(prefix="cordon-test-gvisor-state-"))
        cls.addClassCleanup(shutil.rmtree, cls.state)

    def setUp(self):
        self.work = self.own_folder("cordon-test-gvisor-")

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "SECRET_OF_CALLER": "do not tell", "CORDON_STATE_DIR": self.state, **more}

    def arguments(self, command, options=(), backend="gvisor"):
        return [CORDON, "run", "--no-policy-files", "--workdir", self.work, "--backend", backend, *options, "--", *command]

    def run_cordon(self, *command, options=(), text="", backend="gvisor", **environment):
        return subprocess.run(self.arguments(command, options, backend), input=text, capture_output=True, text=True, check=False,
                              timeout=PATIENCE * 2, env=self.environment(**environment))

    def sh(self, script, *options, **more):
        return self.run_cordon("sh", "-c", script, options=options, **more)

    def python(self, script, *options, **more):
        return self.run_cordon("python3", "-c", script, options=options, **more)

    def result(self, *command, options=()):
        run = self.run_cordon(*command, options=["--json", *options])
        return json.loads(run.stdout)

    def start(self, *command, options=()):
        return self.begin_program(self.arguments(command, options), text=True, env=self.environment())

    def at(self, name):
        return os.path.join(self.work, name)

    def put(self, name, content="", mode=0o644):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.at(name), encoding="utf-8") as file:
            return file.read()


class Runs(Sandboxes):
    def test_as_json(self):
        result = self.result("sh", "-c", "echo hello; exit 3")
        self.assertEqual((result["status"], result["exit_code"], result["stdout"]), ("failed", 3, "hello\n"))
        self.assertEqual((result["backend"], result["tier"]), ("gvisor", "gvisor"))
        self.assertGreater(result["resource_usage"]["cpu_time_ns"], 0)

    def test_the_exit_code_that_runsc_uses_itself_is_the_commands(self):
        result = self.result("sh", "-c", "exit 128")
        self.assertEqual((result["status"], result["exit_code"]), ("failed", 128))

    def test_an_end_by_a_signal(self):
        self.assertEqual(self.sh("kill -KILL $$").returncode, 128 + signal.SIGKILL)

    def test_a_tier_will_do(self):
        command = [CORDON, "run", "--no-policy-files", "--workdir", self.work, "--tier", "gvisor", "--", "cat", "/proc/version"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment(), timeout=PATIENCE)
        self.assertEqual(run.returncode, 0, run.stderr)
        with open("/proc/version", encoding="utf-8") as version:
            self.assertNotEqual(run.stdout, version.read())

    def test_environment_is_the_policys(self):
        run = self.sh("env", "--env", "SET=1", "--pass-env", "PASSED", PASSED="2", LD_PRELOAD="/nonexistent.so")
        variables = dict(line.split("=", 1) for line in run.stdout.splitlines())
        self.assertEqual((variables["SET"], variables["PASSED"], variables["HOME"]), ("1", "2", "/root"))
        self.assertEqual(variables["PWD"], self.work)
        for name in ("SECRET_OF_CALLER", "LD_PRELOAD"):
            self.assertNotIn(name, variables)

    def test_host_name_user_and_place(self):
        run = self.sh("hostname; id -u; pwd", "--hostname", "elsewhere")
        self.assertEqual(run.stdout.split(), ["elsewhere", "0", self.work])

    def test_arguments_arrive_as_they_are(self):
        words = ["", "two words", "ünï", "\"quoted\\\"", "$HOME", "\n"]
        run = self.run_cordon("python3", "-c", "import sys; print(sys.argv[1:])", *words)
        self.assertEqual(run.stdout.strip(), str(words))

    def test_a_program_that_starts_many_others(self):
        run = self.sh("for i in 1 2 3 4 5 6 7 8; do (echo $i | cat) & done; wait")
        self.assertEqual(sorted(run.stdout.split()), list("12345678"))

    def test_a_terminal(self):
        leader, follower = pty.openpty()
        script = "echo begin; read line; echo got $line; exit 5"
        process = subprocess.Popen(self.arguments(["sh", "-c", script], ["--tty"]), stdin=follower, stdout=follower,
                                   stderr=subprocess.DEVNULL, env=self.environment(TERM="dumb"), start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(os.close, leader)
        os.close(follower)
        seen = b""

        def wait_for(text):
            nonlocal seen
            while text not in seen:
                self.assertTrue(select.select([leader], [], [], PATIENCE)[0], seen)
                seen += os.read(leader, 4096)
        wait_for(b"begin")
        os.write(leader, b"line\n")
        wait_for(b"got line")
        self.assertEqual(process.wait(PATIENCE), 5)

    def test_the_plan_is_printed_and_nothing_runs(self):
        run = self.run_cordon("touch", "made", options=["--dry-run"])
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("runsc", run.stdout)
        self.assertEqual(os.listdir(self.work), [])

    @unittest.skipIf(os.geteuid() != 0, "SKIP: needs root: to become somebody else")
    def test_an_ordinary_user(self):
        os.chown(self.work, SOMEBODY, SOMEBODY)
        words = self.arguments(["sh", "-c", "echo mine > made; cat made; cat /etc/shadow"])
        run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE, env=self.environment(),
                             user=SOMEBODY, group=SOMEBODY, extra_groups=[])
        self.assertEqual(run.stdout, "mine\n", run.stderr)
        self.assertEqual(os.stat(os.path.join(self.work, "made")).st_uid, SOMEBODY)


class Refusals(Sandboxes):
    def refusal(self, *command, options=(), **more):
        run = self.run_cordon(*(command or ["true"]), options=options, **more)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        return run

    def test_a_command_that_is_not_there(self):
        for name in ("no-such-program", "/usr/bin/no-such-program", "./missing"):
            self.assertEqual(self.refusal(name).returncode, 127, name)

    def test_a_command_that_is_none(self):
        self.put("plain", "text\n")
        for name in ("./plain", "/usr/bin", "/etc/passwd"):
            self.assertEqual(self.refusal(name).returncode, 126, name)

    def test_a_script_without_its_interpreter(self):
        self.put("script", "#!/no/such/interpreter -x\n", 0o755)
        self.assertEqual(self.refusal("./script").returncode, 127)
        self.put("script", "#! /bin/sh\necho works\n", 0o755)
        self.assertEqual(self.run_cordon("./script").stdout, "works\n")

    def test_what_gvisor_has_not(self):
        for options, word in ((["--image", "debian"], "image"), (["--uid", "5"], "user"), (["--memory", "8M"], "memory"),
                              (["--read", "/dev/kvm"], "/dev"), (["--nested-namespaces"], "nested")):
            if options[-1] == "/dev/kvm" and not os.path.exists("/dev/kvm"):
                continue
            run = self.refusal(options=options)
            self.assertEqual(run.returncode, 125, options)
            self.assertIn(word, run.stderr)

    def test_rules_that_no_mount_can_stand_for(self):
        options = ["--deny", self.at("**/*.key")]
        self.assertIn("--allow-degraded", self.refusal(options=options).stderr)
        run = self.run_cordon("true", options=[*options, "--allow-degraded", "--json"])
        strength = {one["name"]: one["strength"] for one in json.loads(run.stdout)["guarantees"]}
        self.assertEqual(strength["filesystem.read"], "partial")

    def test_a_guarantee_that_does_not_hold(self):
        self.assertIn("disk.limit", self.refusal(options=["--disk", "1M", "--require", "disk.limit"]).stderr)
        self.assertEqual(self.run_cordon("true", options=["--pids", "64", "--require", "network.egress", "--require", "pids.limit"]).returncode, 0)

    @unittest.skipIf(os.geteuid() != 0, "SKIP: needs root: to hide runsc")
    def test_without_runsc_nothing_else_is_taken(self):
        place = shutil.which("runsc")
        words = " ".join(self.arguments(["true"]))
        run = subprocess.run(["unshare", "--mount", "sh", "-c", f"mount --bind /dev/null {place} && exec {words}"],
                             capture_output=True, text=True, check=False, timeout=PATIENCE, env=self.environment())
        self.assertEqual(run.returncode, 125)
        self.assertIn("apt install runsc", run.stderr)


class Files(Sandboxes):
    def test_the_work_directory_is_the_hosts(self):
        self.put("there", "before\n")
        run = self.sh("cat there; echo after > made; mkdir -p a/b; mv there moved; rm -f nothing; ln -s made link")
        self.assertEqual((run.stdout, run.stderr), ("before\n", ""))
        self.assertEqual((self.read("made"), self.read("moved"), self.read("link")), ("after\n", "before\n", "after\n"))
        self.assertTrue(os.path.isdir(os.path.join(self.work, "a/b")))

    def test_what_others_write_meanwhile_is_seen(self):
        process = self.start("sh", "-c", "echo ready; while ! test -e go; do sleep 0.05; done; cat go")
        process.stdout.readline()
        with open(os.path.join(self.work, ".go"), "w", encoding="utf-8") as file:
            file.write("from outside\n")
        os.rename(file.name, os.path.join(self.work, "go"))
        self.assertEqual(process.stdout.read(), "from outside\n")

    def test_tmp_and_home_are_its_own(self):
        name = os.path.basename(self.work)
        run = self.sh(f"echo 1 > /tmp/of-{name} && echo 2 > $HOME/of-{name} && cat /tmp/of-{name} $HOME/of-{name}")
        self.assertEqual(run.stdout, "1\n2\n", run.stderr)
        self.assertFalse(os.path.exists(f"/tmp/of-{name}"))
        self.assertFalse(os.path.exists(f"/root/of-{name}"))

    def test_the_system_is_read_only(self):
        for place in ("/usr/made", "/etc/made", "/made", "/bin/made"):
            run = self.sh(f"echo x > {place}")
            self.assertNotEqual(run.returncode, 0, place)
            self.assertFalse(os.path.exists(place))

    def test_deny_and_hide_inside_what_is_shown(self):
        self.put("secret/key", "secret\n")
        self.put("hidden/key", "secret\n")
        self.put("one", "secret\n")
        self.put("secret/open/it", "open\n")
        run = self.sh("cat secret/key; cat hidden/key; cat one; cat secret/open/it; echo x > secret/new; ls hidden | wc -l",
                      "--deny", self.at("secret"), "--hide", self.at("hidden"), "--deny", self.at("one"), "--read", self.at("secret/open"))
        self.assertEqual(run.stdout, "open\n0\n")
        self.assertNotIn("new", os.listdir(os.path.join(self.work, "secret")))

    def test_a_directory_that_may_only_be_read(self):
        self.put("fixed/it", "as it was\n")
        run = self.sh("cat fixed/it; echo x >> fixed/it; rm -f fixed/it; mv fixed away; echo y > beside",
                      "--read", self.at("fixed"))
        self.assertEqual((run.stdout, self.read("fixed/it"), self.read("beside")), ("as it was\n", "as it was\n", "y\n"))

    def test_git_hooks_cannot_be_replaced(self):
        self.put(".git/hooks/pre-commit", "#!/bin/sh\n", 0o755)
        self.put(".git/config", "[core]\n")
        self.sh("echo evil >> .git/hooks/pre-commit; echo evil > .git/hooks/post-commit; echo evil >> .git/config")
        self.assertEqual((self.read(".git/hooks/pre-commit"), self.read(".git/config")), ("#!/bin/sh\n", "[core]\n"))
        self.assertEqual(os.listdir(os.path.join(self.work, ".git/hooks")), ["pre-commit"])

    def test_another_directory_that_may_be_written(self):
        other = os.path.realpath(tempfile.mkdtemp(prefix="cordon-test-gvisor-other-"))
        self.addCleanup(shutil.rmtree, other)
        self.assertNotEqual(self.sh(f"echo x > {other}/made").returncode, 0)
        run = self.sh(f"echo x > {other}/made", "--write", other)
        self.assertEqual((run.returncode, os.listdir(other)), (0, ["made"]), run.stderr)

    def test_a_work_directory_with_strange_names(self):
        self.work = os.path.join(self.work, "a b \"c\" \\ ü\n")
        os.mkdir(self.work)
        self.put("it", "here\n")
        self.assertEqual(self.run_cordon("cat", "it").stdout, "here\n")


class Limits(Sandboxes):
    def test_memory(self):
        result = self.result("python3", "-c", "x = bytearray(400 << 20)", options=["--memory", "150M"])
        self.assertEqual((result["status"], result["limit_hit"]), ("failed", "memory"))

    def test_a_memory_limit_leaves_room_for_what_fits(self):
        result = self.result("python3", "-c", "x = bytearray(30 << 20); print(len(x))", options=["--memory", "150M"])
        self.assertEqual((result["limit_hit"], result["stdout"]), (None, f"{30 << 20}\n"))

    def test_files_in_memory_count(self):
        result = self.result("sh", "-c", "head -c 400000000 /dev/zero > /tmp/big", options=["--memory", "150M", "--disk", "1G"])
        self.assertEqual(result["status"], "failed")

    PROCESSES = """import os, sys, time
made = 0
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except BlockingIOError:
    pass
print(made)
sys.stdout.flush()
os.kill(0, 9)
"""
    THREADS = """import threading
made, end = 0, threading.Event()
try:
    while made < 300:
        threading.Thread(target=end.wait, daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(made)
"""

    def test_processes(self):
        for script, wanted in ((self.PROCESSES, 100), (self.THREADS, 300)):
            held = self.python(script, "--pids", "32", "--timeout", "50s")
            self.assertEqual(held.stdout, "31\n", held.stderr)
            free = self.python(script, "--pids", "400", "--timeout", "50s")
            self.assertEqual(free.stdout, f"{wanted}\n", "the control: " + free.stderr)

    def test_nobody_leaves_the_group_that_counts(self):
        attempts = "umount /sys/fs/cgroup; mount -t cgroup -o pids none /tmp; mkdir /sys/fs/cgroup/mine; echo max > /sys/fs/cgroup/command/pids.max; "
        script = f"({attempts}) 2>/dev/null; unshare --user --map-root-user sh -c '{attempts}' 2>/dev/null; ls /sys/fs/cgroup; exec python3 -c \"$1\""
        run = self.run_cordon("sh", "-c", script, "sh", self.THREADS, options=["--pids", "32", "--timeout", "50s"])
        self.assertEqual(run.stdout, "31\n", run.stderr)

    def test_commands_that_cannot_run_where_tasks_are_counted(self):
        self.put("text", "no program\n", 0o755)
        for command, status in (("not-there", 127), ("./not-there", 127), ("/etc/passwd", 126), ("./text", 126)):
            self.assertEqual(self.run_cordon(command, options=["--pids", "32"]).returncode, status, command)
        self.put("script", "#!/bin/sh\necho $0 $1\n", 0o755)
        self.assertEqual(self.run_cordon("./script", "--", options=["--pids", "32"]).stdout, "./script --\n")

    def test_disk(self):
        run = self.sh("head -c 3000000 /dev/zero > /tmp/big; wc -c < /tmp/big", "--disk", "1M")
        self.assertLess(int(run.stdout), 1 << 20)
        result = self.result("sh", "-c", "exec head -c 3000000 /dev/zero > big", options=["--disk", "1M"])
        self.assertEqual(result["limit_hit"], "disk")
        self.assertLessEqual(os.stat(os.path.join(self.work, "big")).st_size, 1 << 20)

    def test_time(self):
        result = self.result("sleep", "1000", options=["--timeout", "1s"])
        self.assertEqual(result["status"], "timeout")
        self.assertEqual(processes_of(result["id"]), [])

    def test_output(self):
        result = self.result("sh", "-c", "yes | head -c 1000000", options=["--output-limit", "100k"])
        self.assertTrue(result["truncated"]["stdout"])
        self.assertLessEqual(len(result["stdout"]), 100 << 10)


class Life(Sandboxes):
    def started(self):
        """A sandbox that runs, and the id that its processes have on their command lines."""
        process = self.start("sh", "-c", "echo ready; sleep 1000")
        self.assertEqual(process.stdout.readline(), "ready\n")
        for pid in processes_of("boot"):
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as words:
                words = words.read().split("\0")
            if words[0] == "runsc-sandbox" and self.descends(pid, process.pid):
                return process, words[-2]
        self.fail("there is no gVisor kernel")

    def descends(self, pid, ancestor):
        while pid > 1:
            if pid == ancestor:
                return True
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                pid = int(stat.read().rpartition(")")[2].split()[1])
        return False

    def test_nothing_is_left(self):
        before = set(os.listdir("/tmp"))
        result = self.result("true")
        self.assertEqual(processes_of(result["id"]), [])
        self.assertEqual([one for one in set(os.listdir("/tmp")) - before if one.startswith(("cordon-gvisor", "runsc"))], [])
        self.wait_until("its control group is gone", lambda: not any(result["id"] in one for one in groups()))

    def test_a_killed_cordon_leaves_no_process(self):
        process, sandbox = self.started()
        self.assertNotEqual(processes_of(sandbox), [])
        process.kill()
        process.wait()
        self.wait_until("its processes are gone", lambda: not processes_of(sandbox))
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            self.assertNotIn(sandbox, mounts.read())

        def swept():
            self.run_cordon("true")  # what the kernel held on to is removed by who comes next
            return not any(sandbox in one for one in groups())
        self.wait_until("its control groups are gone", swept)

    def test_a_signal_to_cordon_ends_it(self):
        process, sandbox = self.started()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)
        self.wait_until("its processes are gone", lambda: not processes_of(sandbox))

    def test_many_at_once(self):
        runs = [self.start("sh", "-c", f"echo {i}; cat /proc/sys/kernel/hostname") for i in range(4)]
        for i, run in enumerate(runs):
            out, _ = run.communicate(timeout=PATIENCE)
            self.assertEqual((out.split()[0], run.returncode), (str(i), 0))


class Attacks(Sandboxes):
    """Each with a control: the same attempt succeeds where the wall is not."""

    def outside(self, script):
        return subprocess.run(["python3", "-c", script], capture_output=True, text=True, check=False, timeout=PATIENCE).stdout

    def test_the_kernel_is_not_the_hosts(self):
        with open("/proc/version", encoding="utf-8") as version:
            host = version.read()
        self.assertNotEqual(self.run_cordon("cat", "/proc/version").stdout, host)
        self.assertEqual(self.run_cordon("cat", "/proc/version", backend="native").stdout, host)
        self.assertIn("gVisor", self.run_cordon("dmesg").stdout)

    def test_other_processes(self):
        script = "import os; print(sum(1 for one in os.listdir('/proc') if one.isdigit()))"
        self.assertEqual(self.python(script).stdout.strip(), "1")
        self.assertGreater(int(self.outside(script)), 1)
        kill = f"import os; os.kill({os.getpid()}, 0); print('there')"
        self.assertEqual(self.python(kill).stdout, "")
        self.assertEqual(self.outside(kill), "there\n")

    def test_files_of_the_host(self):
        secret = tempfile.NamedTemporaryFile("w", prefix="cordon-test-gvisor-secret-", dir="/var/tmp", encoding="utf-8")
        self.addCleanup(secret.close)
        secret.write("secret\n")
        secret.flush()
        os.symlink(secret.name, os.path.join(self.work, "link"))
        os.symlink("/", os.path.join(self.work, "root"))
        for place in (secret.name, "link", "root" + secret.name, "/proc/1/root" + secret.name, "/proc/self/cwd/../../../" + secret.name,
                      "/etc/shadow"):
            run = self.sh(f"cat '{place}'")
            self.assertEqual(run.stdout, "", place)
            self.assertNotEqual(run.returncode, 0, place)
        self.assertEqual(self.sh("cat link", "--read", secret.name).stdout, "secret\n")

    def test_capabilities_of_its_own_users_change_nothing_outside(self):
        capable = "unshare --user --map-root-user sh -c 'grep CapEff /proc/self/status; mount -t tmpfs none /tmp && echo mounted; hostname elsewhere && echo named; mknod made b 1 1 && echo made'"
        control = self.run_cordon("grep", "CapEff", "/proc/self/status").stdout.split()[1]
        self.assertEqual(int(control, 16), 0)
        run = self.sh(capable + "; true", "--json")
        result = json.loads(run.stdout)
        said = result["stdout"].split()
        self.assertEqual(said[0], "CapEff:", result)
        self.assertNotEqual(int(said[1], 16), 0, "gVisor's kernel gives none: then the report's words are about nothing")
        self.assertEqual(said[2:], [], result)
        held = {one["name"]: one for one in result["guarantees"]}["privileges"]
        self.assertEqual(held["strength"], "enforced")
        self.assertIn("in gVisor's kernel alone", held["reason"])

    def test_the_world_around_runsc_cannot_be_reached(self):
        around = {"/runsc", "/state", "/bundle", "/rootfs", "/dev/pts/masks"}
        for place in (*around, "/proc/1/root/state"):
            self.assertNotEqual(self.run_cordon("stat", place).returncode, 0, place)
            self.assertNotEqual(self.run_cordon("cat", place).returncode, 0, place)
        if os.geteuid() != 0:
            return  # the control is root's to see
        running = self.start("sh", "-c", "echo ready; sleep 600")
        self.assertEqual(running.stdout.readline(), "ready\n")
        runsc = processes(lambda words: words.startswith(b"runsc"))
        there = {place for process in runsc for place in around if os.path.exists(f"/proc/{process}/root{place}")}
        self.assertEqual(there, around, "the control: there they are")

    def test_a_work_directory_behind_a_link_that_changes(self):
        """What was looked at is what is shown, or nothing."""
        real, other = (os.path.join(self.work, name) for name in ("real", "other"))
        os.mkdir(real)
        os.mkdir(other)
        link = os.path.join(self.work, "link")
        os.symlink(real, link)
        self.work = link
        run = self.sh("echo x > made; pwd -P")
        self.assertEqual((run.stdout.strip(), os.listdir(real), os.listdir(other)), (real, ["made"], []), run.stderr)

    def test_network(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('connected')"
            self.assertEqual(self.python(script).stdout, "")
            self.assertEqual(self.python(script, "--net", "open").stdout, "connected\n")

    def test_sockets_of_the_host(self):
        path = os.path.join(self.work, "socket")
        name = "cordon-test-" + os.path.basename(self.work)
        for address, spelled in ((path, repr(path)), ("\0" + name, repr("\0" + name))):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(address)
                server.listen()
                script = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({spelled}); print('connected')"
                self.assertEqual(self.python(script).stdout, "", spelled)
                self.assertEqual(self.outside(script), "connected\n")

    def test_no_rights_of_root(self):
        script = ("import ctypes, os\n"
                  "libc = ctypes.CDLL(None, use_errno=True)\n"
                  "print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm', 'CapBnd'))])\n"
                  "print(libc.mount(b'none', b'/tmp', b'tmpfs', 0, b''), libc.sethostname(b'x', 1), libc.chroot(b'/tmp'))\n")
        self.assertEqual(self.python(script).stdout, f"{['0' * 16] * 3}\n-1 -1 -1\n")

    def test_files_of_other_users(self):
        if os.geteuid() != 0:
            print("SKIP: needs root: to own a file as somebody else")
            self.skipTest("needs root: to own a file as somebody else")
        path = self.put("theirs", "theirs\n", 0o600)
        os.chown(path, SOMEBODY, SOMEBODY)
        run = self.sh("cat theirs; echo x > theirs; chown 0 theirs; chmod 666 theirs")
        self.assertEqual((run.stdout, self.read("theirs")), ("", "theirs\n"))
        self.assertEqual((os.stat(path).st_uid, os.stat(path).st_mode & 0o777), (SOMEBODY, 0o600))

    def test_no_set_id_file_is_left(self):
        """Of root's sandbox it would be root's, for whoever finds it."""
        script = "cp /bin/true user; chmod 4755 user; cp /bin/true group; chmod 2755 group; cp /bin/true made; chmod 755 made; "
        self.sh(script + "python3 -c 'import os; os.close(os.open(\"born\", os.O_CREAT | os.O_WRONLY, 0o6755))'; mknod device b 8 0; mknod pipe p")
        names = os.listdir(self.work)
        self.assertNotIn("device", names)
        for name in names:
            self.assertEqual(os.stat(self.at(name)).st_mode & 0o6000, 0, name)
        self.assertEqual(os.stat(self.at("made")).st_mode & 0o7777, 0o755, "the control: modes are the host's")
        subprocess.run(["chmod", "4755", self.at("made")], check=True)
        self.assertEqual(os.stat(self.at("made")).st_mode & 0o6000, 0o4000, "the control: such a mode can be given here")

    def test_devices(self):
        run = self.sh("find /dev -type b; find /dev -name kvm -o -name mem -o -name kmsg; echo looked")
        self.assertEqual(run.stdout, "looked\n")

    def test_a_guest_that_floods_the_kernel_ends_with_its_sandbox(self):
        result = self.result("python3", "-c", "import os\nwhile True:\n  os.fork()", options=["--timeout", "20s", "--pids", "64"])
        self.assertIn(result["status"], ("failed", "timeout"))
        self.assertEqual(processes_of(result["id"]), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
