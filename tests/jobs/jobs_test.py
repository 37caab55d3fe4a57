"""`cordon job` from outside: natively, and in containers of an engine of its own."""

import glob
import io
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

from engine import IMAGE, Engine
from podman import Podman
from registry import Registry
from runs import PATIENCE, Runs, need_root

CORDON = os.environ["CORDON_TEST_PROGRAM"]
GUEST = os.environ["CORDON_TEST_GUEST"]


def entry(name, content=b"", kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mode = len(content), kind, link, mode
    return info, content


def tar_of(*entries, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def guest_entry():
    with open(GUEST, "rb") as file:
        return entry("guest", file.read(), mode=0o755)


class WithPlace(Runs):
    image = None
    backend = "native"

    def setUp(self):
        self.place = self.own_folder("cordon-test-jobs-", "/var/tmp")
        self.staging = self.path("staging")
        self.out = self.path("out")

    def path(self, name):
        return os.path.join(self.place, name)

    def put(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(os.path.join(self.out, name), "rb") as file:
            return file.read()

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/root"}

    def arguments(self, command, options):
        named = ["--image", self.image] if self.image else ["--backend", self.backend]
        return [CORDON, "job", "--no-policy-files", "--staging", self.staging, *named, *options, "--", *command]

    def job(self, *command, options=(), data=b""):
        return subprocess.run(self.arguments(command, options), input=data, capture_output=True, check=False,
                              timeout=PATIENCE * 2, env=self.environment(), cwd=self.place)

    def sh(self, script, *options, **more):
        return self.job("sh", "-c", script, options=options, **more)

    def result(self, script, *options, **more):
        run = self.sh(script, "--json", *options, **more)
        self.assertTrue(run.stdout, run.stderr)
        return json.loads(run.stdout)

    def start(self, script, *options):
        return self.begin_program(self.arguments(["sh", "-c", script], options), env=self.environment(), cwd=self.place)

    def left(self):
        return [one for one in glob.glob(self.staging + "/*") if os.path.isdir(one)]


class Behaviour:
    """What holds on every backend."""

    def test_a_tar_in_and_artifacts_out(self):
        source = self.put("src.tar", tar_of(entry("src/in.txt", b"hello\n"), entry("src/run.sh", b"#!/bin/sh\ncat in.txt\n", mode=0o755)))
        run = self.sh("cd src; ./run.sh > ../out.txt; mkdir -p ../reports/deep; echo x > ../reports/deep/x.xml; echo said; echo bad >&2; exit 7",
                      "--input", source, "--collect", "out.txt", "--collect", "reports", "--collect", "none.zip", "--output", self.out)
        self.assertEqual((run.stdout, run.returncode), (b"said\n", 7), run.stderr)
        self.assertIn(b"bad\n", run.stderr)
        self.assertIn(b"none.zip", run.stderr)
        self.assertEqual(self.read("out.txt"), b"hello\n", run.stderr)
        self.assertEqual(self.read("reports/deep/x.xml"), b"x\n")
        self.assertEqual(self.left(), [])

    def test_a_directory_in_which_stays_as_it_is(self):
        os.makedirs(self.path("project/sub"))
        self.put("project/sub/file", b"1")
        run = self.sh("echo 2 > sub/file; echo 3 > new; cat sub/file", "--input", "project", "--collect", "**/file", "--output", self.out)
        self.assertEqual((run.stdout, run.returncode), (b"2\n", 0), run.stderr)
        self.assertEqual(self.read("sub/file"), b"2\n")
        with open(self.path("project/sub/file"), "rb") as file:
            self.assertEqual(file.read(), b"1")
        self.assertEqual(os.listdir(self.path("project")), ["sub"])

    def test_streams_of_tar(self):
        data = tar_of(entry("a", b"content"), mode="w:gz")
        run = self.sh("cat a > b; echo to the log", "--input", "-", "--collect", ".", "--output", "-", data=data)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"to the log", run.stderr)
        with tarfile.open(fileobj=io.BytesIO(run.stdout)) as tar:
            self.assertEqual(sorted(tar.getnames()), ["a", "b"])
            self.assertEqual(tar.extractfile("b").read(), b"content")
        run = self.sh("cat a", "--input", "-", "--collect", "a", "--output", self.path("artifacts.tar"), data=data)
        self.assertEqual((run.stdout, run.returncode), (b"content", 0), run.stderr)
        with tarfile.open(self.path("artifacts.tar")) as tar:
            self.assertEqual(tar.getnames(), ["a"])

    def test_it_knows_where_it_is(self):
        run = self.sh('test "$(pwd)" = "$CORDON_WORK_DIR" && echo here')
        self.assertEqual(run.stdout, b"here\n", run.stderr)
        run = self.sh('test "$(pwd)" = "$CORDON_WORK_DIR/src/deep" && echo below && echo x >../../made', "--workdir", "src/deep",
                      "--collect", "made", "--output", self.out)
        self.assertEqual((run.stdout, run.returncode), (b"below\n", 0), run.stderr)
        self.assertEqual(self.read("made"), b"x\n")

    def test_below_its_copy_the_wholes_hooks_are_protected_too(self):
        data = tar_of(entry(".git/hooks/pre-commit", b"old"), entry(".envrc", b"old"), entry("sub/file", b""))
        script = "for name in .git/hooks/pre-commit .git/hooks/post-commit .envrc plain; do echo evil >$TO$name; done; true"
        for where, to in (((), ""), (("--workdir", "sub"), "../")):
            run = self.sh(f"TO={to}; {script}", "--input", "-", "--collect", ".", "--output", "-", *where, data=data)
            with tarfile.open(fileobj=io.BytesIO(run.stdout)) as tar:
                content = {one.name: tar.extractfile(one).read() for one in tar.getmembers() if one.isfile()}
            self.assertEqual(content.pop("plain"), b"evil\n", "the control")
            self.assertEqual(content, {".git/hooks/pre-commit": b"old", ".envrc": b"old", "sub/file": b""}, where)

    def test_the_callers_directory_is_none_of_its(self):
        self.put("mine", b"MINE")
        run = self.sh(f"cat {self.place}/mine; echo x > {self.place}/new; ls {self.place}")
        self.assertNotIn(b"MINE", run.stdout)
        self.assertFalse(os.path.exists(self.path("new")))
        self.assertNotIn(b"mine", run.stdout)
        shown = self.sh(f"cat {self.place}/mine", "--read", "mine")
        self.assertEqual(shown.stdout, b"MINE", "the control")

    def test_as_json(self):
        result = self.result("echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; echo x > x; exit 3",
                             "--collect", "x", "--collect", "y", "--output", self.out)
        self.assertEqual((result["status"], result["exit_code"], result["limit_hit"]), ("failed", 3, None))
        self.assertEqual((result["stdout"], result["stderr"]), ("one\nthree\n", "two\n"))
        self.assertEqual([one["stream"] for one in result["log"]], ["stdout", "stderr", "stdout"])
        self.assertEqual([one["path"] for one in result["artifacts"]], ["x"])
        self.assertEqual(result["missing"], ["y"])
        self.assertEqual(result["reached"], "ended")
        self.assertTrue(any(one["name"] == "network.egress" and one["strength"] == "enforced" for one in result["guarantees"]))

    def test_time_is_over(self):
        result = self.result("echo early > f; sleep 600", "--timeout", "2s", "--collect", "f", "--output", self.out)
        self.assertEqual((result["status"], result["exit_code"], result["limit_hit"]), ("timeout", 124, "time"))
        self.assertEqual(self.read("f"), b"early\n")
        self.assertEqual(self.left(), [])

    def test_time_is_over_while_the_input_is_read(self):
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        with os.fdopen(read) as never:
            run = subprocess.run(self.arguments(["true"], ["--input", "-", "--timeout", "1s", "--json"]), stdin=never,
                                 capture_output=True, check=False, timeout=PATIENCE, env=self.environment(), cwd=self.place)
        result = json.loads(run.stdout)
        self.assertEqual((result["status"], result["reached"], run.returncode), ("timeout", "input", 124))
        self.assertEqual(self.left(), [])

    def test_memory_is_used_up(self):
        data = tar_of(guest_entry())
        result = self.result("./guest memory_heap 400", "--memory", "64M", "--input", "-", data=data)
        self.assertEqual((result["status"], result["limit_hit"], result["exit_code"]), ("failed", "memory", 137), result)

    def test_the_disk_is_used_up(self):
        fill = "i=0; while [ $i -lt 60 ]; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done; "
        result = self.result(fill + "sleep 600", "--disk", "16M", "--timeout", "60s")
        self.assertEqual((result["status"], result["limit_hit"]), ("failed", "disk"), result)
        self.assertEqual(self.left(), [])
        control = self.result(fill, "--disk", "200M")
        self.assertEqual((control["status"], control["limit_hit"]), ("completed", None), control)

    def test_an_input_that_does_not_fit(self):
        run = self.sh("true", "--input", "-", "--disk", "1M", data=tar_of(entry("big", b"x" * 2_000_000)))
        self.assertEqual(run.returncode, 125)
        self.assertIn(b"a larger disk limit", run.stderr)
        self.assertEqual(self.left(), [])

    def test_it_is_cancelled(self):
        process = self.start("echo partial > f; echo ready; sleep 600", "--collect", "f", "--output", self.out)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGINT)
        self.assertEqual(self.read("f"), b"partial\n")
        self.assertEqual(self.left(), [])

    def test_there_is_no_network(self):
        data = tar_of(guest_entry())
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            run = self.sh(f"./guest connect_tcp 127.0.0.1 {port}", "--input", "-", data=data)
            self.assertEqual(run.returncode, 0, run.stdout)
            control = subprocess.run([GUEST, "connect_tcp", "127.0.0.1", str(port)], check=False, capture_output=True)
            self.assertEqual(control.returncode, 42)

    def test_input_of_the_command(self):
        self.assertEqual(self.sh("cat", data=b"typed").stdout, b"typed")

    def test_a_truncated_log_is_flagged(self):
        result = self.result("head -c 100000 /dev/zero | tr '\\0' x", "--output-limit", "1k") if not self.image else \
            self.result("yes | head -c 100000", "--output-limit", "1k")
        self.assertEqual(len(result["stdout"]), 1024)
        self.assertTrue(result["truncated"]["stdout"])

    def test_nothing_is_collected_through_a_link(self):
        secret = self.put("secret", b"SECRET")
        run = self.sh(f"ln -s {secret} link; ln -s {self.place} dir; mkfifo pipe 2>/dev/null; echo ok > file", "--collect", ".", "--output", self.out)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(os.listdir(self.out), ["file"])
        self.assertIn(b"symbolic link", run.stderr)

    def test_set_id_bits_come_neither_in_nor_out(self):
        data = tar_of(entry("tool", b"#!/bin/sh\n", mode=0o6755))
        run = self.sh("test -u tool || echo dropped; chmod 6755 tool; true", "--input", "-", "--collect", "tool", "--output", self.out, data=data)
        self.assertEqual(run.stdout, b"dropped\n", run.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(self.out + "/tool").st_mode), 0o755)


class Native(Behaviour, WithPlace):
    def test_bad_options(self):
        for options, words in [
                (["--memory", "-1"], b"--memory"), (["--cpus", "-2"], b"--cpus"), (["--pids", "0"], b"--pids"),
                (["--timeout", "0"], b"--timeout"), (["--collect", "/etc/passwd"], b"outside the work directory"),
                (["--collect", "../x"], b"leads out"), (["--collect", ""], b"--collect"), (["--read", "/"], b"whole file system"),
                (["--read", "/run"], b"root on this host"), (["--read", "/var/lib"], b"root on this host"),
                (["--read", "//"], b"whole file system"), (["--input", "/no/such"], b"/no/such"), (["--input", "/"], b"own copy"),
                (["--output", "x"], b"--collect"), (["--workdir", "/tmp"], b"--workdir"), (["--backend", "nonsense"], b"--backend"),
                (["--staging", "/tmp"], b"own")]:
            with self.subTest(options=options):
                run = subprocess.run([CORDON, "job", "--no-policy-files", "--staging", self.staging, *options, "--", "touch", self.path("ran")],
                                     capture_output=True, check=False, timeout=PATIENCE, env=self.environment(), cwd=self.place)
                self.assertEqual(run.returncode, 125, run.stderr)
                self.assertIn(words, run.stderr)
                self.assertEqual(self.left(), [])

    def test_help(self):
        for words in (["job", "--help"], ["help", "job"]):
            run = subprocess.run([CORDON, *words], capture_output=True, check=False, timeout=PATIENCE)
            self.assertEqual(run.returncode, 0)
            self.assertIn(b"--collect", run.stdout)

    def test_a_command_that_is_not_there(self):
        self.assertEqual(self.job("no-such-command").returncode, 127)
        self.assertEqual(self.left(), [])

    def test_readers_that_do_not_read(self):
        fill, flood = "head -c 1000000 /dev/zero > f", "while :; do echo 0123456789; done"
        for script, options, ends in ((fill, ["--timeout", "2s"], lambda process: 124),
                                      (fill, [], lambda process: (process.terminate(), 128 + signal.SIGTERM)[1]),
                                      (flood, ["--timeout", "1s"], lambda process: 124),
                                      (flood, [], lambda process: (process.terminate(), 128 + signal.SIGTERM)[1])):
            with self.subTest(script=script, options=options):
                collects = ["--collect", "f", "--output", "-"] if script == fill else []
                process = self.start(script, *collects, *options)
                self.assertTrue(select.select([process.stdout], [], [], PATIENCE)[0], "the control: there is something to read")
                status = ends(process)
                self.assertEqual(process.wait(PATIENCE), status)
                self.assertEqual(self.left(), [])

    def test_a_place_that_somebody_else_took(self):
        os.mkdir(self.staging)
        os.chmod(self.staging, 0o777)
        run = self.sh("true")
        self.assertEqual(run.returncode, 125)
        self.assertIn(b"--staging", run.stderr)

    def test_a_refusal_as_json(self):
        run = self.sh("true", "--json", "--input", "-", data=b"no tar")
        self.assertEqual(run.returncode, 125)
        self.assertEqual(json.loads(run.stdout)["status"], "failed")


class InGvisor(Behaviour, WithPlace):
    backend = "gvisor"

    @classmethod
    def setUpClass(cls):
        cls.state = tempfile.mkdtemp(prefix="cordon-test-jobs-state-")
        cls.addClassCleanup(shutil.rmtree, cls.state)

    def environment(self):
        # Where it is remembered whether KVM works.
        return {**super().environment(), "CORDON_STATE_DIR": self.state}


class WithEngine(WithPlace):
    engine_type = Engine
    image = IMAGE

    @classmethod
    def setUpClass(cls):
        need_root("the tests start an engine of their own")
        cls.engine = cls.engine_type()
        cls.addClassCleanup(cls.engine.stop)

    def environment(self):
        return {**super().environment(), "DOCKER_HOST": f"unix://{self.engine.socket}"}


class AsOwner:
    """What holds where nobody is root: the command owns its work directory."""

    def test_it_is_nobody_and_owns_its_files(self):
        run = self.sh("id -u; stat -c %u:%a . f d d/g; echo y >> d/g; mkdir d/new", "--input", "-",
                      data=tar_of(entry("f", b"x", mode=0o600), entry("d", kind=tarfile.DIRTYPE, mode=0o755), entry("d/g", b"x", mode=0o640)))
        self.assertEqual(run.stdout.decode().split(), ["65532", "65532:700", "65532:600", "65532:755", "65532:640"], run.stderr)
        self.assertEqual(run.returncode, 0, run.stderr)


class InContainers(Behaviour, AsOwner, WithEngine):
    def tearDown(self):
        self.assertEqual(self.engine.containers(), [])

    def test_an_image_without_a_shell(self):
        root = tar_of(guest_entry(), entry("tmp", kind=tarfile.DIRTYPE, mode=0o1777))
        self.engine.request("POST", "/images/create?fromSrc=-&repo=cordon-test-bare", root, "application/x-tar")
        self.image = "cordon-test-bare"
        run = self.job("/guest", "exit_with", "5", options=["--input", "-"], data=tar_of(entry("in", b"x")))
        self.assertEqual(run.returncode, 5, run.stderr)
        run = self.job("/guest", "create_file", "made", options=["--input", "-", "--collect", ".", "--output", self.out],
                       data=tar_of(entry("in", b"x")))
        self.assertEqual(sorted(os.listdir(self.out)), ["in", "made"], run.stdout + run.stderr)

    def test_an_image_that_is_not_there_is_no_upload(self):
        self.image = "cordon-test-none:1"
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        with os.fdopen(read) as never:
            run = subprocess.run(self.arguments(["true"], ["--input", "-", "--pull", "never"]), stdin=never, capture_output=True,
                                 check=False, timeout=PATIENCE, env=self.environment(), cwd=self.place)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(b"cordon-test-none", run.stderr)
        self.assertEqual(self.left(), [])

    def test_an_image_is_fetched(self):
        registry = Registry()
        self.addCleanup(registry.stop)
        self.image = f"{registry.host}/box:1"
        self.engine.request("POST", f"/images/{IMAGE}/tag?repo={registry.host}/box&tag=1")
        pushed = self.engine.request("POST", f"/images/{registry.host}/box/push?tag=1", headers={"X-Registry-Auth": "e30="})
        self.assertNotIn(b"errorDetail", pushed)
        self.engine.request("DELETE", f"/images/{self.image}?force=1")
        run = self.sh("cat a", "--input", "-", data=tar_of(entry("a", b"content")))
        self.assertEqual((run.stdout, run.returncode), (b"content", 0), run.stderr)

    def test_time_is_over_while_the_image_is_fetched(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.image = f"127.0.0.1:{silent.getsockname()[1]}/box:1"
            result = self.result("true", "--timeout", "2s", "--collect", ".", "--output", self.out)
        self.assertEqual((result["status"], result["reached"]), ("timeout", "image"), result)
        self.assertEqual(self.left(), [])

    def test_the_engines_socket_is_not_shown(self):
        for path in (self.engine.socket, os.path.dirname(self.engine.socket)):
            run = self.sh("true", "--read", path)
            self.assertEqual(run.returncode, 125, run.stderr)
            self.assertIn(b"root on this host", run.stderr)


class Hostile(WithPlace):
    """Tars that attack whoever unpacks them. The control: Python's own unpacking, which trusts them."""

    def setUp(self):
        super().setUp()
        self.canary = self.path("canary")
        os.mkdir(self.canary)

    def attempts(self):
        up = "../" * 12 + self.canary.lstrip("/")
        return {
            "dots": [entry(up + "/x", b"x")],
            "absolute": [entry(self.canary + "/x", b"x")],
            "link out": [entry("l", kind=tarfile.SYMTYPE, link=self.canary), entry("l/x", b"x")],
            "relative link out": [entry("l", kind=tarfile.SYMTYPE, link=up), entry("l/x", b"x")],
            "link by way of a link": [entry("d", kind=tarfile.DIRTYPE, mode=0o755), entry("d/l", kind=tarfile.SYMTYPE, link=".."),
                                      entry("m", kind=tarfile.SYMTYPE, link="d/l/" + up), entry("m/x", b"x")],
            "hard link out": [entry("h", kind=tarfile.LNKTYPE, link=self.path("secret"))],
        }

    def test_nothing_comes_outside(self):
        self.put("secret", b"SECRET")
        worked = 0
        for name, entries in self.attempts().items():
            with self.subTest(attempt=name):
                run = self.sh("touch ran; cat h 2>/dev/null", "--input", "-", "--collect", ".", "--output", self.out, data=tar_of(*entries))
                self.assertEqual(run.returncode, 125, run.stdout + run.stderr)
                self.assertIn(b"the input", run.stderr)
                self.assertNotIn(b"SECRET", run.stdout)
                self.assertEqual(os.listdir(self.canary), [])
                self.assertEqual(self.left(), [])
                control = tempfile.mkdtemp(dir=self.place)
                with tarfile.open(fileobj=io.BytesIO(tar_of(*entries))) as tar:
                    for info in tar:
                        try:
                            if info.islnk():
                                os.link(info.linkname, control + "/h")
                            else:
                                tar.extract(info, control)
                        except (OSError, tarfile.TarError):
                            pass
                worked += bool(os.listdir(self.canary)) or os.path.exists(control + "/h")
                for one in os.listdir(self.canary):
                    os.unlink(os.path.join(self.canary, one))
        self.assertGreaterEqual(worked, 4, "the attempts prove nothing here")

    def test_devices_and_pipes(self):
        for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            run = self.sh("true", "--input", "-", data=tar_of(entry("d", kind=kind)))
            self.assertEqual(run.returncode, 125, run.stderr)

    def test_a_bomb(self):
        info, _ = entry("zeros")
        info.size = 4 << 30
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
            tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))
            for _ in range(64):
                tar.fileobj.write(b"\0" * (1 << 20))
        run = self.sh("true", "--input", "-", "--disk", "100M", data=out.getvalue())
        self.assertEqual(run.returncode, 125)
        self.assertIn(b"100.0 MiB" if b"100.0" in run.stderr else b"100 MiB", run.stderr)
        self.assertEqual(self.left(), [])

    def test_names_for_a_terminal(self):
        run = self.sh("true", "--input", "-", data=tar_of(entry("../\x1b[2Jx", b"x")))
        self.assertEqual(run.returncode, 125)
        self.assertNotIn(b"\x1b", run.stderr)

    def test_what_a_job_made_of_its_directory(self):
        run = self.sh("chmod 0 . ; mkdir -p a/b; chmod 0 a 2>/dev/null; i=0; while [ $i -lt 200 ]; do mkdir d && cd d || break; i=$((i+1)); done", "--collect", "f", "--output", self.out)
        self.assertEqual(self.left(), [], run.stderr)


class KilledInContainers(WithEngine):
    def test_container_and_files_go(self):
        process = self.start("echo ready; sleep 600")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.kill()
        process.wait()
        self.assertEqual((len(self.left()), len(self.engine.containers())), (1, 1), "the control: nobody has looked yet")
        until = time.monotonic() + PATIENCE
        while self.left() or self.engine.containers():
            self.assertLess(time.monotonic(), until)
            self.assertEqual(self.sh("true").returncode, 0)


class EngineDies(WithEngine):
    def test_in_the_middle_of_a_job(self):
        for options in (["--json"], []):
            with self.subTest(options=options):
                engine = Engine()
                self.addCleanup(engine.stop)
                environment = {**self.environment(), "DOCKER_HOST": f"unix://{engine.socket}"}
                arguments = self.arguments(["sh", "-c", "echo made > made; echo out; echo err >&2; touch ready; sleep 600"],
                                           [*options, "--collect", "made", "--output", self.out])
                process = self.begin_program(arguments, env=environment, cwd=self.place)
                self.wait_until("it has said something", lambda: glob.glob(os.path.join(self.staging, "*", "*", "ready")))
                engine.process.kill()
                engine.process.wait()
                out, err = process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, 125, err)
                if not options:
                    self.assertIn(b"the container's end", err)
                    self.assertIn(b"nothing was collected", err)
                    continue
                result = json.loads(out)
                self.assertEqual((result["status"], result["exit_code"], result["reached"]), ("failed", 125, "running"))
                self.assertEqual((result["backend"], result["tier"]), ("docker", "container"))
                self.assertIn("the container's end", result["error"])
                self.assertEqual((result["stdout"], result["stderr"]), ("out\n", "err\n"))
                self.assertEqual(sorted((one["stream"], one["text"]) for one in result["log"]), [("stderr", "err\n"), ("stdout", "out\n")])
                self.assertEqual((result["artifacts"], result["artifacts_complete"]), ([], False))
                self.assertIn("nothing was collected", result["collect_error"])
                self.assertIn("network.egress", [one["name"] for one in result["guarantees"]])
                self.assertEqual(self.left(), [])


class OverPodman(AsOwner, KilledInContainers):
    engine_type = Podman
    test_a_tar_in_and_artifacts_out = Behaviour.test_a_tar_in_and_artifacts_out
    test_time_is_over = Behaviour.test_time_is_over
    test_memory_is_used_up = Behaviour.test_memory_is_used_up
    test_the_engines_socket_is_not_shown = InContainers.test_the_engines_socket_is_not_shown
    test_an_image_without_a_shell = InContainers.test_an_image_without_a_shell


class Killed(WithPlace):
    def test_what_a_killed_cordon_left_is_removed_by_the_next(self):
        process = self.start("echo data > f; echo ready; sleep 600")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        living = self.start("echo ready; sleep 600")
        self.assertEqual(living.stdout.readline(), b"ready\n")
        process.kill()
        process.wait()
        self.assertEqual(len(self.left()), 2, "the control: nobody has looked yet")
        until = time.monotonic() + PATIENCE
        while len(self.left()) > 1:
            self.assertLess(time.monotonic(), until)
            self.assertEqual(self.sh("true").returncode, 0)
        self.assertEqual(len(self.left()), 1, "the living one stays")
        self.assertIsNone(living.poll())
        living.terminate()
        self.assertEqual(living.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual(self.left(), [])

    def test_killed_while_it_reads_its_input(self):
        read, write = os.pipe()
        process = self.begin_program(self.arguments(["true"], ["--input", "-"]), stdin=read, env=self.environment(), cwd=self.place)
        os.close(read)
        os.write(write, tar_of(entry("a", b"x" * 100_000))[:60_000])
        until = time.monotonic() + PATIENCE
        while not glob.glob(os.path.join(self.staging, "*", "*", "a")):
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        process.kill()
        process.wait()
        os.close(write)
        self.assertEqual(len(self.left()), 1, "the control")
        self.assertEqual(self.sh("true").returncode, 0)
        self.assertEqual(self.left(), [])

    def test_killed_at_any_time(self):
        source = self.put("src.tar", tar_of(*[entry(f"d{i % 7}/f{i}", b"x" * 1000) for i in range(300)]))
        for number in range(12):
            process = subprocess.Popen(self.arguments(["sh", "-c", "cat d*/* > all"], ["--input", source, "--collect", "all", "--output", self.out]),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=self.environment(), cwd=self.place)
            try:
                process.wait(0.01 * number)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # What dies with a killed Cordon dies a moment later, and holds the lock until then.
        until = time.monotonic() + PATIENCE
        while self.left():
            self.assertLess(time.monotonic(), until)
            self.assertEqual(self.sh("true").returncode, 0)


if __name__ == "__main__":
    print(sys.version, file=sys.stderr)
    unittest.main()
