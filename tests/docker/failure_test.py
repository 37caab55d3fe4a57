"""What goes wrong with an engine: it dies, is full, is none, and Cordon itself dies."""

import contextlib
import glob
import json
import os
import random
import socket
import subprocess
import threading
import time
import unittest

from docker_test import PATIENCE, WithEngine, setUpModule  # noqa: F401
from engine import IMAGE, Engine, archive
from image_root import GUEST


class Killed(WithEngine):
    KILLS = 20

    def objects(self):
        """What an engine makes for a container: itself, and the volumes that its image asks for."""
        return {"containers": sorted(one["Id"] for one in self.engine.containers()),
                "volumes": sorted(one["Name"] for one in self.engine.request("GET", "/volumes")["Volumes"] or [])}

    def test_at_any_instant(self):
        before = self.objects()
        plain = self.engine.make(IMAGE)
        made = self.objects()
        self.assertEqual([len(made[kind]) - len(before[kind]) for kind in ("containers", "volumes")], [1, 1],
                         "the control: a container of this image has a volume, unless something else is put in its place")
        self.engine.request("DELETE", f"/containers/{plain}?force=1&v=1")
        self.assertEqual(self.objects(), before)
        began = time.monotonic()
        self.assertEqual(self.sh("sleep 0.1").returncode, 0)
        whole = time.monotonic() - began
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        left = 0
        for _ in range(self.KILLS):
            process = self.start("sh", "-c", "sleep 0.1")
            instant = chance.random() * whole
            try:
                process.wait(instant)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            left = max(left, len(self.engine.containers()))
        self.assertGreater(left, 0, f"no instant left anything: the test proves nothing (seed {seed})")

        def clean():
            self.assertEqual(self.run_cordon("true").returncode, 0)
            return self.objects() == before
        # What a dead client asked for may be made a moment later.
        self.wait_until(f"nothing is left (seed {seed})", clean)


class Dying(WithEngine):
    def end_of(self, engine, process):
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 125, err)
        self.assertEqual(err.count("\n"), 1, err)
        return err

    def begin(self, engine, *command, options=()):
        return self.begin_program(self.arguments(command, options), text=True,
                                  env=self.environment(DOCKER_HOST=f"unix://{engine.socket}"))

    def test_in_the_middle_of_a_run(self):
        engine = Engine()
        self.addCleanup(engine.stop)
        quiet = self.begin(engine, "sleep", "600")
        loud = self.begin(engine, "yes", options=["--json", "--output-limit", "10k"])
        self.wait_until("they run", lambda: sum(one["State"] == "running" for one in engine.containers()) == 2)
        engine.process.kill()
        engine.process.wait()
        self.assertIn("the container's end", self.end_of(engine, quiet))
        out, _ = loud.communicate(timeout=PATIENCE)
        result = json.loads(out)
        self.assertEqual((loud.returncode, result["status"]), (125, "failed"))
        self.assertIn("the container's end", json.dumps(result["error"]))
        after = self.begin(engine, "true")
        self.assertIn("no engine listens there", self.end_of(engine, after))


class Full(WithEngine):
    def test_its_disk(self):
        engine = Engine(space="24M")
        self.addCleanup(engine.stop)
        environment = {"DOCKER_HOST": f"unix://{engine.socket}"}
        self.assertEqual(self.run_cordon("true", **environment).returncode, 0, "the control: there is room for one")
        enter = ["nsenter", "--mount", "--target", str(engine.process.pid)]
        subprocess.run([*enter, "sh", "-c", f"head -c 100M /dev/zero > {engine.root}/data/full"], check=False, stderr=subprocess.DEVNULL)
        run = self.run_cordon("true", **environment)
        self.assertEqual(run.returncode, 125, run.stderr)
        self.assertIn("no space left on device", run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        subprocess.run([*enter, "rm", f"{engine.root}/data/full"], check=True)
        self.assertEqual(self.run_cordon("true", **environment).returncode, 0)
        self.assertEqual(engine.containers(), [])


class Strange(WithEngine):
    def test_an_image_without_a_shell(self):
        with open(GUEST, "rb") as file:
            self.engine.load("bare:1", archive({"guest": file.read()}))
        run = self.run_cordon("/guest", "exit_with", "7", image="bare:1")
        self.assertEqual((run.returncode, run.stderr), (7, ""))
        self.assertIn("contained", self.run_cordon("/guest", "read_file", "/etc/shadow", image="bare:1").stdout)
        run = self.run_cordon("sh", "-c", "true", image="bare:1")
        self.assertEqual(run.returncode, 127, run.stderr)
        self.assertIn("sh", run.stderr)

    def test_an_image_with_nothing(self):
        self.engine.load("nothing:1", archive({"empty": b""}))
        self.assertEqual(self.run_cordon("true", image="nothing:1").returncode, 127)

    def test_an_image_for_another_platform(self):
        handlers = glob.glob("/proc/sys/fs/binfmt_misc/*")
        if {os.path.basename(one) for one in handlers} - {"register", "status"}:
            print("SKIP: no control: this host runs programs of other platforms")
            raise unittest.SkipTest("no control: this host runs programs of other platforms")
        foreign = bytearray(b"\x7fELF\x02\x01\x01" + bytes(57))
        foreign[16:20] = b"\x02\x00\xb7\x00"  # a program for AArch64
        self.engine.load_made_for("arm64", "foreign:1", archive({"tool": bytes(foreign)}))
        run = self.run_cordon("/tool", image="foreign:1")
        self.assertEqual(run.returncode, 125, run.stderr)
        for word in ("arm64", "docker pull --platform"):
            self.assertIn(word, run.stderr)
        self.assertEqual(self.engine.containers(), [])

    @contextlib.contextmanager
    def no_engine(self, answer):
        """A listener that answers everybody the same: the path of its socket."""
        path = os.path.join(self.work, "strange.sock")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(8)

            def answer_all():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = server.accept()
                        with connection:
                            connection.recv(4096)
                            connection.sendall(answer)
            thread = threading.Thread(target=answer_all)
            thread.start()
            yield path
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
        os.unlink(path)

    def test_no_engine_answers(self):
        for answer in (b"", b"220 smtp ready\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n{"):
            with self.subTest(answer=answer), self.no_engine(answer) as path:
                run = self.run_cordon("true", DOCKER_HOST="unix://" + path)
                self.assertEqual((run.returncode, run.stderr.count("\n")), (125, 1), run.stderr)
                self.assertIn("engine", run.stderr)

    def test_no_socket(self):
        plain = os.path.join(self.work, "file")
        with open(plain, "w", encoding="utf-8"):
            pass
        for path in (plain, self.work, "/nonexistent/d.sock", "/" + "x" * 200):
            run = self.run_cordon("true", DOCKER_HOST="unix://" + path)
            self.assertEqual((run.returncode, run.stderr.count("\n")), (125, 1), run.stderr)

    def test_a_socket_of_others(self):
        run = subprocess.run(["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", *self.arguments(["true"])],
                             capture_output=True, text=True, check=False, timeout=PATIENCE, env=self.environment(), cwd=self.work)
        self.assertEqual((run.returncode, run.stderr.count("\n")), (125, 1), run.stderr)
        self.assertIn("ermission denied", run.stderr)


if __name__ == "__main__":
    unittest.main()
