"""The daemon as its users meet it: real sandboxes, a real socket, every route held against openapi.json."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import daemon as harness
import jsonschema

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class WithDaemon(unittest.TestCase):
    options = ()
    tcp = False

    @classmethod
    def setUpClass(cls):
        port = harness.free_port() if cls.tcp else None
        listen = ("--listen", f"127.0.0.1:{port}") if cls.tcp else ()
        cls.daemon = harness.Daemon(*cls.options, *listen, port=port)
        cls.addClassCleanup(cls.daemon.remove)
        cls.contract = cls.daemon.ask("GET", "/openapi.json").json

    def conforms(self, answer, method, route):
        """The answer is one that the document promises for this route."""
        operation = self.contract["paths"][route][method.lower()]
        promised = operation["responses"].get(str(answer.status))
        self.assertIsNotNone(promised, f"{method} {route} promises no {answer.status}: {answer.body[:500]}")
        if "$ref" in promised:
            promised = self.contract["components"]["responses"][promised["$ref"].split("/")[-1]]
        kind = answer.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, promised["content"])
        if kind == "application/json":
            schema = dict(promised["content"][kind]["schema"], components=self.contract["components"])
            jsonschema.Draft202012Validator(schema).validate(answer.json)
        return answer

    def ask(self, method, route, target=None, **options):
        return self.conforms(self.daemon.ask(method, target or route, **options), method, route)

    def execute(self, body, **options):
        return self.ask("POST", "/api/v1/sandbox/execute", body=body, **options)

    def start(self, *command, **body):
        answer = self.execute({"command": command[0], "args": list(command[1:]), "async": True, **body})
        self.assertEqual(answer.status, 202)
        self.assertEqual(answer.headers["Location"], "/api/v1/sandbox/status/" + answer.json["id"])
        return answer.json["id"]

    def result(self, identity):
        connection = self.daemon.connection()
        connection.request("GET", f"/api/v1/executions/{identity}/events")
        list(harness.events(connection.getresponse()))
        connection.close()
        return self.ask("GET", "/api/v1/sandbox/status/{id}", f"/api/v1/sandbox/status/{identity}").json

    def refused(self, answer, status, field=None):
        self.assertEqual(answer.status, status, answer.body)
        self.assertTrue(answer.json["message"])
        self.assertTrue(answer.json["code"])
        if field is not None:
            self.assertEqual(answer.json.get("field"), field)
        return answer.json["message"]


class Execute(WithDaemon):
    def test_answers_with_the_result(self):
        result = self.execute({"command": "sh", "args": ["-c", "cat; echo $A >&2"], "stdin": "in", "env": {"A": "b"}}).json
        self.assertEqual((result["status"], result["exit_code"], result["stdout"], result["stderr"]),
                         ("completed", 0, "in", "b\n"))

    def test_a_failure_and_a_timeout_of_the_command_are_no_errors(self):
        answer = self.execute({"command": "sh", "args": ["-c", "exit 3"]})
        self.assertEqual((answer.status, answer.json["status"], answer.json["exit_code"]), (200, "failed", 3))
        answer = self.execute({"command": "sleep", "args": ["60"], "timeout_secs": 1})
        self.assertEqual((answer.status, answer.json["status"]), (200, "timeout"))

    def test_limits_arrive(self):
        script = "cat /sys/fs/cgroup/memory.max 2>/dev/null; ulimit -a >/dev/null; echo done"
        answer = self.execute({"command": "sh", "args": ["-c", script], "memory_mb": 64, "cpus": 0.5, "pids": 20,
                               "policy": {"limits": {"timeout": "10s"}}})
        self.assertEqual(answer.json["status"], "completed", answer.body)

    def test_commands_die_of_a_broken_pipe_as_in_a_shell(self):
        result = self.execute({"command": "bash", "args": ["-c", "yes | head -n 1; echo ${PIPESTATUS[0]}"]}).json
        self.assertEqual((result["stdout"], result["stderr"]), ("y\n141\n", ""))

    def test_a_clamp_is_reported(self):
        answer = self.execute({"command": "true", "timeout_secs": 100000})
        self.assertIn("limits.timeout", [adjustment["name"] for adjustment in answer.json["adjustments"]])

    def test_bad_input_names_the_field(self):
        for body, field in [({}, "command"), ({"command": ""}, "command"), ({"command": 7}, "command"),
                            ({"command": "x", "args": "y"}, "args"), ({"command": "x", "args": [1]}, "args/0"),
                            ({"command": "x", "timeout_secs": -1}, "timeout_secs"),
                            ({"command": "x", "memory_mb": 1.5}, "memory_mb"), ({"command": "x", "cpus": 0}, "cpus"),
                            ({"command": "x", "pids": 0}, "pids"), ({"command": "x", "tier": "best"}, "tier"),
                            ({"command": "x", "level": "most"}, "level"), ({"command": "x", "network": "all"}, "network"),
                            ({"command": "x", "env": {"A": 1}}, "env/A"), ({"command": "x", "policy": "open"}, "policy"),
                            ({"command": "x", "async": "yes"}, "async"), ({"command": "x", "comand": "y"}, "comand"),
                            ({"command": "x", "stdin_open": True}, "stdin_open")]:
            with self.subTest(body):
                self.refused(self.execute(body), 400, field)
        self.assertEqual(self.refused(self.execute({}), 400), "command is required")

    def test_files_are_there_when_the_command_begins(self):
        body = {"command": "sh", "args": ["-c", "cat a/in.txt; stat -c %a run.sh; ./run.sh; od -An -tx1 bytes"]}
        listed = [{"path": "a/in.txt", "content": "gr\u00fc\u00df\n"}, {"path": "empty"},
                  {"path": "run.sh", "content": "#!/bin/sh\necho ran\n", "mode": "0755"},
                  {"path": "bytes", "content_base64": "AP8K"}]
        mapped = {"a/in.txt": "gr\u00fc\u00df\n", "run.sh": {"content": "#!/bin/sh\necho ran\n", "mode": "755"},
                  "bytes": {"content_base64": "AP8K"}}
        for files in (listed, mapped):
            jsonschema.Draft202012Validator(dict(self.contract["paths"]["/api/v1/sandbox/execute"]["post"]["requestBody"]
                                                 ["content"]["application/json"]["schema"],
                                                 components=self.contract["components"])).validate({**body, "files": files})
            self.assertEqual(self.execute({**body, "files": files}).json["stdout"],
                             "gr\u00fc\u00df\n755\nran\n 00 ff 0a\n")
        self.assertEqual(os.listdir(os.path.join(self.daemon.state, "work")), [])

    def form(self, *parts):
        body, kind = harness.form(*parts)
        return self.ask("POST", "/api/v1/sandbox/execute", raw=body, headers={"Content-Type": kind})

    def test_files_come_in_a_form_too(self):
        request = ("request", None, b'{"command": "sh", "args": ["-c", "cat a/in; ./run; stat -c %a run a/in"]}')
        answer = self.form(("files", "a/in", b"\x00bytes\r\n--=borde\n"), request, ("executables", "run", b"#!/bin/sh\necho ran\n"))
        self.assertEqual(answer.json["stdout"], "\x00bytes\r\n--=borde\nran\n755\n644\n", answer.body)
        for parts, field in [((("files", "a", b""),), "request"), ((request, request), "request"), ((request, ("file", "a", b"")), "file"),
                             ((request, ("files", None, b"")), "files"), ((request, ("files", "../a", b"")), 'files["../a"].path'),
                             ((request, ("files", "/a", b"")), 'files["/a"].path'), ((("request", None, b'{"command": 7}'),), "command"),
                             ((request, ("files", "a", b""), ("files", "a/b", b"")), 'files["a/b"].path'),
                             ((request, *[("files", f"f{i}", b"") for i in range(1001)]), "files")]:
            with self.subTest(field):
                self.refused(self.form(*parts), 400, field)
        self.refused(self.ask("POST", "/api/v1/sandbox/execute", raw=b"{}", headers={"Content-Type": "multipart/form-data"}), 400, "body")
        self.assertEqual(os.listdir(os.path.join(self.daemon.state, "work")), [])

    def test_files_that_are_wrong_are_refused_by_name(self):
        good = {"path": "a", "content": "x"}
        for files, field in [("x", "files"), ([7], "files[0]"), ([good, {"path": 7}], "files[1].path"), ([{}], "files[0].path"),
                             ([good, {"path": "../x"}], "files[1].path"), ([{"path": "/etc/x"}], "files[0].path"),
                             ([good, good], "files[1].path"), ([good, {"path": "a/b"}], "files[1].path"),
                             ([{**good, "mode": "4755"}], "files[0].mode"), ([{**good, "mode": 420}], "files[0].mode"),
                             ([{**good, "content_base64": ""}], "files[0]"), ([{**good, "contnt": ""}], "files[0].contnt"),
                             ([{"path": "a", "content_base64": "A"}], "files[0].content_base64"),
                             ({"x/../y": ""}, 'files["x/../y"].path'), ({"": "x"}, 'files[""].path'), ({"a": 7}, 'files["a"]'),
                             ([{"path": f"f{i}"} for i in range(1001)], "files")]:
            with self.subTest(field):
                self.refused(self.execute({"command": "true", "files": files}), 400, field)

    def test_files_in_a_directory_of_the_host_follow_no_link(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        os.makedirs(directory + "/job/real")
        os.mkdir(directory + "/outside")
        os.symlink("../outside", directory + "/job/link")
        os.symlink("../outside/file", directory + "/job/file")
        body = {"command": "cat", "args": ["real/new", "file"], "work_dir": directory + "/job"}
        answer = self.execute({**body, "files": {"real/new": "new", "file": "mine"}})
        self.assertEqual(answer.json["stdout"], "newmine", answer.json["stderr"])
        answer = self.execute({**body, "files": {"link/new": "new"}})
        self.assertEqual(answer.json["status"], "failed")
        self.assertIn("link/new", answer.json["error"])
        self.assertEqual(os.listdir(directory + "/outside"), [])

    def test_a_policy_that_is_wrong_is_refused_with_its_place(self):
        message = self.refused(self.execute({"command": "true", "policy": {"limits": {"memory": "12Q"}}}), 400)
        self.assertIn("limits", message)

    def test_what_is_no_json_object_is_refused(self):
        for raw in [b"", b"{", b"[]", b"7", b'{"command": "true"} x', b'{"a":' * 5000, b"[" * 100000, b"\xff\xfe{}",
                    b'{"command": "\xff"}']:
            with self.subTest(raw[:20]):
                answer = self.daemon.ask("POST", "/api/v1/sandbox/execute", raw=raw,
                                         headers={"Content-Type": "application/json"})
                self.assertEqual(self.refused(answer, 400), "invalid request body")

    def test_the_body_is_json_and_not_too_long(self):
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed"]:
            answer = self.daemon.ask("POST", "/api/v1/sandbox/execute", raw=b"{}", headers={"Content-Type": kind})
            self.refused(answer, 415)
        head = (b"POST /api/v1/sandbox/execute HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                b"Content-Length: 99999999\r\n\r\n")
        self.assertIn(b" 413 ", self.daemon.raw(head))

    def test_a_trace_is_passed_on(self):
        body = {"command": "sh", "args": ["-c", "echo $TRACEPARENT"]}
        answer = self.execute(body, headers={"traceparent": TRACE})
        self.assertEqual(answer.json["stdout"], TRACE + "\n")
        record = self.ask("GET", "/api/v1/executions/{id}", "/api/v1/executions/" + answer.json["id"]).json
        self.assertEqual(record["trace"], TRACE)
        self.assertEqual(self.execute(body, headers={"traceparent": "00-x"}).json["stdout"], "\n")

    def test_a_client_that_goes_away_takes_its_command_along(self):
        connection = self.daemon.connection()
        body = json.dumps({"command": "sleep", "args": ["3600"], "timeout_secs": 250})
        connection.request("POST", "/api/v1/sandbox/execute", body, {"Content-Type": "application/json"})
        while True:
            mine = [e for e in self.ask("GET", "/api/v1/executions").json["executions"] if e["args"] == ["3600"]]
            if mine:
                break
        connection.close()
        self.assertEqual(self.result(mine[0]["id"])["status"], "killed")


class HungEngine(WithDaemon):
    """A container engine that takes connections and says nothing."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="cordon-test-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        cls.engine.bind(cls.place + "/engine.sock")
        cls.engine.listen(128)
        cls.connections = []
        threading.Thread(target=cls.take_connections, daemon=True).start()
        cls.addClassCleanup(cls.hang_up)
        cls.daemon = harness.Daemon(environment={"DOCKER_HOST": f"unix://{cls.place}/engine.sock"})
        cls.addClassCleanup(cls.daemon.remove)
        cls.contract = cls.daemon.ask("GET", "/openapi.json").json

    @classmethod
    def take_connections(cls):
        try:
            while True:
                cls.connections.append(cls.engine.accept()[0])
        except OSError:
            pass  # hung up

    @classmethod
    def hang_up(cls):
        with contextlib.suppress(OSError):  # done already
            cls.engine.shutdown(socket.SHUT_RDWR)
        cls.engine.close()
        for connection in cls.connections:
            connection.close()

    def test_holds_up_nothing_that_does_not_need_it(self):
        before = len(self.connections)
        raw, kind = harness.form(("env", None, b"{}"), ("context", "c.tar", b""))
        of_it = [("GET", "/api/v1/envs", {}), ("DELETE", "/api/v1/envs", {}),
                 ("POST", "/api/v1/envs/x/build", {"raw": raw, "headers": {"Content-Type": kind}}),
                 ("POST", "/api/v1/sandbox/execute", {"body": {"command": "true", "backend": "docker", "image": "x"}}),
                 ("POST", "/api/v1/jobs", {"body": {"cmd": ["true"], "backend": "docker", "image": "x"}})] * 2
        waiting = [threading.Thread(target=self.daemon.ask, args=words, kwargs=more) for *words, more in of_it]
        for thread in waiting:
            thread.start()
        while len(self.connections) < before + 2:
            time.sleep(0.01)
        for _ in range(3):
            self.assertEqual(self.execute({"command": "echo", "args": ["on"]}).json["stdout"], "on\n")
            job = self.ask("POST", "/api/v1/jobs", body={"cmd": ["sh", "-c", "echo x >a"], "collect": ["a"]}).json
            self.assertEqual((job["status"], [one["path"] for one in job["artifacts"]]), ("completed", ["a"]))
            self.assertEqual(self.result(self.start("true"))["status"], "completed")
        self.assertTrue(any(thread.is_alive() for thread in waiting), "the control: the engine was waited for")
        self.hang_up()
        for thread in waiting:
            thread.join()


class Executions(WithDaemon):
    def test_kill_and_status(self):
        identity = self.start("sleep", "1000", timeout_secs=200)
        killed = self.ask("POST", "/api/v1/sandbox/kill/{id}", f"/api/v1/sandbox/kill/{identity}")
        self.assertEqual(killed.json, {"status": "killed", "message": "execution killed successfully"})
        self.assertEqual(self.result(identity)["status"], "killed")

    def test_strange_ids_are_not_found(self):
        for identity in ["x", "00000000-0000-7000-8000-000000000000", "..%5c", "a%00"[:1], "%27%20OR%201=1", "A" * 4000]:
            for method, route in [("GET", "/api/v1/sandbox/status/{id}"), ("POST", "/api/v1/sandbox/kill/{id}"),
                                  ("GET", "/api/v1/executions/{id}"), ("DELETE", "/api/v1/executions/{id}"),
                                  ("GET", "/api/v1/executions/{id}/events"), ("GET", "/api/v1/executions/{id}/output"),
                                  ("POST", "/api/v1/executions/{id}/stdin")]:
                with self.subTest(identity[:20] + " " + route):
                    answer = self.ask(method, route, route.replace("{id}", identity))
                    self.assertEqual(self.refused(answer, 404), "execution not found")

    def test_list_is_newest_first_filtered_and_paged(self):
        mine = [self.result(self.start("sh", "-c", f"exit {i % 2}"))["id"] for i in range(5)]
        listed = self.ask("GET", "/api/v1/executions", "/api/v1/executions?limit=200").json["executions"]
        self.assertEqual([e["id"] for e in listed if e["id"] in mine], mine[::-1])
        failed = self.ask("GET", "/api/v1/executions", "/api/v1/executions?status=failed&limit=200").json["executions"]
        self.assertEqual([e["id"] for e in failed if e["id"] in mine], [mine[3], mine[1]])
        page = self.ask("GET", "/api/v1/executions", "/api/v1/executions?limit=2").json
        self.assertEqual(len(page["executions"]), 2)
        after = self.ask("GET", "/api/v1/executions", "/api/v1/executions?limit=2&before=" + page["next"]).json
        self.assertFalse({e["id"] for e in page["executions"]} & {e["id"] for e in after["executions"]})
        for query, field in [("limit=0", "limit"), ("limit=x", "limit"), ("status=odd", "status"), ("colour=red", "colour"),
                             ("created_after=yesterday", "created_after")]:
            self.refused(self.ask("GET", "/api/v1/executions", "/api/v1/executions?" + query), 400, field)

    def test_remove_and_prune(self):
        identity = self.result(self.start("true"))["id"]
        self.ask("DELETE", "/api/v1/executions/{id}", f"/api/v1/executions/{identity}")
        self.assertEqual(self.daemon.ask("GET", f"/api/v1/executions/{identity}").status, 404)
        running = self.start("sleep", "1000", timeout_secs=200)
        self.refused(self.ask("DELETE", "/api/v1/executions/{id}", f"/api/v1/executions/{running}"), 409)
        self.daemon.ask("POST", f"/api/v1/sandbox/kill/{running}")
        self.refused(self.ask("DELETE", "/api/v1/executions"), 400, "older_than")
        self.ask("DELETE", "/api/v1/executions", "/api/v1/executions?older_than=24h")

    def test_events_are_live_framed_and_resumable(self):
        script = r"printf 'one\n\nevent: forged\ndata: x\n\n'; read line; echo $line; printf '\377' >&2"
        identity = self.start("sh", "-c", script, stdin_open=True)
        connection = self.daemon.connection()
        connection.request("GET", f"/api/v1/executions/{identity}/events")
        response = connection.getresponse()
        self.assertEqual(response.headers["Content-Type"], "text/event-stream")
        stream = harness.events(response)
        seen, text = [], ""
        while "forged" not in text or not text.endswith("\n\n"):
            seen.append(next(stream))
            text += seen[-1][2].get("text", "")
        self.assertEqual(text, "one\n\nevent: forged\ndata: x\n\n")
        stdin = f"/api/v1/executions/{identity}/stdin"
        self.assertEqual(self.ask("POST", "/api/v1/executions/{id}/stdin", stdin).json, {"accepted": 0, "closed": False})
        taken = self.ask("POST", "/api/v1/executions/{id}/stdin", stdin + "?end=true", raw=b"two\n",
                         headers={"Content-Type": "application/octet-stream"})
        self.assertEqual(taken.json, {"accepted": 4, "closed": True})
        seen += list(stream)
        connection.close()
        schema = dict(self.contract["components"]["schemas"]["Event"], components=self.contract["components"])
        for number, kind, data in seen:
            jsonschema.Draft202012Validator(schema).validate(data)
        kinds = [kind for _, kind, _ in seen]
        self.assertEqual(set(kinds), {"status", "stdout", "stderr", "usage"})
        self.assertEqual(seen[-1][2]["status"], "completed")
        numbers = [number for number, _, _ in seen]
        self.assertEqual(numbers, sorted(set(numbers)))

        for cut in (0, len(seen) // 2, len(seen) - 1):
            connection.request("GET", f"/api/v1/executions/{identity}/events", headers={"Last-Event-ID": str(numbers[cut])})
            rest = list(harness.events(connection.getresponse()))
            connection.close()
            before = "".join(d.get("text", "") for _, k, d in seen[:cut + 1] if k == "stdout")
            after = "".join(d.get("text", "") for _, k, d in rest if k == "stdout")
            self.assertEqual(before + after, text + "two\n")
        closed = self.ask("POST", "/api/v1/executions/{id}/stdin", stdin, raw=b"more",
                          headers={"Content-Type": "application/octet-stream"})
        self.refused(closed, 409)

    def test_output_is_the_bytes_themselves(self):
        identity = self.result(self.start("sh", "-c", r"printf 'a\000\377b'"))["id"]
        answer = self.ask("GET", "/api/v1/executions/{id}/output", f"/api/v1/executions/{identity}/output?offset=1&limit=2")
        self.assertEqual(answer.body, b"\x00\xff")
        self.assertEqual(answer.headers["Cordon-Output-Total"], "4")
        bad = self.ask("GET", "/api/v1/executions/{id}/output", f"/api/v1/executions/{identity}/output?stream=both")
        self.refused(bad, 400, "stream")


class Operations(WithDaemon):
    def test_info_and_the_network_switch(self):
        info = self.ask("GET", "/api/v1/sandbox/info").json
        self.assertEqual((info["default_timeout"], info["max_timeout"]), ("5m0s", "5m0s"))
        self.refused(self.ask("PATCH", "/api/v1/sandbox/config", body={}), 400, "network_enabled")
        self.refused(self.ask("PATCH", "/api/v1/sandbox/config", body={"network_enabled": "x"}), 400, "network_enabled")
        self.refused(self.execute({"command": "true", "network": "open"}), 403)
        for state in (True, False):
            changed = self.ask("PATCH", "/api/v1/sandbox/config", body={"network_enabled": state})
            self.assertEqual(changed.json["network_enabled"], state)

    def test_health_metrics_stats_and_backends(self):
        self.daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"})
        self.assertEqual(self.ask("GET", "/healthz").json, {"status": "ok"})
        self.assertEqual(self.ask("GET", "/readyz").json, {"status": "ready"})
        metrics = self.ask("GET", "/metrics").body.decode()
        completed = re.search(r'^cordon_executions_total\{status="completed"\} (\d+)$', metrics, re.M)
        self.assertGreaterEqual(int(completed.group(1)), 1)
        for line in metrics.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) cordon_\w+ .+|cordon_\w+(\{\w+=\"\w+\"\})? \d+)$")
        self.assertGreaterEqual(self.ask("GET", "/api/v1/stats").json["completed"], 1)
        self.assertIn("tiers", self.ask("GET", "/api/v1/backends").json)

    def test_every_route_of_the_contract_is_there_and_no_other_method(self):
        for route, operations in self.contract["paths"].items():
            target = route.replace("{id}", "x")
            answer = self.daemon.ask("PUT", target)
            self.refused(answer, 405)
            allowed = {method.upper() for method in operations}
            self.assertEqual(set(answer.headers["Allow"].split(", ")), allowed | ({"HEAD"} if "GET" in allowed else set()))
        for target in ["/", "/api", "/api/v1/sandbox", "/api/v1/sandbox/status", "/API/v1/sandbox/info", "/healthz/x"]:
            self.refused(self.daemon.ask("GET", target), 404)

    def test_paths_that_two_readers_read_differently_are_refused(self):
        for target in ["/api/v1/../v1/sandbox/info", "/api/v1/executions/..%2f..%2fetc", "/%2e%2e/etc/passwd", "//healthz",
                       "http://localhost/healthz", "/api/v1/executions/%", "/api/v1/executions/a%00b"]:
            answer = self.daemon.raw(f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            self.assertIn(b" 400 ", answer.split(b"\r\n")[0], target)

    def test_the_audit_log_has_a_line_a_decision(self):
        result = self.daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"}, headers={"traceparent": TRACE})
        self.daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true", "network": "open"})
        lines = self.daemon.audited()
        allowed = [line for line in lines if line.get("id") == result.json["id"]]
        self.assertEqual([(l["event"], l["action"], l["caller"], l["trace"]) for l in allowed],
                         [("allowed", "execute", f"uid:{os.getuid()}", TRACE)])
        self.assertTrue([line for line in lines if line["event"] == "refused" and line["action"] == "execute"])

    def test_audit_events_are_read_newest_first_and_in_pages(self):
        first = self.daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"}).json["id"]
        self.daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true", "network": "open"})
        events = self.ask("GET", "/api/v1/audit", "/api/v1/audit?limit=2").json["events"]
        self.assertEqual([event["decision"] for event in events], ["refused", "allowed"])
        self.assertEqual((events[1]["execution"], events[1]["action"], events[1]["caller"]),
                         (first, "execute", f"uid:{os.getuid()}"))
        older = self.ask("GET", "/api/v1/audit", f"/api/v1/audit?limit=1&before={events[0]['id']}").json["events"]
        self.assertEqual(older, events[1:])
        self.refused(self.ask("GET", "/api/v1/audit", "/api/v1/audit?limit=0"), 400, "limit")


class Wire(WithDaemon):
    def test_pipelined_requests_are_answered_in_order(self):
        body = b'{"command":"echo","args":["%d"]}'
        requests = b""
        for i in range(5):
            text = body % i
            requests += (b"POST /api/v1/sandbox/execute HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(text)) + text
        requests += b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        answer = self.daemon.raw(requests)
        self.assertEqual(re.findall(rb'"stdout":"(\d)', answer), [b"0", b"1", b"2", b"3", b"4"])
        self.assertTrue(answer.endswith(b'{"status":"ok"}'))

    def test_a_head_bomb_is_refused(self):
        answer = self.daemon.raw(b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"X-Y: z\r\n" * 5000)
        self.assertIn(b" 431 ", answer)

    def test_a_slow_client_holds_nobody_up(self):
        slow = []
        for _ in range(50):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(self.daemon.socket)
            client.sendall(b"POST /api/v1/sandbox/execute HTTP/1.1\r\nHost: h")
            slow.append(client)
        self.assertEqual(self.execute({"command": "true"}).json["status"], "completed")
        for client in slow:
            client.settimeout(60)
            self.assertIn(b" 408 ", client.recv(65536))
            client.close()

    def test_the_socket_is_this_users_alone(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.daemon.socket).st_mode), 0o600)
        for name in ["audit.jsonl"]:
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.daemon.state, name)).st_mode), 0o600)

    def test_a_page_in_a_browser_is_refused(self):
        for headers in [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]:
            self.refused(self.daemon.ask("GET", "/api/v1/sandbox/info", headers=headers), 403)


class Keys(WithDaemon):
    tcp = True

    def new_key(self, name, *words):
        return harness.new_key(self.daemon, name, *words)

    def test_no_key_no_answer(self):
        self.refused(self.daemon.ask_tcp("GET", "/api/v1/sandbox/info"), 401)
        self.refused(self.daemon.ask_tcp("GET", "/no/such/route"), 401)
        self.refused(self.daemon.ask_tcp("GET", "/api/v1/sandbox/info", key="cordon_" + "0" * 64), 401)
        self.assertEqual(self.daemon.ask_tcp("GET", "/healthz").status, 200)

    def test_two_keys_do_not_see_each_other(self):
        one, two = self.new_key("one"), self.new_key("two")
        made = self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", {"command": "echo", "args": ["secret"]}, key=one)
        self.assertEqual(made.status, 200, made.body)
        identity = made.json["id"]
        for method, target in [("GET", f"/api/v1/sandbox/status/{identity}"), ("POST", f"/api/v1/sandbox/kill/{identity}"),
                               ("GET", f"/api/v1/executions/{identity}"), ("DELETE", f"/api/v1/executions/{identity}"),
                               ("GET", f"/api/v1/executions/{identity}/events"),
                               ("GET", f"/api/v1/executions/{identity}/output"),
                               ("POST", f"/api/v1/executions/{identity}/stdin")]:
            self.refused(self.daemon.ask_tcp(method, target, key=two), 404)
        self.assertEqual(self.daemon.ask_tcp("GET", "/api/v1/executions", key=two).json["executions"], [])
        spoof = self.daemon.ask_tcp("GET", "/api/v1/executions?caller=key:one", key=two)
        self.assertNotIn(identity, spoof.body.decode())
        self.assertEqual(self.daemon.ask_tcp("GET", f"/api/v1/sandbox/status/{identity}", key=one).status, 200)

    def test_a_key_cannot_reach_the_host(self):
        key = self.new_key("narrow")
        ask = lambda body: self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", body, key=key)
        self.refused(ask({"command": "true", "work_dir": "/etc"}), 403)
        wide = {"command": "true", "policy": {"filesystem": {"read": ["/root"]}}}
        self.refused(ask(wide), 400)
        self.assertEqual(self.daemon.ask("POST", "/api/v1/sandbox/execute", body=wide).status, 200)
        self.refused(ask({"command": "true", "policy": {"preset": "off"}}), 400)
        self.refused(ask({"command": "true", "network": "open"}), 403)
        self.refused(self.daemon.ask_tcp("PATCH", "/api/v1/sandbox/config", {"network_enabled": True}, key=key), 403)
        self.refused(self.daemon.ask_tcp("GET", "/api/v1/audit", key=key), 403)
        self.assertEqual(ask({"command": "touch", "args": ["mine"]}).json["status"], "completed")
        leak = ask({"command": "sh", "args": ["-c", "echo $HOME_OF_DAEMON"], "policy": {"env": {"pass": ["HOME_OF_DAEMON"]}}})
        self.assertNotIn("secret of the daemon", leak.body.decode())
        # The administrator may have it: the variable is there to be had.
        body = {"command": "sh", "args": ["-c", "echo $HOME_OF_DAEMON"], "policy": {"env": {"pass": ["HOME_OF_DAEMON"]}}}
        self.assertIn("secret of the daemon", self.daemon.ask("POST", "/api/v1/sandbox/execute", body=body).body.decode())

    def test_quotas_hold(self):
        key = self.new_key("small", "--running", "1", "--queued", "0")
        body = {"command": "sleep", "args": ["1000"], "timeout_secs": 200, "async": True}
        first = self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", body, key=key)
        self.assertEqual(first.status, 202, first.body)
        second = self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", body, key=key)
        self.refused(second, 429)
        self.assertTrue(second.headers["Retry-After"])
        self.daemon.ask_tcp("POST", "/api/v1/sandbox/kill/" + first.json["id"], key=key)

    def test_a_revoked_key_ends(self):
        key = self.new_key("gone")
        self.assertEqual(self.daemon.keys("revoke", "gone").returncode, 0)
        while self.daemon.ask_tcp("GET", "/api/v1/sandbox/info", key=key).status != 401:
            time.sleep(0.05)
        self.assertNotEqual(self.daemon.keys("revoke", "gone").returncode, 0)

    def test_a_key_is_kept_as_its_hash(self):
        key = self.new_key("hashed")
        path = os.path.join(self.daemon.state, "keys.json")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn(key, text)
        self.assertNotIn(key[len("cordon_"):], text)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertIn("hashed", self.daemon.keys("list").stdout)
        self.assertNotIn(key, self.daemon.keys("list").stdout)

    def test_a_rebound_name_is_refused(self):
        key = self.new_key("rebound")
        ask = lambda host: self.daemon.ask_tcp("GET", "/api/v1/sandbox/info", key=key, headers={"Host": host})
        self.refused(ask("evil.example"), 421)
        self.assertEqual(ask("localhost:1").status, 200)


class Encrypted(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.cert, self.key = harness.certificate(self.directory)

    def test_tls_with_own_certificate(self):
        port = harness.free_port()
        daemon = harness.Daemon("--listen", f"127.0.0.1:{port}", "--tls-cert", self.cert, "--tls-key", self.key, port=port)
        self.addCleanup(daemon.remove)
        trusting = harness.trusting(self.cert)
        self.assertEqual(daemon.ask_tcp("GET", "/healthz", context=trusting).status, 200)
        self.assertEqual(daemon.ask_tcp("GET", "/api/v1/stats", context=trusting).status, 401)
        with self.assertRaises(ssl.SSLError):
            daemon.ask_tcp("GET", "/healthz", context=ssl.create_default_context())
        old = harness.trusting(self.cert)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, OSError)):
            daemon.ask_tcp("GET", "/healthz", context=old)

    def test_the_network_needs_encryption_or_words(self):
        refused = subprocess.run([harness.CORDON, "serve", "--listen", "0.0.0.0:1"], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(refused.returncode, 125)
        self.assertIn("--plain-text-over-the-network", refused.stderr)

    def test_a_key_that_everybody_can_read_is_refused(self):
        os.chmod(self.key, 0o644)
        with self.assertRaisesRegex(AssertionError, "private key"):
            harness.Daemon("--listen", "127.0.0.1:0", "--tls-cert", self.cert, "--tls-key", self.key)


class Life(unittest.TestCase):
    def daemon(self, *options, **more):
        daemon = harness.Daemon(*options, **more)
        self.addCleanup(daemon.remove)
        return daemon

    def test_says_once_that_it_is_ready_and_ends_when_asked(self):
        daemon = self.daemon()
        self.assertEqual(daemon.ready, f"cordon: ready on unix:{daemon.socket}\n")
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.exists(daemon.socket))
        for line in daemon.logged().splitlines():
            self.assertIn("event", json.loads(line))

    def test_ends_after_what_runs_and_takes_nothing_new(self):
        daemon = self.daemon()
        connection = daemon.connection()
        body = json.dumps({"command": "sh", "args": ["-c", "echo begun; sleep 2; echo done"]})
        connection.request("POST", "/api/v1/sandbox/execute", body, {"Content-Type": "application/json"})
        while not daemon.ask("GET", "/api/v1/stats").json["running"]:
            pass
        daemon.process.send_signal(signal.SIGTERM)
        while daemon.ask("GET", "/readyz").status != 503:
            pass
        self.assertEqual(daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"}).status, 503)
        self.assertEqual(harness.Answer(connection.getresponse()).json["stdout"], "begun\ndone\n")
        self.assertEqual(daemon.stop(), 0)

    def test_a_second_signal_ends_what_runs(self):
        daemon = self.daemon()
        daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "sleep", "args": ["1000"], "async": True})
        while not daemon.ask("GET", "/api/v1/stats").json["running"]:
            pass
        daemon.process.send_signal(signal.SIGTERM)
        while daemon.ask("GET", "/readyz").status != 503:
            pass
        self.assertEqual(daemon.stop(), 0)

    def test_a_socket_that_was_left_behind_is_replaced_and_a_living_one_is_not(self):
        daemon = self.daemon()
        daemon.process.kill()
        daemon.process.wait()
        daemon.process.stdout.close()
        self.assertTrue(os.path.exists(daemon.socket))
        daemon.start()
        self.assertEqual(daemon.ask("GET", "/healthz").status, 200)
        other = subprocess.run([harness.CORDON, "serve", "--socket", daemon.socket, "--state-dir", daemon.root + "/other"],
                               capture_output=True, text=True, check=False)
        self.assertEqual(other.returncode, 125)
        self.assertIn("another process listens", other.stderr)
        same = subprocess.run([harness.CORDON, "serve", "--socket", daemon.root + "/other.sock", "--state-dir", daemon.state],
                              capture_output=True, text=True, check=False)
        self.assertEqual(same.returncode, 125)
        self.assertIn(daemon.state, same.stderr)

    def test_what_ran_is_remembered_after_a_kill(self):
        daemon = self.daemon()
        done = daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "echo", "args": ["kept"]}).json["id"]
        body = {"command": "sleep", "args": ["1000"], "timeout_secs": 200, "async": True}
        running = daemon.ask("POST", "/api/v1/sandbox/execute", body=body).json["id"]
        daemon.ask("PATCH", "/api/v1/sandbox/config", body={"network_enabled": True})
        daemon.process.kill()
        daemon.process.wait()
        daemon.process.stdout.close()
        daemon.log.close()
        daemon.start()
        self.assertEqual(daemon.ask("GET", f"/api/v1/executions/{done}/output").body, b"kept\n")
        interrupted = daemon.ask("GET", f"/api/v1/sandbox/status/{running}").json
        self.assertEqual(interrupted["status"], "killed")
        self.assertTrue(interrupted["error"])
        self.assertTrue(daemon.ask("GET", "/api/v1/sandbox/info").json["network_enabled"])

    def test_options_come_from_a_file_with_the_same_words(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "serve.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('default-timeout = "10s"\nmax-timeout = "20s"\nmax-queued = 7\n')
        daemon = self.daemon("--config", path)
        info = daemon.ask("GET", "/api/v1/sandbox/info").json
        self.assertEqual((info["default_timeout"], info["max_timeout"]), ("10s", "20s"))
        self.assertEqual(daemon.ask("GET", "/api/v1/stats").json["max_queued"], 7)
        with open(path, "w", encoding="utf-8") as file:
            file.write("max-quued = 7\n")
        refused = subprocess.run([harness.CORDON, "serve", "--config", path], capture_output=True, text=True, check=False)
        self.assertIn("max-quued", refused.stderr)

    def test_the_service_manager_hears_of_it(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        place = os.path.join(directory, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(place)
            heard.settimeout(60)
            daemon = self.daemon(environment={"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "200000"})
            self.assertEqual(heard.recv(100), b"READY=1")
            self.assertEqual(heard.recv(100), b"WATCHDOG=1")
            daemon.stop()
            while heard.recv(100) != b"STOPPING=1":
                pass

    def test_takes_over_sockets_that_are_open_already(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "activated.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen()
            script = 'exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve --state-dir "$1"'
            process = subprocess.Popen(["sh", "-c", script, harness.CORDON, directory + "/state"], stdin=listener,
                                       stdout=subprocess.PIPE)
            process.stdout.readline()
            self.assertEqual(harness.exchange(harness.UnixConnection(path), "GET", "/healthz").status, 200)
            process.terminate()
            self.assertEqual(process.wait(60), 0)
            process.stdout.close()


class Kept(unittest.TestCase):
    """How long things are kept, as the operator says."""

    def daemon(self, *options):
        daemon = harness.Daemon(*options)
        self.addCleanup(daemon.remove)
        return daemon

    def run_one(self, daemon, script="true"):
        return daemon.ask("POST", "/api/v1/sandbox/execute", {"command": "sh", "args": ["-c", script]}).json["id"]

    def records(self, daemon):
        return {one["id"]: one for one in daemon.ask("GET", "/api/v1/executions?limit=200").json["executions"]}

    def test_records_beyond_the_number_go_oldest_first(self):
        daemon = self.daemon("--max-records", "3")
        ran = [self.run_one(daemon) for _ in range(5)]
        self.assertEqual(set(self.records(daemon)), set(ran[2:]))

    def test_output_beyond_the_quota_goes_oldest_first(self):
        daemon = self.daemon("--output-quota", "40K")
        ran = [self.run_one(daemon, "head -c 15000 /dev/zero") for _ in range(4)]
        records = self.records(daemon)
        self.assertEqual([records[one]["output_expired"] for one in ran], [True, True, False, False])

    def test_output_and_records_have_a_time_to_live(self):
        daemon = self.daemon()
        one = self.run_one(daemon, "echo text")
        self.assertFalse(self.records(daemon)[one]["output_expired"])
        daemon.stop()
        daemon.options = ("--output-lifetime", "1ms")
        daemon.start()
        while not self.records(daemon)[one]["output_expired"]:
            pass
        self.assertEqual(daemon.ask("GET", f"/api/v1/executions/{one}/output").status, 404)
        daemon.stop()
        daemon.options = ("--record-lifetime", "1ms")
        daemon.start()
        while one in self.records(daemon):
            pass


    def test_a_damaged_journal_is_kept_and_told_at_the_start(self):
        daemon = self.daemon()
        daemon.stop()
        self.assertNotIn("damaged journal", daemon.logged())
        with open(os.path.join(daemon.state, "ended"), "wb") as file:
            file.write(b"x" * 100)
        daemon.start()
        told = [json.loads(line) for line in daemon.logged().splitlines() if '"damaged journal"' in line]
        aside = os.path.join(daemon.state, "ended.damaged")
        self.assertEqual([line["kept"] for line in told], [aside])
        self.assertEqual(os.path.getsize(aside), 100)
        self.assertEqual(len(self.records(daemon)), 0)


class Manual(WithDaemon):
    def test_the_examples_of_the_manual_work(self):
        root = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "serve.md")
        with open(root, encoding="utf-8") as file:
            examples = [block for block in re.findall(r"```sh\n(.*?)```", file.read(), re.S) if "curl" in block]
        self.assertEqual(len(examples), 4)
        script = "set -eu\n" + "\n".join(examples).replace("S=/run/cordon.sock", "S=" + self.daemon.socket)
        ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, cwd=self.daemon.root)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn('"stdout":"Linux\\n"', ran.stdout)
        self.assertIn('"stdout":"42\\n"', ran.stdout)
        self.assertEqual(ran.stdout.count('"status":"completed"'), 4)
        self.assertIn("13 main.py\n", ran.stdout)
        with open(os.path.join(self.daemon.root, "report"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "13 main.py\n")
        self.assertEqual(ran.stdout.count("event: stdout"), ran.stdout.count('"text":'))


if __name__ == "__main__":
    unittest.main()
