"""`cordon run --pull` against a real engine, a real registry, and one that misbehaves."""

import base64
import json
import os
import signal
import socket
import subprocess
import threading
import unittest

from docker_test import PATIENCE, WithEngine, setUpModule  # noqa: F401
from engine import IMAGE
from registry import BadRegistry, Registry

LOGIN = ("somebody", "pass:word")


class Pulls(WithEngine):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.addClassCleanup(cls.registry.stop)
        cls.guarded = Registry(LOGIN)
        cls.addClassCleanup(cls.guarded.stop)
        cls.bad = BadRegistry()
        cls.addClassCleanup(cls.bad.stop)
        super().setUpClass()
        cls.name = f"{cls.registry.host}/tools/box:1"
        cls.secret = f"{cls.guarded.host}/box:1"
        login = base64.urlsafe_b64encode(json.dumps(dict(zip(("username", "password"), LOGIN))).encode()).decode()
        for name, header in ((cls.name, "e30="), (cls.secret, login)):
            repository, tag = name.rsplit(":", 1)
            cls.engine.request("POST", f"/images/{IMAGE}/tag?repo={repository}&tag={tag}")
            pushed = cls.engine.request("POST", f"/images/{repository}/push?tag={tag}", headers={"X-Registry-Auth": header})
            assert b"errorDetail" not in pushed, pushed
        cls.forget(cls.name)
        cls.forget(cls.secret)

    @classmethod
    def forget(cls, name):
        cls.engine.request("DELETE", f"/images/{name}?force=1")

    def pull(self, when, image, *options, config=None, **environment):
        directory = os.path.join(self.work, "docker-config")
        if config is not None:
            os.makedirs(directory, exist_ok=True)
            with open(os.path.join(directory, "config.json"), "w", encoding="utf-8") as file:
                json.dump(config, file)
        return self.run_cordon("echo", "here", image=image, options=["--pull", when, *options], DOCKER_CONFIG=directory,
                               **environment)

    def refused(self, *words, **more):
        run = self.pull("missing", **more)
        self.assertEqual((run.returncode, run.stdout), (125, ""), run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertNotIn("\x1b", run.stderr)
        self.assertEqual(self.engine.containers(), [])

    def test_never_missing_always(self):
        self.forget(self.name)
        never = self.pull("never", self.name)
        self.assertEqual(never.returncode, 125)
        self.assertIn("--pull missing", never.stderr)
        self.assertEqual(self.run_cordon("true", image=self.name).returncode, 125, "the default fetches nothing")

        first = self.pull("missing", self.name)
        self.assertEqual((first.stdout, first.returncode), ("here\n", 0), first.stderr)
        self.assertIn("Pull", first.stderr)
        again = self.pull("missing", self.name)
        self.assertEqual((again.stdout, again.stderr, again.returncode), ("here\n", "", 0))
        always = self.pull("always", self.name)
        self.assertEqual((always.stdout, always.returncode), ("here\n", 0))
        self.assertIn("up to date", always.stderr)

    def test_by_digest(self):
        self.forget(self.name)
        self.pull("missing", self.name)
        digest = self.engine.request("GET", f"/images/{self.name}/json")["RepoDigests"][0]
        self.forget(self.name)
        self.assertEqual(self.pull("missing", digest).stdout, "here\n")

    def test_json_stays_json(self):
        self.forget(self.name)
        run = self.pull("missing", self.name, "--json")
        self.assertEqual(json.loads(run.stdout)["stdout"], "here\n")
        self.assertIn("Pull", run.stderr)

    def test_a_dry_run_fetches_nothing(self):
        self.forget(self.name)
        self.assertEqual(self.pull("missing", self.name, "--dry-run").returncode, 125)

    def test_logins_are_those_of_docker(self):
        self.forget(self.secret)
        auth = base64.b64encode(":".join(LOGIN).encode()).decode()
        self.refused("docker login", image=self.secret)
        wrong = base64.b64encode(b"somebody:else").decode()
        self.refused("pull the image", image=self.secret, config={"auths": {self.guarded.host: {"auth": wrong}}})
        self.refused("which Cordon does not run", image=self.secret, config={"credsStore": "nothing-real", "auths": {}})
        run = self.pull("missing", self.secret, config={"auths": {self.guarded.host: {"auth": auth}}})
        self.assertEqual((run.stdout, run.returncode), ("here\n", 0), run.stderr)
        self.assertNotIn("word", run.stderr)

    def test_what_is_not_there(self):
        self.refused("no such tag", image=f"{self.registry.host}/tools/box:2")
        self.refused("pull the image", image=f"{self.registry.host}/nothing:1")
        self.refused("in lower case", image=f"{self.registry.host}/Upper:1")
        self.refused("an image's id", image="sha256:" + "0" * 64)
        self.refused("listens there", image="127.0.0.1:1/box:1")

    def test_registries_in_trouble(self):
        self.refused("try again later, or log in", image=f"{self.bad.host}/429:1")
        self.refused("500", "try again later", image=f"{self.bad.host}/500:1")
        self.refused("try again", image=f"{self.bad.host}/half:1")
        self.assertEqual(self.engine.request("GET", "/images/json?filters=" + '%7B%22reference%22%3A%5B%22*%2Fhalf%22%5D%7D'), [])

    def test_an_interruption_ends_the_wait(self):
        path = os.path.join(self.work, "silent.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            process = subprocess.Popen(self.arguments(["true"], ["--pull", "missing"], "a:1"), stdin=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=self.environment(DOCKER_HOST=f"unix://{path}"))
            peer, _ = listener.accept()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(PATIENCE), -signal.SIGINT)
            peer.close()

    def test_an_engine_that_lies_or_breaks_off(self):
        version = b'{"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10.24"}'
        info = b"{}"
        cases = {
            b'{"status":"done"}\n': "does not have it",
            b'{"status":"a\n': "read the engine's answer",
            b'{"error":"disk \\u001b[2J full"}': "disk",
        }
        for stream, word in cases.items():
            answers = [(200, b"OK"), (200, version), (404, b'{"message":"no such image"}'), (200, info), (200, stream),
                       (404, b'{"message":"no such image"}')]
            path = os.path.join(self.work, "engine.sock")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen()

                # Its own listener and answers: the names stand for the next case's soon.
                def serve(listener=listener, answers=answers):
                    for status, body in answers:
                        try:
                            peer, _ = listener.accept()
                        except OSError:
                            return  # it was refused before
                        peer.recv(1 << 16)
                        peer.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                        peer.close()

                thread = threading.Thread(target=serve, daemon=True)
                thread.start()
                run = self.pull("missing", "a:1", DOCKER_HOST=f"unix://{path}")
                self.assertEqual(run.returncode, 125)
                self.assertIn(word, run.stderr)
                self.assertNotIn("\x1b", run.stderr)
                listener.shutdown(socket.SHUT_RDWR)  # ends an accept that nobody will answer
                thread.join(PATIENCE)
            os.unlink(path)


if __name__ == "__main__":
    unittest.main()
