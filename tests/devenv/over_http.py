"""Environments over HTTP: what a client of the daemon sees of them, beside the engine that `cordon env` has."""

import glob
import gzip
import io
import json
import os
import shutil
import signal
import tarfile
import threading

import daemon as harness
from engine import IMAGE, dead_owner
from serve_test import WithDaemon

ENVS = "/api/v1/envs"


def tar(**files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def project(*lines, **files):
    return tar(Dockerfile="\n".join([f"FROM {IMAGE}", *lines, ""]).encode(), **files)


class OverHttp:
    """Goes before a class that has an engine."""
    conforms, denied = WithDaemon.conforms, WithDaemon.refused

    def serve(self, *options, host=None, port=None):
        environment = {"DOCKER_HOST": host or f"unix://{self.engine.socket}", "DOCKER_CONFIG": self.base}
        self.daemon = harness.Daemon(*options, environment=environment, port=port)
        self.addCleanup(self.daemon.remove)
        self.contract = self.daemon.ask("GET", "/openapi.json").json

    def ask(self, method, name="", what="", key=None, **options):
        route = ENVS + ("/{project}" if name else "") + what
        send = (lambda *words, **more: self.daemon.ask_tcp(*words, key=key, **more)) if key else self.daemon.ask
        return self.conforms(send(method, ENVS + ("/" + name if name else "") + what, **options), method, route)

    def build(self, name, packed=None, words=None, **options):
        if packed is None:
            return self.ask("POST", name, "/build", body=words, **options)
        raw, kind = harness.form(("env", None, json.dumps(words or {}).encode()), ("context", "c.tar", packed))
        return self.ask("POST", name, "/build", raw=raw, headers={"Content-Type": kind}, **options)

    def ended(self, started):
        """Its events, and what became of it."""
        self.assertEqual(started.status, 202, started.body)
        connection = self.daemon.connection()
        connection.request("GET", f"/api/v1/executions/{started.json['id']}/events")
        said = "".join(data["text"] for _, event, data in harness.events(connection.getresponse()) if event == "stdout")
        connection.close()
        return said, self.daemon.ask("GET", f"/api/v1/executions/{started.json['id']}").json

    def built(self, *words, **more):
        said, record = self.ended(self.build(*words, **more))
        self.assertEqual(record["status"], "completed", (said, record))
        return self.ask("GET", words[0]).json

    def test_http_from_a_tar_to_nothing_left(self):
        self.serve()
        first = self.built("mine", project("COPY app /app", "RUN echo said by the build", app=b"1"))
        self.assertEqual((first["state"], first["last_run"]["status"], first["owner"]), ("fresh", "completed", "uid:0"))
        self.assertIn("said by the build", first["log_tail"])
        self.assertEqual(self.images(), [first["image"]])
        self.assertRegex(first["image"], "^cordon-env/mine-[0-9a-f]{16}:[0-9a-f]{16}$")
        again = self.built("mine")
        self.assertEqual((again["image"], again["built_at"]), (first["image"], first["built_at"]), "what is there is answered")
        # What is refused changes nothing.
        for packed, field in [(tar(Dockerfile=b"RUN true\n"), "dockerfile"), (tar(Dockerfile=b""), "dockerfile"), (tar(a=b""), "dockerfile"),
                              (tar(**{"../out": b""}), "context"), (b"no tar" * 200, "context")]:
            self.denied(self.build("mine", packed), 400, field)
        self.assertEqual(self.ask("GET", "mine").json, again)
        _, failed = self.ended(self.build("mine", project("RUN echo all is lost; exit 3")))
        self.assertEqual(failed["status"], "failed")
        self.assertIn("all is lost", failed["error"])
        self.assertIn('limits.network "open"', failed["error"])
        self.assertEqual((failed["backend"], failed["tier"]), ("docker", "container"), "what it ran on")
        stale = self.ask("GET", "mine").json
        self.assertEqual((stale["state"], stale["image"], stale["last_run"]["status"]), ("stale", first["image"], "failed"))
        changed = self.built("mine", project("COPY app /app", app=b"2"))
        self.assertNotEqual(changed["image"], first["image"])
        self.assertEqual([one["project"] for one in self.ask("GET").json["envs"]], ["mine"])
        self.assertEqual(self.ask("DELETE").json["images"], 1, "of the two")
        _, swapped = self.ended(self.ask("POST", "mine", "/swap", body={"health_check": "test -f /app"}))
        self.assertEqual((swapped["status"], swapped["backend"]), ("completed", "docker"), swapped)
        running = [one["Id"] for one in self.engine.containers()]
        self.assertEqual(len(running), 1)
        _, swapped = self.ended(self.ask("POST", "mine", "/swap", body={"health_check": "kill -9 -1; sleep 100"}))
        self.assertEqual(swapped["status"], "failed")
        self.assertEqual([one["Id"] for one in self.engine.containers()], running, "the old one goes on")
        self.assertEqual(self.ask("DELETE", "mine").status, 200)
        self.assertEqual((self.images(), self.engine.containers()), ([], []))
        self.denied(self.ask("GET", "mine"), 404)
        left = [name for _, _, names in os.walk(os.path.join(self.daemon.state, "projects")) for name in names]
        self.assertEqual(left, [])

    def test_http_bad_input_and_whose_it_is(self):
        port = harness.free_port()
        self.serve("--listen", f"127.0.0.1:{port}", port=port)
        self.dockerfile("ENV X=1")
        host = self.built("host", words={"project_dir": self.project, "limits": {"timeout": "1m"}})
        self.assertEqual((host["project_dir"], host["state"]), (self.project, "fresh"))
        self.dockerfile("ENV X=2")
        self.assertEqual(self.ask("GET", "host").json["state"], "stale")
        for words, field in [({"dockerfile": "../x"}, "dockerfile"), ({"dockerfile": "/etc/passwd"}, "dockerfile"), ({"project_dir": "x"}, "project_dir"),
                             ({"project_dir": self.base + "/none"}, "project_dir"), ({"limits": {"cpus": 1}}, "limits.cpus"),
                             ({"limits": {"memory_mb": -1}}, "limits.memory_mb"), ({"pull": "often"}, "pull"), ({"image": "x"}, "image"),
                             ({"build_args": {"A": 1}}, "build_args/A"), ({}, "context")]:
            with self.subTest(words):
                self.denied(self.build("other", words=words), 400, field)
        self.denied(self.build("other", project(), {"project_dir": self.project}), 400, "context")
        _, absent = self.ended(self.build("absent", tar(Dockerfile=b"FROM not/there:1\n"), {"pull": "never"}))
        self.assertIn('pull "missing" fetches it', absent["error"])
        self.assertNotIn("--", absent["error"])
        self.denied(self.ask("GET", ".hidden"), 400, "project")
        self.denied(self.ask("POST", "other", "/swap"), 404)
        self.denied(self.ask("POST", "host", "/swap", body={"check": "x"}), 400, "check")
        key = harness.new_key(self.daemon, "one")
        for method, name, what in [("GET", "", ""), ("DELETE", "", ""), ("GET", "host", ""), ("DELETE", "host", ""), ("POST", "host", "/build"),
                                   ("POST", "host", "/swap"), ("GET", "none", "")]:
            self.denied(self.ask(method, name, what, key=key), 403)
        self.denied(self.build("host", project(), key=key), 403)
        self.assertEqual(self.ask("GET", "host").status, 200, "control: whose it is")

    def test_http_keys_that_may_have_their_own(self):
        port = harness.free_port()
        self.serve("--listen", f"127.0.0.1:{port}", "--max-upload", "1M", port=port)
        one, two = (harness.new_key(self.daemon, name, "--environments") for name in ("one", "two"))
        plain = harness.new_key(self.daemon, "plain")

        def built(key, name, packed=None, words=None):
            started = self.build(name, packed, words, key=key)
            self.assertEqual(self.ended(started)[1]["status"], "completed", started.body)
            return self.ask("GET", name, key=key).json

        mine = built(one, "mine", project("COPY a /a", a=b"of one"))
        self.assertEqual((mine["owner"], mine["state"]), ("key:one", "fresh"))
        self.assertEqual(self.ended(self.ask("POST", "mine", "/swap", key=one))[1]["status"], "completed")
        # What is the one's is nothing to others: neither seen, nor built, nor removed.
        for key in (two, None):
            self.assertEqual(self.ask("GET", key=key).json["envs"], [])
            self.denied(self.ask("GET", "mine", key=key), 404)
            self.denied(self.ask("POST", "mine", "/swap", key=key), 404)
            self.denied(self.ask("DELETE", "mine", key=key), 404)
            self.denied(self.build("mine", key=key), 400, "context")
        run = "/api/v1/executions/" + mine["last_run"]["id"]
        self.assertEqual(self.daemon.ask_tcp("GET", run, key=two).status, 404)
        self.assertEqual(self.daemon.ask_tcp("GET", run, key=one).status, 200, "the control")
        # The same name is another environment.
        other = built(two, "mine", project("COPY a /a", a=b"of two"))
        self.assertNotEqual(other["image"], mine["image"])
        self.assertEqual(self.ask("GET", "mine", key=one).json["image"], mine["image"])
        # What is not a key's, with the grant or without.
        for key in (one, plain):
            self.denied(self.build("host", words={"project_dir": self.project}, key=key), 403)
            self.denied(self.ask("DELETE", key=key), 403)
            self.denied(self.build("net", project(), {"limits": {"network": "open"}}, key=key), 403)
        self.denied(self.build("mine", project(), key=plain), 403)
        self.denied(self.ask("GET", key=plain), 403)
        # Its room is its own: twice --max-upload.
        full = gzip.compress(project(big=bytes(3 << 19)), 1)
        built(one, "big", full)
        self.denied(self.build("more", full, key=one), 400, "context")
        built(two, "big", full)
        # Nor is their garbage: an image that the other's next build left, and a container whose owner is dead.
        newer = built(two, "mine", project("COPY a /a", a=b"of two, later"))
        dead = "0123456789abcdef"
        self.engine.make(IMAGE, "cordon-" + dead, {"io.cordon.owner": dead_owner(), "io.cordon.sandbox": dead})
        removed = self.ask("DELETE", "mine", key=one)
        self.assertEqual((removed.status, removed.json), (200, {"projects": 1, "images": 2, "containers": 1}),
                         "its own: the image, and that from before the swap, nameless since")
        self.assertIn("/cordon-" + dead, [name for one in self.engine.containers() for name in one["Names"]])
        self.assertIn(newer["image"], self.images())
        self.assertEqual([one["project"] for one in self.ask("GET", key=two).json["envs"]], ["big", "mine"])
        self.assertIn(other["image"], self.images())
        self.assertNotIn(mine["image"], self.images())
        swept = self.ask("DELETE").json
        self.assertEqual((swept["images"], swept["containers"]), (1, 1), "the control")

    def test_http_one_builds_and_a_kill_in_the_middle_is_told(self):
        self.serve()
        first = self.built("mine", project("ENV X=1"))
        slow = self.build("mine", project("RUN echo begun; sleep 1000"))
        self.wait_until("it builds", lambda: any("sleep 1000" in one["Command"] for one in self.engine.containers()))
        self.assertEqual(self.build("mine").json["id"], slow.json["id"], "who asks for the same gets the same")
        self.assertEqual(self.ask("GET", "mine").json["state"], "building")
        self.denied(self.build("mine", project()), 409)
        self.denied(self.ask("POST", "mine", "/swap"), 409)
        self.denied(self.ask("DELETE", "mine"), 409)
        self.assertEqual(self.daemon.ask("POST", "/api/v1/sandbox/kill/" + slow.json["id"]).status, 200)
        self.assertEqual(self.ended(slow)[1]["status"], "killed")
        self.wait_until("the engine ends it", lambda: not self.engine.containers())
        slow = self.build("mine")
        self.wait_until("it builds", lambda: any("sleep 1000" in one["Command"] for one in self.engine.containers()))
        self.daemon.stop(signal.SIGKILL)
        self.wait_until("the engine ends a build that nobody waits for", lambda: not self.engine.containers())
        self.daemon.start()
        told = self.ask("GET", "mine").json
        self.assertEqual((told["state"], told["image"]), ("stale", first["image"]))
        self.assertEqual((told["last_run"]["id"], told["last_run"]["status"]), (slow.json["id"], "killed"))
        self.assertRegex(told["last_run"]["error"], "^the daemon ended (while this ran|before this started)$")
        self.assertEqual(self.built("mine", project("ENV X=1"))["image"], first["image"], "and the next one builds")

    def test_http_what_comes_at_once_has_the_room_of_one_caller(self):
        self.serve("--max-upload", "32M")  # twice that for the projects of a caller
        packed = gzip.compress(project(big=bytes(40 << 20)), 1)
        answers = {}
        threads = [threading.Thread(target=lambda name=name: answers.update({name: self.build(name, packed)})) for name in ("a", "b", "c", "d")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.status for answer in answers.values()].count(202), 1, {name: answer.body for name, answer in answers.items()})
        for name, answer in answers.items():
            if answer.status == 202:
                self.assertEqual(self.ended(answer)[1]["status"], "completed")
                first = name
            else:
                self.denied(answer, 400, "context")
        projects = os.path.join(self.daemon.state, "projects")
        taken = sum(os.lstat(os.path.join(place, name)).st_blocks * 512 for place, _, names in os.walk(projects) for name in names)
        self.assertLessEqual(taken, 64 << 20)
        self.assertEqual(self.ask("DELETE", first).status, 200)
        self.assertEqual(self.build("other", packed).status, 202, "what was refused took nothing, what is removed gives it back")

    def test_http_an_odd_directory_hides_no_other(self):
        self.serve()
        self.built("fine", project("ENV X=1"))
        self.built("odd", project("ENV X=2"))
        place, = glob.glob(os.path.join(self.daemon.state, "projects", "*", "context", "odd"))
        shutil.rmtree(place)
        os.symlink("odd", place)  # to itself
        fine, odd = self.ask("GET").json["envs"]
        self.assertEqual((fine["project"], fine["state"], fine.get("error")), ("fine", "fresh", None))
        self.assertEqual((odd["project"], odd["state"]), ("odd", "gone"))
        self.assertIn(place, odd["error"])

    def test_http_without_an_engine(self):
        self.serve(host=f"unix://{self.base}/none.sock")
        for answer in (self.build("mine", project()), self.ask("GET"), self.ask("DELETE")):
            self.assertIn(f"{self.base}/none.sock", self.denied(answer, 503))
        self.denied(self.ask("GET", "mine"), 404)
