"""The docker backend from outside: `cordon run` against a real engine."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from engine import IMAGE, PATIENCE, Engine

CORDON = os.environ["CORDON_TEST_PROGRAM"]
SOMEBODY = 12345  # a user of no name


def setUpModule():
    if os.geteuid() != 0:
        print("SKIP: needs root: the tests start an engine of their own")
        raise unittest.SkipTest("needs root: the tests start an engine of their own")


class WithEngine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        self.work = os.path.realpath(tempfile.mkdtemp(prefix="cordon-test-docker-work-"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        os.chown(self.work, SOMEBODY, SOMEBODY)

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "DOCKER_HOST": f"unix://{self.engine.socket}",
                "SECRET_OF_CALLER": "do not tell", **more}

    def arguments(self, command, options=(), image=IMAGE):
        named = ["--image", image] if image else []
        return [CORDON, "run", "--no-policy-files", "--workdir", self.work, *named, *options, "--", *command]

    def run_cordon(self, *command, options=(), image=IMAGE, text="", **environment):
        return subprocess.run(self.arguments(command, options, image), input=text, capture_output=True, text=True, check=False,
                              timeout=PATIENCE * 2, env=self.environment(**environment))

    def sh(self, script, *options, **more):
        return self.run_cordon("sh", "-c", script, options=options, **more)

    def result(self, *command, options=()):
        run = self.run_cordon(*command, options=["--json", *options])
        return json.loads(run.stdout)

    def start(self, *command, options=()):
        process = subprocess.Popen(self.arguments(command, options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def put(self, name, content="", mode=0o644):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        for base, folders, files in os.walk(self.work):
            for one in [base, *(os.path.join(base, f) for f in folders + files)]:
                os.chown(one, SOMEBODY, SOMEBODY)
        return path

    def wait_until(self, what, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain until " + what)
            time.sleep(0.05)


class Runs(WithEngine):
    def test_streams_and_exit_code(self):
        run = self.sh("echo out; echo bad >&2; exit 7")
        self.assertEqual((run.stdout, run.stderr, run.returncode), ("out\n", "bad\n", 7))

    def test_input_reaches_it_and_ends(self):
        self.assertEqual(self.run_cordon("cat", text="one\ntwo\n").stdout, "one\ntwo\n")
        self.assertEqual(self.run_cordon("wc", "-c", text="x" * 1_000_000).stdout.strip(), "1000000")

    def test_a_command_that_does_not_read_ends_all_the_same(self):
        self.assertEqual(self.run_cordon("true", text="x" * 1_000_000).returncode, 0)

    def test_much_output_arrives_whole(self):
        run = self.sh("yes 0123456789 | head -c 3000000; yes abcdefghij | head -c 2000000 >&2")
        self.assertEqual(run.stdout, ("0123456789\n" * 300000)[:3000000])
        self.assertEqual(run.stderr, ("abcdefghij\n" * 200000)[:2000000])

    def test_a_reader_that_goes_away_ends_it(self):
        process = self.start("yes")
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual((process.wait(PATIENCE), process.stderr.read()), (141, ""))
        self.assertEqual(self.engine.containers(), [])

    def test_as_json(self):
        result = self.result("sh", "-c", "echo hello; exit 3")
        self.assertEqual(result["status"], "failed")
        self.assertEqual((result["exit_code"], result["stdout"]), (3, "hello\n"))
        self.assertEqual((result["backend"], result["tier"]), ("docker", "container"))

    def test_a_backend_or_a_level_will_do(self):
        for options in (["--backend", "docker"], ["--tier", "container"], ["--level", "container"]):
            run = self.run_cordon("echo", "here", options=options)
            self.assertEqual((run.stdout, run.stderr, run.returncode), ("here\n", "", 0), options)

    def test_environment_is_the_images_and_the_policys(self):
        run = self.sh("env", "--env", "SET=1", "--pass-env", "PASSED", PASSED="2", LD_PRELOAD="/nonexistent.so")
        variables = dict(line.split("=", 1) for line in run.stdout.splitlines())
        self.assertEqual((variables["SET"], variables["PASSED"], variables["OF_THE_IMAGE"]), ("1", "2", "yes"))
        self.assertEqual(variables["PATH"], "/opt/tools:/bin")
        self.assertEqual(variables["PWD"], self.work)
        for name in ("SECRET_OF_CALLER", "LD_PRELOAD", "DOCKER_HOST"):
            self.assertNotIn(name, variables)
        self.assertEqual(self.run_cordon("tool").stdout, "the tool of the image\n")

    def test_host_name_and_user(self):
        run = self.sh("hostname; id -u; id -g; pwd", "--hostname", "elsewhere")
        self.assertEqual(run.stdout.split(), ["elsewhere", str(SOMEBODY), str(SOMEBODY), self.work])
        os.chown(self.work, 0, 0)
        self.assertEqual(self.sh("id -u").stdout.strip(), "65532", "root's directory makes nobody root")
        self.assertEqual(self.sh("id -u", "--uid", "4321").stdout.strip(), "4321")

    def test_a_terminal(self):
        leader, follower = pty.openpty()
        process = subprocess.Popen(self.arguments(["sh", "-c", "tty; read line; echo got $line"], ["--tty"]), stdin=follower,
                                   stdout=follower, stderr=subprocess.DEVNULL, env=self.environment(TERM="dumb"),
                                   start_new_session=True)
        os.close(follower)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        seen = b""
        while b"/dev/" not in seen:
            seen += os.read(leader, 4096)
        os.write(leader, b"typed\n")
        while b"got typed" not in seen:
            seen += os.read(leader, 4096)
        self.assertEqual(process.wait(PATIENCE), 0)
        os.close(leader)

    def test_the_plan_is_printed_and_nothing_made(self):
        run = self.run_cordon("echo", "x", options=["--dry-run"])
        self.assertIn("read-only root", run.stdout)
        self.assertIn(f"show {self.work} writable", run.stdout)
        self.assertEqual(self.engine.containers(), [])


class Refusals(WithEngine):
    def refused(self, *words, options=(), image=IMAGE, command=("true",), **environment):
        run = self.run_cordon(*command, options=options, image=image, **environment)
        self.assertEqual(run.returncode, 125, run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual(self.engine.containers(), [])

    def test_images(self):
        self.refused("no image is named", "--image", image="", options=["--backend", "docker"])
        self.refused("no image is named", image="", options=["--tier", "container"])
        self.refused("docker pull nobody/has-this:7", image="nobody/has-this:7")
        self.refused("", image="Not A Name")
        self.refused("native backend", options=["--backend", "native"])

    def test_engines(self):
        self.refused("no engine listens there", "systemctl start docker", DOCKER_HOST="unix:///nonexistent/d.sock")
        self.refused("on another machine", DOCKER_HOST="tcp://192.0.2.1:2375")
        self.refused("DOCKER_HOST", DOCKER_HOST="nonsense")

    def test_no_file_of_an_engine_is_shown(self):
        self.refused("root on this host", options=["--read", self.engine.socket])
        self.refused("root on this host", options=["--write", self.engine.root])
        alias = os.path.join(self.work, "alias.sock")
        os.link(self.engine.socket, alias)
        self.refused("root on this host", options=["--read", alias])

    def test_places_of_the_containers_own(self):
        for path in ("/sys/kernel", "/dev/null", "/proc/sys"):
            self.refused("of its own", options=["--read", path])

    def test_what_a_container_has_not(self):
        self.refused("nobody is root", options=["--uid", "0"])
        self.refused("patterns", "--allow-degraded", options=["--deny", os.path.join(self.work, "**/*.pem")])
        self.refused("process.tree", options=["--require", "process.tree"])
        self.refused("nested namespaces", options=["--preset", "off"])

    def test_what_cannot_be_run(self):
        self.assertEqual(self.run_cordon("not-there").returncode, 127)
        self.assertEqual(self.run_cordon("/bin/no-program").returncode, 126)
        self.assertEqual(self.engine.containers(), [])

    def test_no_observation(self):
        run = subprocess.run([CORDON, "explain", "--workdir", self.work, "--image", IMAGE, "--", "true"], capture_output=True,
                             text=True, check=False, timeout=PATIENCE, env=self.environment())
        self.assertEqual(run.returncode, 125)
        self.assertIn("the docker backend cannot", run.stderr)


class Files(WithEngine):
    def test_the_work_directory_is_written_as_its_owner(self):
        run = self.sh("echo made > made; cat there; touch there/x 2>/dev/null; exit 0")
        self.assertEqual(run.returncode, 0, run.stderr)
        status = os.stat(os.path.join(self.work, "made"))
        self.assertEqual((status.st_uid, status.st_gid), (SOMEBODY, SOMEBODY))

    def test_of_roots_directory_nothing_is_changed(self):
        os.chown(self.work, 0, 0)
        self.assertNotEqual(self.sh("echo made > made").returncode, 0)
        self.assertEqual(os.listdir(self.work), [])

    def test_the_image_is_not_changed(self):
        for path in ("/etc/new", "/bin/new", "/new", "/proc/sys/kernel/hostname"):
            self.assertNotEqual(self.sh(f"echo x > {path}").returncode, 0, path)
        # The control: whoever is root in an ordinary container does it.
        self.assertEqual(self.engine.plainly("sh", "-c", "echo x > /etc/new")[0], 0)

    def test_scratch_is_private_and_runs_nothing(self):
        for place in ("/tmp", "$HOME", "/data", "/dev/shm"):
            self.assertEqual(self.sh(f"echo x > {place}/f && cat {place}/f").stdout, "x\n", place)
            run = self.sh(f"cat /bin/busybox > {place}/echo; chmod 755 {place}/echo 2>/dev/null; {place}/echo ran")
            self.assertNotIn("ran", run.stdout, place)
        mounts = self.sh("mount").stdout.splitlines()
        for line in mounts:
            if " type tmpfs " in line and "(rw" in line and " on /dev " not in line and " on /proc" not in line:
                self.assertIn("noexec", line)
                self.assertIn("nosuid", line)

    def test_rules(self):
        elsewhere = os.path.realpath(tempfile.mkdtemp(prefix="cordon-test-docker-else-"))
        self.addCleanup(shutil.rmtree, elsewhere)
        os.chmod(elsewhere, 0o777)
        with open(elsewhere + "/f", "w", encoding="utf-8") as file:
            file.write("shown\n")
        self.assertEqual(self.sh(f"cat {elsewhere}/f").returncode, 1, "nobody said that it is shown")
        self.assertEqual(self.sh(f"cat {elsewhere}/f", "--read", elsewhere).stdout, "shown\n")
        self.assertNotEqual(self.sh(f"echo x > {elsewhere}/g", "--read", elsewhere).returncode, 0)
        self.assertEqual(self.sh(f"echo x > {elsewhere}/g", "--write", elsewhere).returncode, 0)
        self.assertTrue(os.path.exists(elsewhere + "/g"))

    def test_deny_and_hide_inside_the_work_directory(self):
        self.put("secret/key", "SECRET")
        self.put("token", "SECRET")
        self.put("public/inner/f", "shown")
        self.put("public/other", "SECRET")
        for rule in ("--deny", "--hide"):
            run = self.sh("cat secret/key token; ls secret; cat public/inner/f", rule, self.work + "/secret", rule,
                          self.work + "/token")
            self.assertNotIn("SECRET", run.stdout)
            self.assertNotIn("key", run.stdout)
            self.assertIn("shown", run.stdout)
        inner = self.sh("cat public/inner/f; ls public", "--deny", self.work + "/public", "--read", self.work + "/public/inner")
        self.assertEqual(inner.stdout, "showninner\n", "what lies beside it is away")
        self.assertEqual(self.sh("cat token").stdout, "SECRET", "the control: without the rule it is read")

    def test_protected_names(self):
        self.put(".git/config", "[core]\n")
        self.put(".git/hooks/pre-commit.sample", "#!/bin/sh\n")
        self.put(".git/HEAD", "ref: refs/heads/main\n")
        run = self.sh("echo x > .git/hooks/pre-commit; mv .git .elsewhere; mv .git/hooks .git/h; echo x >> .git/config;"
                      "echo x > .git/index; echo x > ordinary")
        self.assertEqual(sorted(os.listdir(self.work)), [".git", "ordinary"], run.stderr)
        self.assertEqual(os.listdir(self.work + "/.git/hooks"), ["pre-commit.sample"])
        self.assertTrue(os.path.exists(self.work + "/.git/index"))
        with open(self.work + "/.git/config", encoding="utf-8") as file:
            self.assertEqual(file.read(), "[core]\n")

    def test_what_is_mounted_below_does_not_come_along(self):
        inner = os.path.join(self.work, "inner")
        os.mkdir(inner)
        enter = ["nsenter", "--mount", "--target", str(self.engine.process.pid)]
        subprocess.run([*enter, "mount", "-t", "tmpfs", "-o", "mode=0777", "none", inner], check=True)
        subprocess.run([*enter, "touch", inner + "/below"], check=True)
        self.assertEqual(self.engine.plainly("ls", inner, Mounts=[
            {"Type": "bind", "Source": self.work, "Target": self.work}])[1].strip(), "below", "the control")
        self.assertEqual(self.sh("ls inner").stdout, "")


class Limits(WithEngine):
    def test_time(self):
        result = self.result("sleep", "600", options=["--timeout", "1s"])
        self.assertEqual((result["status"], result["exit_code"], result["limit_hit"]), ("timeout", 124, "time"))
        self.assertEqual(self.engine.containers(), [])

    def test_time_of_a_command_that_does_not_listen(self):
        result = self.result("sh", "-c", "trap '' TERM INT HUP; while true; do sleep 1; done", options=["--timeout", "1s"])
        self.assertEqual(result["status"], "timeout")
        self.assertEqual(self.engine.containers(), [])

    def test_memory(self):
        result = self.result("guest", "memory_heap", "400", options=["--memory", "64M"])
        self.assertEqual((result["limit_hit"], result["exit_code"]), ("memory", 137), result)
        free = self.result("guest", "memory_heap", "100", options=["--memory", "1G"])
        self.assertEqual((free["limit_hit"], free["exit_code"]), (None, 42), free)

    def test_memory_that_is_files(self):
        result = self.result("sh", "-c", "head -c 200000000 /dev/zero > /tmp/f", options=["--memory", "32M", "--disk", "1G"])
        self.assertNotEqual(result["exit_code"], 0)
        self.assertEqual(result["limit_hit"], "memory", result)

    def test_processes(self):
        bound = self.run_cordon("guest", "fork_bomb", "200", options=["--pids", "40"])
        self.assertIn("contained fork", bound.stdout)
        free = self.run_cordon("guest", "fork_bomb", "200", options=["--pids", "400"])
        self.assertIn("ESCAPED", free.stdout)

    def test_output(self):
        result = self.result("sh", "-c", "yes | head -c 1000000", options=["--output-limit", "10k"])
        self.assertEqual(len(result["stdout"]), 10240)
        self.assertTrue(result["truncated"]["stdout"])

    def test_disk(self):
        for place in ("/tmp", "/dev/shm", "$HOME", "/data"):
            run = self.sh(f"dd if=/dev/zero of={place}/f bs=1M count=30", "--disk", "20M")
            self.assertIn("No space left", run.stderr, place)
        result = self.result("dd", "if=/dev/zero", "of=f", "bs=1M", "count=30", options=["--disk", "20M"])
        self.assertEqual(result["limit_hit"], "disk", result)
        self.assertLessEqual(os.path.getsize(self.work + "/f"), 20 << 20)

    def test_what_is_held_is_reported(self):
        result = self.result("sleep", "1", options=["--memory", "64M", "--cpus", "0.5", "--pids", "50", "--timeout", "60s"])
        held = {one["name"]: one for one in result["guarantees"]}
        for name in ("filesystem.read", "network.egress", "syscalls", "privileges", "memory.limit", "pids.limit", "devices"):
            self.assertEqual(held[name]["strength"], "enforced", held[name])
            self.assertIn("docker: Docker", held[name]["mechanism"])
        self.assertEqual(held["process.tree"]["strength"], "partial")
        self.assertIn("seen in /proc", held["privileges"]["mechanism"])
        opened = {one["name"]: one for one in self.result("true", options=["--pids", "50"])["guarantees"]}
        self.assertEqual(opened["cpu.limit"]["strength"], "absent")


class Life(WithEngine):
    def running(self):
        return [one for one in self.engine.containers() if one["State"] == "running"]

    def test_a_killed_cordon_leaves_nothing_for_long(self):
        left = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        left.kill()
        left.wait()
        self.assertEqual(len(self.engine.containers()), 1, "the control: nobody has looked yet")
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.assertEqual(self.engine.containers(), [])

    def test_what_lives_or_belongs_to_others_stays(self):
        living = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        foreign = self.engine.request("POST", "/containers/create", json.dumps(
            {"Image": IMAGE, "Entrypoint": ["true"], "Labels": {"io.cordon.owner": "unreadable"}}))["Id"]
        self.addCleanup(self.engine.request, "DELETE", f"/containers/{foreign}?force=1")
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.assertIsNone(living.poll())
        self.assertEqual(len(self.engine.containers()), 2)
        living.terminate()
        self.assertEqual(living.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual([one["Id"] for one in self.engine.containers()], [foreign])

    def test_it_says_whose_it_is(self):
        living = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        labels = self.running()[0]["Labels"]
        self.assertIn("io.cordon.sandbox", labels)
        self.assertEqual(labels["io.cordon.owner"].split("/")[2], str(living.pid))

    def test_a_signal_reaches_the_command(self):
        process = self.start("sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; while true; do sleep 0.1; done")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), "caught\n")
        self.assertEqual(process.wait(PATIENCE), 9)

    def test_an_engine_that_dies_is_no_success(self):
        engine = Engine()
        self.addCleanup(engine.stop)
        process = subprocess.Popen(self.arguments(["sleep", "600"]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment(DOCKER_HOST=f"unix://{engine.socket}"))
        self.addCleanup(process.kill)
        self.wait_until("it runs", lambda: any(one["State"] == "running" for one in engine.containers()))
        engine.process.kill()
        engine.process.wait()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 125)
        self.assertIn("the container's end", err)


class Attacks(WithEngine):
    # Guest and arguments. Each fails in a sandbox and works in a container that nothing was taken from.
    ATTEMPTS = [
        ("capabilities",), ("mount_tmpfs", "/tmp"), ("mount_api",), ("mknod_device", "/tmp/disk", "block", "7", "0"),
        ("unshare_user",), ("unshare_user_mount", "/tmp"), ("clone_newuser",), ("chroot_dir", "/tmp"), ("change_uid",),
        ("bpf",), ("perf",), ("open_by_handle", "/etc/passwd"), ("set_clock",), ("set_hostname",),
    ]

    def test_attempts(self):
        usable = 0
        for attempt in self.ATTEMPTS:
            with self.subTest(attempt=attempt):
                run = self.run_cordon("guest", *attempt)
                self.assertEqual(run.returncode, 0, f"{run.stdout}{run.stderr}")
                self.assertIn("contained", run.stdout)
                code, text = self.engine.plainly("guest", *attempt)
                usable += code == 42
                if code != 42:
                    print(f"no control: the host itself refuses {attempt[0]}: {text.strip()}", file=sys.stderr)
        self.assertGreater(usable, len(self.ATTEMPTS) // 2, "the attempts prove nothing here")

    def test_set_user_id_gains_nothing(self):
        self.assertIn("contained", self.run_cordon("guest-setuid", "setuid_gain").stdout)
        self.assertEqual(self.engine.plainly("guest-setuid", "setuid_gain", user="65532")[0], 42)

    def test_no_way_out_to_the_network(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            run = self.run_cordon("guest", "connect_tcp", "127.0.0.1", port)
            self.assertEqual(run.returncode, 0, run.stdout)
            self.assertEqual(self.engine.plainly("guest", "connect_tcp", "127.0.0.1", port)[0], 42)
        self.assertEqual(self.sh("ip -o link | wc -l").stdout.strip(), "1")

    def test_secrets_of_the_host_and_the_image(self):
        secret = tempfile.NamedTemporaryFile(mode="w", prefix="cordon-test-docker-secret-")
        self.addCleanup(secret.close)
        secret.write("SECRET")
        secret.flush()
        os.symlink(secret.name, os.path.join(self.work, "link"))
        self.assertNotIn("SECRET", self.sh(f"cat {secret.name} link /proc/1/root{secret.name}").stdout)
        self.assertEqual(self.sh("cat /etc/secret-of-root").returncode, 1)
        for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"):
            self.assertEqual(self.sh(f"cat {path}/* {path} 2>/dev/null | head -c 1 | wc -c").stdout.strip(), "0", path)
        self.assertEqual(self.engine.plainly("sh", "-c", f"cat {secret.name}", Mounts=[
            {"Type": "bind", "Source": "/tmp", "Target": "/tmp"}])[1].strip(), "SECRET")

    def test_other_processes_are_not_seen(self):
        run = self.sh("ls -d /proc/[0-9]* | wc -l")
        self.assertLess(int(run.stdout), 8)
        run = self.run_cordon("guest", "see_process", str(os.getpid()))
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertEqual(self.engine.plainly("guest", "see_process", str(os.getpid()))[0], 42)

    def test_what_the_engine_was_told(self):
        process = self.start("sleep", "600")
        self.wait_until("it runs", lambda: any(one["State"] == "running" for one in self.engine.containers()))
        container = self.engine.inspect(self.engine.containers()[0]["Id"])
        host = container["HostConfig"]
        self.assertFalse(host["Privileged"])
        self.assertTrue(host["ReadonlyRootfs"])
        self.assertTrue(host["Init"])
        self.assertEqual(host["CapDrop"], ["ALL"])
        self.assertFalse(host["CapAdd"])
        self.assertEqual(host["NetworkMode"], "none")
        self.assertEqual((host["IpcMode"], host["CgroupnsMode"]), ("private", "private"))
        self.assertIn("no-new-privileges", host["SecurityOpt"])
        self.assertTrue(any(one.startswith("seccomp={") for one in host["SecurityOpt"]))
        self.assertEqual(host["LogConfig"]["Type"], "none")
        self.assertEqual(host["Memory"], host["MemorySwap"])
        self.assertGreater(host["PidsLimit"], 0)
        self.assertFalse(host["Devices"])
        self.assertEqual(container["Config"]["User"], f"{SOMEBODY}:{SOMEBODY}")
        self.assertFalse(any("docker.sock" in one["Source"] for one in container["Mounts"]))
        self.assertEqual({one["Type"] for one in container["Mounts"]}, {"bind"}, "no volume on the engine's disk")
        process.terminate()


if __name__ == "__main__":
    unittest.main()
