"""Containers over HTTP: a daemon beside an engine of its own."""

import json
import os
import sys
import unittest

from engine import IMAGE, Engine
from runs import need_root

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "serve"))
from daemon import Daemon, form, free_port, new_key  # noqa: E402
from jobs_test import tar  # noqa: E402


def setUpModule():
    need_root("the tests start an engine of their own")


class OverHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.addClassCleanup(cls.engine.stop)
        port = free_port()
        cls.daemon = Daemon("--listen", f"127.0.0.1:{port}", port=port,
                            environment={"DOCKER_HOST": f"unix://{cls.engine.socket}"})
        cls.addClassCleanup(cls.daemon.remove)

    def execute(self, script, **more):
        return self.daemon.ask("POST", "/api/v1/sandbox/execute", {"command": "sh", "args": ["-c", script], **more})

    def test_an_image_names_the_backend(self):
        result = self.execute("echo $(id -u) in $(ls /opt/tools)", image=IMAGE).json
        self.assertEqual((result["backend"], result["tier"], result["status"], result["stdout"]),
                         ("docker", "container", "completed", "65532 in tool\n"))

    def test_its_private_directory_is_its_own_and_has_the_files(self):
        result = self.execute("cat a/b; echo more >> a/b; echo new > c; cat a/b c", image=IMAGE,
                              files={"a/b": "given\n"}).json
        self.assertEqual((result["stdout"], result["stderr"]), ("given\ngiven\nmore\nnew\n", ""))
        self.assertEqual(os.listdir(os.path.join(self.daemon.state, "work")), [])

    def test_a_job_with_an_image_brings_files_and_takes_some_home(self):
        script = "echo $(id -u) >out; cat in >>out; chmod 600 out; ls /opt/tools"
        raw, kind = form(("job", None, json.dumps({"cmd": ["sh", "-c", script], "image": IMAGE, "collect": ["out"]}).encode()),
                         ("input", "in.tar", tar(**{"in": b"given\n"})))
        result = self.daemon.ask("POST", "/api/v1/jobs", raw=raw, headers={"Content-Type": kind}).json
        self.assertEqual((result["backend"], result["status"], result["stdout"], result["stderr"]),
                         ("docker", "completed", "tool\n", ""), result.get("error"))
        out = self.daemon.ask("GET", f"/api/v1/jobs/{result['id']}/artifacts?path=out")
        self.assertEqual(out.body, b"65532\ngiven\n")
        self.assertEqual((os.listdir(os.path.join(self.daemon.state, "work")), self.engine.containers()), ([], []))

    def test_what_is_wrong_with_an_image_is_said(self):
        self.assertIn("docker pull", self.execute("true", image="no-such-image").json["error"])
        without = self.execute("true", backend="docker").json
        self.assertIn("no image is named", without["error"])
        self.assertEqual(self.execute("true", image=7).status, 400)
        self.assertEqual(self.execute("true", image=IMAGE, backend="native").json["status"], "failed")

    def test_nothing_that_is_asked_widens_it(self):
        socket = self.engine.socket
        policies = [{"preset": "off"}, {"network": {"mode": "host"}}, {"identity": {"uid": 0}}, {"process": {"nested_namespaces": "allowed"}},
                    {"filesystem": {"read": ["/"]}}, {"filesystem": {"write": ["/"]}}, {"filesystem": {"read": [socket]}},
                    {"filesystem": {"read": ["/run"]}}, {"container": {"privileged": True}}]
        fields = [{"network": "host"}, {"network": "container:x"}, {"privileged": True}, {"uid": 0}, {"user": "root"}, {"cap_add": ["ALL"]},
                  {"allow_degraded": True}]
        everybodys = [*({"policy": policy} for policy in policies), *fields]
        jobs = [*everybodys, {"limits": {"network": "host"}}, *({"mounts": [place]} for place in ("/", "/run", "/proc", socket, os.path.dirname(socket)))]
        for route, command, asked in (("/api/v1/sandbox/execute", {"command": "true"}, everybodys),
                                      ("/api/v1/jobs", {"cmd": ["true"]}, jobs)):
            for more in asked:
                with self.subTest(route=route, more=more):
                    answer = self.daemon.ask("POST", route, {**command, "image": IMAGE, **more})
                    refused = 400 <= answer.status < 500 or (answer.json["status"], answer.json["exit_code"]) == ("failed", 125)
                    self.assertTrue(refused, (answer.status, answer.json))
                    self.assertEqual(self.engine.containers(), [])
            self.assertEqual(self.daemon.ask("POST", route, {**command, "image": IMAGE}).json["status"], "completed", "the control")

    def test_only_administrators_name_images(self):
        answer = self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", {"command": "true", "image": IMAGE},
                                     key=new_key(self.daemon, "someone"))
        self.assertEqual(answer.status, 403)
        self.assertIn("image", answer.json["message"])
        self.assertEqual(self.engine.containers(), [])


if __name__ == "__main__":
    unittest.main()
