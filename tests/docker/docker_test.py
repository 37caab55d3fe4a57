"""What is docker's own of the docker backend, against a real engine; tests/backends has what every backend does."""

import contextlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import threading
import time
import unittest

from engine import IMAGE, Engine, archive, dead_owner
from image_root import ImageRoot
from runs import PATIENCE, SOMEBODY, Runs, need_root

CORDON = os.environ["CORDON_TEST_PROGRAM"]


def setUpModule():
    need_root("the tests start an engine of their own")


class WithEngine(Runs):
    engine_type = Engine

    @classmethod
    def make_engine(cls):
        return cls.engine_type()

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.make_engine()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        self.work = self.own_folder("cordon-test-docker-work-", owner=SOMEBODY)

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
        return self.begin_program(self.arguments(command, options), text=True, env=self.environment())

class Runs(WithEngine):
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

    def test_of_the_network_there_is_localhost(self):
        run = self.sh("cat /etc/hosts; ls /sys/class/net; ip -o address show dev lo; readlink /proc/self/ns/net")
        self.assertIn("127.0.0.1\tlocalhost\n", run.stdout, run.stderr)
        self.assertIn("\nlo\n", run.stdout)
        self.assertIn("127.0.0.1/8", run.stdout, "it is up")
        self.assertNotIn(os.readlink("/proc/self/ns/net"), run.stdout)

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
        self.refused("no image is named", "docker images", image="", options=["--backend", "docker"])
        self.refused("no image is named", image="", options=["--tier", "container"])
        self.refused("docker pull nobody/has-this:7", image="nobody/has-this:7")
        self.refused("", image="Not A Name")
        for name in ("../containers/json", "a/../../x", "./a", "a//b", ".."):
            for options in ([], ["--pull", "missing"]):
                self.refused("use the image's name", image=name, options=options)
        self.refused("native backend", options=["--backend", "native"])

    def test_engines(self):
        self.refused("no engine listens there", "systemctl start docker", DOCKER_HOST="unix:///nonexistent/d.sock")
        self.refused("on another machine", DOCKER_HOST="tcp://192.0.2.1:2375")
        self.refused("DOCKER_HOST", DOCKER_HOST="nonsense")

    def test_places_of_the_containers_own(self):
        for path in ("/sys/kernel", "/dev/null", "/proc/sys"):
            self.refused("of its own", options=["--read", path])

    def test_what_a_container_has_not(self):
        self.refused("nobody is root", options=["--uid", "0"])
        self.refused("patterns", "--allow-degraded", options=["--deny", os.path.join(self.work, "**/*.pem")])
        self.refused("disk.limit", options=["--require", "disk.limit"])
        self.refused("nested namespaces", options=["--preset", "off"])

    def asked_for(self):
        """Options that ask for less than the walls of a container."""
        yield from (["--net", asked] for asked in ("host", "container:x", "bridge"))
        yield from (["--uid", asked] for asked in ("0", "root", "-1"))
        yield ["--preset", "off"]
        for access in ("--read", "--write"):
            yield from ([access, path] for path in ("/", "/run", "/proc", "/sys", "/dev", "/dev/mem", "/var/lib", self.engine.socket,
                                                    os.path.dirname(self.engine.socket)))
        yield from ([option] for option in ("--privileged", "--cap-add=ALL", "--security-opt=seccomp=unconfined", "--pid=host"))

    def test_no_option_widens_it(self):
        for asked in self.asked_for():
            for more in ([], ["--allow-degraded"]):
                with self.subTest(asked=asked, more=more):
                    self.refused("", options=[*asked, *more])

    def test_no_policy_file_widens_it(self):
        file = os.path.join(self.own_folder("cordon-test-docker-policy-"), "policy.toml")
        for text in ('preset = "off"', "[network]\nmode = \"host\"", "[identity]\nuid = 0", '[process]\nnested_namespaces = "allowed"',
                     '[filesystem]\nread = ["/"]', '[filesystem]\nwrite = ["/"]', f'[filesystem]\nread = ["{self.engine.socket}"]',
                     "[container]\nprivileged = true", "privileged = true", '[process]\ncapabilities = ["CAP_SYS_ADMIN"]',
                     "[process]\nseccomp = false"):
            with open(file, "w", encoding="utf-8") as out:
                out.write(text + "\n")
            for more in ([], ["--allow-degraded"]):
                with self.subTest(text=text, more=more):
                    self.refused("", options=["--policy", file, *more])
        with open(file, "w", encoding="utf-8") as out:
            out.write('[filesystem]\nread = ["/usr"]\n')
        self.assertEqual(self.run_cordon("true", options=["--policy", file]).returncode, 0, "the control: such a file is read")

    def test_what_is_granted_leaves_the_walls(self):
        script = "grep -E '^(Uid|Cap|NoNewPrivs|Seccomp):?' /proc/self/status; readlink /proc/self/ns/net; cat /proc/self/mountinfo"
        for options in ([], ["--allow-degraded"], ["--write", self.work, "--read", "/usr", "--uid", "4321", "--allow-degraded"],
                        ["--deny", os.path.join(self.work, "**/*.pem"), "--allow-degraded"]):
            with self.subTest(options=options):
                run = self.sh(script, *options)
                self.assertEqual(run.returncode, 0, run.stderr)
                held = dict(line.split(":\t", 1) for line in run.stdout.splitlines() if ":\t" in line)
                for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(held[name], "0" * 16, name)
                self.assertEqual((held["NoNewPrivs"], held["Seccomp"]), ("1", "2"))
                self.assertNotIn("0", held["Uid"].split())
                self.assertNotIn(os.readlink("/proc/self/ns/net"), run.stdout)
                mounts = [line.split() for line in run.stdout.splitlines() if " - " in line]
                root = next(one for one in mounts if one[4] == "/")
                self.assertIn("ro", root[5].split(","))
                self.assertFalse([one for one in mounts if one[4].endswith("docker.sock") or one[3].endswith("d.sock")])
        code, plain = self.engine.plainly("sh", "-c", script)
        self.assertEqual(code, 0)
        self.assertIn("NoNewPrivs:\t0", plain, "the control")
        self.assertNotIn("CapEff:\t" + "0" * 16, plain, "the control")
        self.assertIn(os.readlink("/proc/self/ns/net"), plain, "the control")

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
    def test_disk_of_a_volume_of_the_image(self):
        run = self.sh("dd if=/dev/zero of=/data/f bs=1M count=30", "--disk", "20M")
        self.assertIn("No space left", run.stderr)
        self.assertEqual(self.sh("dd if=/dev/zero of=/data/f bs=1M count=30", "--disk", "200M").returncode, 0, "the control")

    def test_what_is_held_is_reported(self):
        result = self.result("sleep", "1", options=["--memory", "64M", "--cpus", "0.5", "--pids", "50", "--timeout", "60s"])
        held = {one["name"]: one for one in result["guarantees"]}
        for name in ("filesystem.read", "network.egress", "syscalls", "privileges", "memory.limit", "pids.limit", "devices"):
            self.assertEqual(held[name]["strength"], "enforced", held[name])
            self.assertIn("docker: Docker", held[name]["mechanism"])
        self.assertEqual(held["process.tree"]["strength"], "enforced")
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
        self.wait_until("all in it has ended", lambda: not self.running())
        self.assertEqual(len(self.engine.containers()), 1, "the control: nobody has looked yet")
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.wait_until("it is removed", lambda: not self.engine.containers())

    @contextlib.contextmanager
    def slow(self, *words):
        """The engine by another socket, where requests with these words wait until the end: (socket, the heads of such requests)."""
        path, asked, end = os.path.join(self.own_folder("cordon-test-docker-slow-"), "d.sock"), [], threading.Event()

        class Between(socketserver.BaseRequestHandler):
            def handle(self):
                head = self.request.recv(65536)
                if all(word.encode() in head for word in words):
                    asked.append(head)
                    end.wait()
                    return
                with socket.socket(socket.AF_UNIX) as engine:
                    engine.connect(upstream)
                    engine.sendall(head)
                    pump = threading.Thread(target=self.copy, args=(self.request, engine))
                    pump.start()
                    self.copy(engine, self.request)
                    pump.join()

            def copy(self, source, sink):
                with contextlib.suppress(OSError):
                    while piece := source.recv(65536):
                        sink.sendall(piece)
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)

        upstream = self.engine.socket
        with socketserver.ThreadingUnixStreamServer(path, Between) as server:
            server.daemon_threads = True  # the engine lets go of nobody who is attached to what never ran
            threading.Thread(target=server.serve_forever).start()
            try:
                yield path, asked
            finally:
                end.set()
                server.shutdown()

    def test_a_container_that_cannot_be_removed_holds_no_run_up(self):
        sandbox = "01890000-0000-7000-8000-000000000002"
        stuck = self.engine.make(IMAGE, "cordon-" + sandbox, {"io.cordon.owner": dead_owner(), "io.cordon.sandbox": sandbox})
        self.addCleanup(self.engine.request, "DELETE", f"/containers/{stuck}?force=1&v=1")
        with self.slow("DELETE ", stuck) as (path, asked):
            # Until its end nobody answers: who waited for that would wait longer than this test does.
            run = self.run_cordon("true", DOCKER_HOST="unix://" + path)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertEqual(len(asked), 1, "the control: the run did ask")
        self.assertEqual([one["Id"] for one in self.engine.containers()], [stuck])

    def test_an_engine_that_makes_no_container_in_time_is_given_up(self):
        patience = 120  # of a run without a time of its own
        with self.slow("POST ", "/containers/create") as (path, asked):
            began = time.monotonic()
            run = self.run_cordon("true", options=["--timeout", "1s"], DOCKER_HOST="unix://" + path)
            self.assertLess(time.monotonic() - began, patience)
            self.assertEqual((run.returncode, run.stderr.count("\n"), len(asked)), (125, 1, 1), run.stderr)
            self.assertIn("create the container", run.stderr)
            self.assertIn("does not answer in time", run.stderr)
            self.assertEqual(self.engine.containers(), [])

    def test_a_container_that_does_not_start_in_time_is_given_up(self):
        with self.slow("POST ", "/start ") as (path, asked):
            run = self.run_cordon("true", options=["--timeout", "1s"], DOCKER_HOST="unix://" + path)
            self.assertEqual((run.returncode, run.stderr.count("\n"), len(asked)), (125, 1, 1), run.stderr)
            self.assertIn("does not answer in time", run.stderr)
        self.assertEqual(self.engine.containers(), [])

    def test_what_lives_or_belongs_to_others_stays(self):
        living = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        foreign = self.engine.make(IMAGE, labels={"io.cordon.owner": "unreadable"})
        self.addCleanup(self.engine.request, "DELETE", f"/containers/{foreign}?force=1")
        self.assertEqual(self.run_cordon("true").returncode, 0)
        # By another time namespace's clock who lives began at another time.
        later = subprocess.run(["unshare", "--time", "--fork", "--boottime", "1000", *self.arguments(["true"])], env=self.environment(),
                               capture_output=True, text=True, check=False, timeout=PATIENCE)
        self.assertEqual(later.returncode, 0, later.stderr)
        self.assertIsNone(living.poll())
        self.assertEqual(len(self.engine.containers()), 2)
        living.terminate()
        self.assertEqual(living.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual([one["Id"] for one in self.engine.containers()], [foreign])

    def test_what_another_host_left_is_that_hosts(self):
        living = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        _, *process, host = self.running()[0]["Labels"]["io.cordon.owner"].split("/")
        living.terminate()
        living.wait(PATIENCE)
        made = []
        for number, where in enumerate((host, "0123456789abcdef")):
            sandbox = f"01890000-0000-7000-8000-00000000000{number}"
            owner = "/".join(["another-boot", *process, where])
            made.append(self.engine.make(IMAGE, "cordon-" + sandbox, {"io.cordon.owner": owner, "io.cordon.sandbox": sandbox}))
        self.addCleanup(self.engine.request, "DELETE", f"/containers/{made[1]}?force=1&v=1")
        self.assertEqual(self.run_cordon("true").returncode, 0)
        self.wait_until("the control: what an earlier boot of this host left is removed",
                        lambda: [one["Id"] for one in self.engine.containers()] == made[1:])

    def test_labels_of_an_image_make_nobodys_container_ours(self):
        of_a_run, of_an_environment = "01890000-0000-7000-8000-000000000001", "0123456789abcdef"
        others, ours = [], []
        for number, sandbox in enumerate((of_a_run, of_an_environment, "1", "")):
            labels = {"io.cordon.owner": dead_owner(), "io.cordon.sandbox": sandbox}
            self.engine.import_root(f"labelled:{number}", archive({"f": b""}), labels)
            others += [self.engine.make(f"labelled:{number}"), self.engine.make(f"labelled:{number}", f"cordon-of-others-{sandbox}"),
                       self.engine.make(f"labelled:{number}", f"x-cordon-{sandbox}")]
        # As `podman container clone` names them.
        aside = f"cordon-env-{of_an_environment}-{dead_owner().replace('/', '.')}.0123456789ab"
        for number, name in ((0, f"cordon-{of_a_run}"), (1, f"cordon-env-{of_an_environment}"), (1, aside)):
            others.append(self.engine.make(f"labelled:{number}", name + "-clone"))
        for name, sandbox in ((f"cordon-{of_a_run}", of_a_run), (f"cordon-env-{of_an_environment}", of_an_environment),
                              (f"cordon-env-{of_an_environment}-{dead_owner().replace('/', '.')}.0123456789ab", of_an_environment)):
            ours.append(self.engine.make(IMAGE, name, {"io.cordon.owner": dead_owner(), "io.cordon.sandbox": sandbox}))
        for foreign in others:
            self.addCleanup(self.engine.request, "DELETE", f"/containers/{foreign}?force=1&v=1")
        volumes = [self.engine.inspect(foreign)["Mounts"][0]["Name"] for foreign in others]
        self.assertEqual(self.run_cordon("true").returncode, 0)
        left = {one["Id"] for one in self.engine.containers()}
        self.assertLessEqual(set(others), left)
        self.assertLessEqual(set(volumes), {one["Name"] for one in self.engine.request("GET", "/volumes")["Volumes"]})
        self.wait_until("the control: what Cordon named is removed",
                        lambda: not set(ours) & {one["Id"] for one in self.engine.containers()})

    def test_it_says_whose_it_is(self):
        living = self.start("sleep", "600")
        self.wait_until("it runs", self.running)
        labels = self.running()[0]["Labels"]
        self.assertIn("io.cordon.sandbox", labels)
        self.assertEqual(labels["io.cordon.owner"].split("/")[2], str(living.pid))


class Attacks(WithEngine):
    def test_secrets_of_the_image(self):
        self.assertEqual(self.sh("cat /etc/secret-of-root").returncode, 1)
        self.assertEqual(self.engine.plainly("cat", "/etc/secret-of-root")[0], 0)

    def test_another_first_process_is_refused(self):
        """The engine follows the image's links, and what lies deeper covers what Cordon put there."""
        self.work = os.path.join(self.work, "deeper", "than", "that")
        os.makedirs(os.path.join(self.work, "planted"))
        planted = os.path.join(self.work, "planted/init")
        with open(planted, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nsleep 60\n")
        os.chmod(planted, 0o755)
        for links in (False, True):
            root = ImageRoot()
            root.fill()
            if links:
                root.add(".cordon")
                root.add(".cordon/init", link=planted)
                root.add(".cordon/socket", b"", 0o666)
            name = f"cordon-test-planted:{int(links)}"
            self.engine.import_root(name, root.archive())
            run = self.run_cordon("echo", "here", image=name)
            if links:
                self.assertEqual((run.stdout, run.returncode), ("", 125), run.stderr)
                self.assertIn("another program came in its place", run.stderr)
            else:
                self.assertEqual((run.stdout, run.returncode), ("here\n", 0), run.stderr)
        self.assertEqual(self.engine.containers(), [])

    def test_the_first_process_keeps_its_turns(self):
        """Where it got none, the container would outlive its deadline."""
        run = self.sh("busybox renice -n 19 -p 1; busybox taskset -p 1 1; busybox renice -n 5 -p $$ && echo own")
        self.assertEqual(run.stdout.splitlines()[-1:], ["own"], run.stderr)
        self.assertEqual(run.stderr.count("not permitted"), 2, run.stderr)
        plain = self.engine.plainly("sh", "-c", "busybox renice -n 19 -p 1 && busybox taskset -p 1 1 && echo taken", user=str(SOMEBODY),
                                    PidMode="", CapAdd=[])
        self.assertEqual(plain[0], 0, plain[1])
        self.assertIn("taken", plain[1], "the control: any other first process of the same user loses them")

    def test_what_the_engine_was_told(self):
        process = self.start("sleep", "600")
        self.wait_until("it runs", lambda: any(one["State"] == "running" for one in self.engine.containers()))
        container = self.engine.inspect(self.engine.containers()[0]["Id"])
        host = container["HostConfig"]
        self.assertFalse(host["Privileged"])
        self.assertTrue(host["ReadonlyRootfs"])
        self.assertEqual(container["Config"]["Entrypoint"], ["/.cordon/init", "sleep", "600"])
        self.assertEqual(host["CapDrop"], ["ALL"])
        self.assertFalse(host["CapAdd"])
        self.assertEqual(host["NetworkMode"], "none")
        self.assertEqual((host["IpcMode"], host["CgroupnsMode"]), ("private", "private"))
        self.assertIn("no-new-privileges", host["SecurityOpt"])
        self.assertTrue(any(one.startswith("seccomp={") for one in host["SecurityOpt"]))
        self.assertFalse([one for one in host["SecurityOpt"] if "unconfined" in one or one.startswith(("apparmor", "label"))],
                         "the engine's own label stays")
        self.assertNotEqual(container["AppArmorProfile"], "unconfined")
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
