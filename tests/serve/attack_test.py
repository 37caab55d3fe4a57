"""What a hostile client tries: each attempt beside a control, where the same thing is legitimate and works."""

import json
import os
import re
import resource
import select
import socket
import subprocess
import sys
import tempfile
import unittest

import daemon as harness
from serve_test import TRACE, WithDaemon


def resident(process):
    """KiB that a process has had at most."""
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


def neighbours(identity):
    """Ids that somebody who has seen one would try next."""
    digits = identity.replace("-", "")
    for place in range(len(digits)):
        for digit in "0123456789abcdef":
            other = digits[:place] + digit + digits[place + 1:]
            if other != digits:
                yield "-".join([other[:8], other[8:12], other[12:16], other[16:20], other[20:]])


class Attacks(WithDaemon):
    """Over the Unix socket and, as a stranger or with a key, over TCP."""
    tcp = True

    def head(self, method="POST", target="/api/v1/sandbox/execute", *fields):
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def still_serves(self):
        self.assertEqual(self.execute({"command": "true"}).json["status"], "completed")

    def key(self, name):
        return harness.new_key(self.daemon, name)


class Guessing(Attacks):
    def test_ids_near_a_known_one(self):
        one, two = self.key("one"), self.key("two")
        asks = lambda identity, key: self.daemon.ask_tcp("GET", "/api/v1/sandbox/status/" + identity, key=key)
        body = {"command": "sleep", "args": ["1000"], "timeout_secs": 250, "async": True, "stdin_open": True}
        mine = self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", body, key=one).json["id"]
        self.assertEqual(asks(mine, one).status, 200, "control: its owner sees it")
        never = asks("00000000-0000-7000-8000-000000000000", two)
        connection = harness.tcp_connection(self.daemon.port)
        for identity in [mine, mine.upper(), *neighbours(mine)]:
            connection.request("GET", "/api/v1/sandbox/status/" + identity, headers={"Authorization": "Bearer " + two})
            answer = harness.Answer(connection.getresponse())
            self.assertEqual((answer.status, answer.body), (404, never.body), identity)
        connection.close()
        # Nor does anything else reach it, and it runs on.
        bytes_ = {"Content-Type": "application/octet-stream"}
        for method, target, headers in [("POST", f"/api/v1/sandbox/kill/{mine}", {}),
                                        ("GET", f"/api/v1/executions/{mine}/events", {"Last-Event-ID": "0"}),
                                        ("GET", f"/api/v1/executions/{mine}/output?offset=0", {}),
                                        ("POST", f"/api/v1/executions/{mine}/stdin?end=true", bytes_),
                                        ("DELETE", f"/api/v1/executions/{mine}", {})]:
            self.refused(self.daemon.ask_tcp(method, target, key=two, headers=headers), 404)
        self.assertEqual(self.daemon.ask_tcp("DELETE", "/api/v1/executions?older_than=1ms", key=two).json["removed"], 0)
        listed = self.daemon.ask_tcp("GET", f"/api/v1/executions?before={'f' * 36}&caller=key:one", key=two)
        self.assertEqual(listed.json["executions"], [])
        self.assertIn(asks(mine, one).json["status"], ("pending", "running"))
        self.assertEqual(self.daemon.ask_tcp("POST", f"/api/v1/sandbox/kill/{mine}", key=one).status, 200)

    def test_keys_that_are_nearly_right(self):
        key = self.key("near")
        ask = lambda value: self.daemon.ask_tcp("GET", "/api/v1/sandbox/info", headers={"Authorization": value}).status
        self.assertEqual(ask("Bearer " + key), 200, "control")
        for value in [key, "Basic " + key, "Bearer", "Bearer ", "Bearer " + key[:-1], "Bearer " + key + "0", "Bearer  " + key,
                      "Bearer " + key.upper(), "Bearer " + key + "," + key, "Bearer near", "Bearer *", "Bearer %"]:
            self.assertEqual(ask(value), 401, value)
        twice = self.head("GET", "/api/v1/sandbox/info", "Authorization: Bearer " + key, "Authorization: Bearer " + key,
                          "Connection: close")
        self.assertIn(b" 401 ", self.daemon.raw(twice, tcp=True).split(b"\r\n")[0])

    def test_the_kernel_says_who_asks_on_the_unix_socket(self):
        if os.getuid() != 0:
            self.skipTest("needs root: to be somebody else")
        daemon = harness.Daemon("--allow-uid", "4242")
        self.addCleanup(daemon.remove)
        made = daemon.ask("POST", "/api/v1/sandbox/execute", {"command": "true"}).json["id"]
        os.chmod(daemon.root, 0o755)
        script = ("import os, sys, socket; os.setgroups([]); os.setgid({uid}); os.setuid({uid})\n"
                  "s = socket.socket(socket.AF_UNIX); s.connect({path!r})\n"
                  "s.sendall(b'GET {target} HTTP/1.1\\r\\nHost: h\\r\\nAuthorization: Bearer x\\r\\nX-Forwarded-For: 127.0.0.1\\r\\n"
                  "Connection: close\\r\\n\\r\\n')\n"
                  "sys.stdout.buffer.write(s.makefile('rb').read())")

        def as_user(uid, target):
            ran = subprocess.run([sys.executable, "-c", script.format(uid=uid, path=daemon.socket, target=target)],
                                 capture_output=True, check=False)
            return ran.stdout if ran.returncode == 0 else ran.stderr

        self.assertIn(b"PermissionError", as_user(4243, "/api/v1/executions"), "the socket's mode")
        os.chmod(daemon.socket, 0o666)
        self.assertIn(b" 403 ", as_user(4243, "/api/v1/executions").split(b"\r\n")[0], "and without that the kernel's word")
        self.assertIn(b" 403 ", as_user(4243, "/no/such/route").split(b"\r\n")[0])
        self.assertIn(b" 200 ", as_user(4242, "/api/v1/executions").split(b"\r\n")[0], "control: this one is let in")
        self.assertIn(b'"executions":[]', as_user(4242, "/api/v1/executions"), "but is not root")
        self.assertIn(b" 404 ", as_user(4242, f"/api/v1/sandbox/status/{made}").split(b"\r\n")[0])


class Traversal(Attacks):
    def test_ids_are_no_paths(self):
        canary = os.path.join(self.daemon.state, "canary")
        os.mkdir(canary)
        for identity in ["..", "../canary", "%2e%2e%2fcanary", "..%2fcanary", "%252e%252e%252fcanary", "....//canary",
                         "..\\canary", "canary", "/etc/passwd", "canary%00", "~", "$HOME", "*", "%"]:
            for method, prefix, suffix in [("GET", "/api/v1/sandbox/status/", ""), ("DELETE", "/api/v1/executions/", ""),
                                           ("GET", "/api/v1/executions/", "/output"), ("POST", "/api/v1/sandbox/kill/", "")]:
                head = self.head(method, prefix + identity + suffix, "Connection: close")
                self.assertRegex(self.daemon.raw(head).split(b"\r\n")[0], rb" (400|404|405) ", identity)
        self.assertTrue(os.path.isdir(canary))

    def test_a_work_directory_is_where_the_operator_says(self):
        place = tempfile.mkdtemp(prefix="cordon-test-")
        self.addCleanup(subprocess.run, ["rm", "-rf", place], check=True)
        outside = tempfile.mkdtemp(prefix="cordon-test-")
        self.addCleanup(subprocess.run, ["rm", "-rf", outside], check=True)
        os.mkdir(place + "/job")
        os.mkdir(place + "-beside")
        self.addCleanup(os.rmdir, place + "-beside")
        os.symlink(outside, place + "/link")
        port = harness.free_port()
        daemon = harness.Daemon("--work-dir", place, "--listen", f"127.0.0.1:{port}", port=port)
        self.addCleanup(daemon.remove)
        key = harness.new_key(daemon, "jobs")
        ask = lambda directory: daemon.ask_tcp("POST", "/api/v1/sandbox/execute",
                                               {"command": "touch", "args": ["made"], "work_dir": directory}, key=key)
        self.assertEqual(ask(place + "/job").json["status"], "completed", "control")
        self.assertTrue(os.path.exists(place + "/job/made"))
        for directory in [outside, place + "/link", place + "/../" + os.path.basename(outside), place + "-beside", "/root",
                          place + "/job/../../" + os.path.basename(outside), place + "/none", "/proc/self/cwd", ""[:0] + "/"]:
            self.assertIn(ask(directory).status, (400, 403), directory)
        self.assertEqual((os.listdir(outside), os.listdir(place + "-beside")), ([], []))


class Bombs(Attacks):
    def test_heads(self):
        filler = ["X-F%d: %s" % (i, "z" * 64) for i in range(10)]
        self.assertIn(b" 200 ", self.daemon.raw(self.head("GET", "/healthz", "Connection: close", *filler)), "control")
        for fields in [["X: " + "z" * 20000], ["X-%d: z" % i for i in range(5000)], ["X" * 20000 + ": z"],
                       ["Cookie: " + "a=b; " * 5000]]:
            self.assertIn(b" 431 ", self.daemon.raw(self.head("GET", "/healthz", *fields)).split(b"\r\n")[0])
        long = self.daemon.raw(self.head("GET", "/api/v1/executions?command=" + "x" * 9000, "Connection: close"))
        self.assertRegex(long.split(b"\r\n")[0], rb" (414|431) ")
        many = self.daemon.raw(self.head("GET", "/api/v1/executions?" + "&" * 8000, "Connection: close"))
        self.assertRegex(many.split(b"\r\n")[0], rb" (200|400) ")
        self.still_serves()

    def test_json(self):
        ask = lambda raw: self.daemon.ask("POST", "/api/v1/sandbox/execute", raw=raw,
                                          headers={"Content-Type": "application/json"})
        self.assertEqual(ask(b'{"command":"true"}').status, 200, "control")
        before = resident(self.daemon.process)
        million = b",".join([b"0"] * 1000000)
        for raw in [b'{"command":' * 100000, b"[" * 4000000, b'{"command":"true","args":[' + million + b"]}", b"{" + b",".join(b'"a%d":0' % i for i in range(300000)) + b"}",
                    b'{"command":"true","timeout_secs":1e400}', b'{"command":"true","timeout_secs":' + b"9" * 100000 + b"}",
                    b'{"command":"true","memory_mb":18446744073709551616}', b'{"command":"true","cpus":NaN}',
                    b'{"command":"' + b"\\u0041" * 1000000 + b'"}', b'{"command":"tr\\u0000ue"}',
                    b'{"command":"\\ud800"}', b'{"command":"true","policy":' + b'{"a":' * 10000]:
            answer = ask(raw)
            self.assertEqual(self.refused(answer, 400)[:1] != "", True, raw[:60])
            self.assertLess(len(answer.body), 10000, "an answer is no echo")
        # More than the kernel hands to a program: that is the command's failure.
        for raw in [b'{"command":"true","args":[' + million.replace(b"0", b'""') + b"]}",
                    b'{"command":"true","env":{' + b",".join(b'"v%d":"x"' % i for i in range(300000)) + b"}}"]:
            answer = ask(raw)
            self.assertEqual((answer.status, answer.json["status"]), (200, "failed"), raw[:60])
        self.assertLess(resident(self.daemon.process) - before, 1 << 20, "KiB for 8 MiB at a time")
        self.still_serves()

    def test_a_body_is_not_believed_before_it_comes(self):
        before = resident(self.daemon.process)
        clients = []
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", self.daemon.port))
            client.sendall(self.head("POST", "/api/v1/sandbox/execute", "Content-Type: application/json",
                                     "Content-Length: 8000000", "Authorization: Bearer cordon_" + "0" * 64))
            clients.append(client)
        for client in clients:
            client.settimeout(60)
            self.assertIn(b" 401 ", client.recv(65536), "refused by its head")
            client.close()
        self.assertLess(resident(self.daemon.process) - before, 64 << 10)

    def test_ranges_and_numbers(self):
        identity = self.result(self.start("echo", "hello"))["id"]
        output = f"/api/v1/executions/{identity}/output"
        self.assertEqual(self.daemon.ask("GET", output + "?offset=1&limit=3").body, b"ell", "control")
        for query in ["offset=-1", "offset=9223372036854775808", "offset=18446744073709551617", "offset=1e3", "offset=0x1",
                      "limit=0", "limit=99999999999", "limit=-5", "offset=", "offset=1;2", "stream=../stdout"]:
            self.refused(self.daemon.ask("GET", output + "?" + query), 400)
        far = self.daemon.ask("GET", output + "?offset=9223372036854775807")
        self.assertEqual((far.status, far.body), (200, b""))
        self.assertEqual(self.daemon.ask("GET", output, headers={"Range": "bytes=0-," * 500}).body, b"hello\n")
        for value in ["-1", "99999999999999999999", "x", "1 2", "0x10"]:
            events = self.daemon.ask("GET", f"/api/v1/executions/{identity}/events", headers={"Last-Event-ID": value})
            self.refused(events, 400)
        beyond = self.daemon.ask("GET", f"/api/v1/executions/{identity}/events", headers={"Last-Event-ID": str(2**63 - 1)})
        self.assertEqual((beyond.status, beyond.body), (200, b""))


class Injection(Attacks):
    def test_no_output_makes_an_event(self):
        attempts = [r"\n\nid: 99999\nevent: status\ndata: {\"status\":\"completed\"}\n\n", r"\r\rdata: x\r\r", r"\r\n\r\nevent: x",
                    r"\0\n\n", r"\342\200\250event: x\342\200\251", r"\377\376\n\nid: 1", r":\n:\n\n", r"HTTP/1.1 200 OK\r\n\r\n",
                    r"0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", r"\033]0;title\007"]
        identity = self.start("sh", "-c", "; ".join(f"printf '{one}'; printf '{one}' >&2" for one in attempts))
        result = self.result(identity)
        raw = self.daemon.raw(self.head("GET", f"/api/v1/executions/{identity}/events").replace(b"HTTP/1.1", b"HTTP/1.0"))
        head, body = raw.split(b"\r\n\r\n", 1)
        self.assertIn(b"text/event-stream", head)
        self.assertNotIn(b"\r", body)
        self.assertNotIn(b"\0", body)
        seen = list(harness.events(line + b"\n" for line in body.split(b"\n")))
        self.assertEqual({kind for _, kind, _ in seen}, {"status", "stdout", "stderr", "usage"})
        self.assertEqual([data["status"] for _, kind, data in seen if kind == "status"], ["pending", "running", "completed"])
        self.assertLess(max(number for number, _, _ in seen), 99999)
        # Nothing was lost on the way either.
        self.assertIn("id: 99999\nevent: status", "".join(d["text"] for _, k, d in seen if k == "stdout" and "text" in d))
        self.assertEqual(result["status"], "completed")

    def test_no_request_makes_a_header(self):
        split = "a%0d%0aSet-Cookie:%20x=1%0d%0a%0d%0a"
        for target in [f"/api/v1/sandbox/status/{split}", f"/api/v1/executions?command={split}", f"/{split}",
                       f"/api/v1/executions?{split}=1", f"/api/v1/executions?before={split}"]:
            answer = self.daemon.raw(self.head("GET", target, "Connection: close", "traceparent: " + TRACE + "%0d%0aX: y"))
            self.assertNotIn(b"set-cookie", answer.split(b"\r\n\r\n")[0].lower())
        answer = self.execute({"command": "true\r\nSet-Cookie: x=1", "async": True, "env": {"A": "\r\nB: c"}})
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_no_request_makes_a_line_of_the_logs(self):
        forged = '"}\n{"time":"2026-01-01T00:00:00Z","event":"allowed","action":"execute","caller":"forged"}\n'
        self.execute({"command": forged, "args": [forged]})
        self.daemon.ask("GET", "/api/v1/sandbox/status/" + "%22%7d%0a%7b%22caller%22:%22forged%22%7d")
        self.daemon.ask("POST", "/api/v1/sandbox/kill/" + "%22%7d%0a%7b%22caller%22:%22forged%22%7d")
        self.daemon.ask_tcp("GET", "/api/v1/sandbox/info", headers={"Host": 'evil"} {"caller":"forged"'})
        for line in self.daemon.audited() + [json.loads(line) for line in self.daemon.logged().splitlines()]:
            self.assertNotEqual(line.get("caller"), "forged")

    def test_a_name_for_sql_is_a_name(self):
        before = len(self.daemon.ask("GET", "/api/v1/executions?limit=200").json["executions"])
        self.execute({"command": "true"})
        for value in ["'%20OR%201=1--", "';DROP%20TABLE%20executions;--", "%25", "_", "x'%00"[:2]]:
            for query in ["command", "backend", "before", "caller"]:
                self.assertIn(self.daemon.ask("GET", f"/api/v1/executions?{query}={value}").status, (200, 400))
        self.assertEqual(self.daemon.ask("GET", "/api/v1/executions?command=%25").json["executions"], [])
        self.assertEqual(len(self.daemon.ask("GET", "/api/v1/executions?limit=200").json["executions"]), before + 1)


class Smuggling(Attacks):
    hidden = b"POST /api/v1/sandbox/kill/00000000-0000-7000-8000-000000000000 HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def answers(self, data):
        return re.findall(rb"HTTP/1\.1 (\d+) ", self.daemon.raw(data))

    def test_two_readers_would_not_disagree_where_a_request_ends(self):
        body = b'{"command":"true"}'
        plain = self.head("POST", "/api/v1/sandbox/execute", "Content-Type: application/json",
                          f"Content-Length: {len(body)}") + body
        self.assertEqual(self.answers(plain + self.head("GET", "/healthz", "Connection: close")), [b"200", b"200"], "control")
        chunks = b"0\r\n\r\n"
        for fields, rest in [
                (["Content-Length: 5", "Transfer-Encoding: chunked"], chunks),
                (["Transfer-Encoding: chunked", "Content-Length: 500"], chunks),
                (["Content-Length: 0", "Content-Length: 90"], b""), (["Content-Length: 0, 90"], b""),
                (["Content-Length: +5"], b"12345"), (["Content-Length: 0x5"], b"12345"), (["Content-Length: 5 5"], b"12345"),
                (["Content-Length: 18446744073709551616"], b""), (["Content-Length : 5"], b"12345"),
                (["Transfer-Encoding: xchunked"], chunks), (["Transfer-Encoding: chunked, identity"], chunks),
                (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], chunks),
                (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], chunks),
                (["Transfer-Encoding:\x0bchunked"], chunks), (["Transfer-Encoding : chunked"], chunks),
                (["Transfer-Encoding: \"chunked\""], chunks), 
                (["X: a\nTransfer-Encoding: chunked"], b""), (["X: a\rTransfer-Encoding: chunked"], b""),
                (["Transfer-Encoding: chunked"], b"-1\r\n"), (["Transfer-Encoding: chunked"], b"fffffffffffffffff1\r\n"),
                (["Transfer-Encoding: chunked"], b"0x5\r\nhello\r\n0\r\n\r\n"), (["Transfer-Encoding: chunked"], b"5 5\r\nhello\r\n"),
                (["Transfer-Encoding: chunked"], b"1\nx\n0\n\n"), (["Transfer-Encoding: chunked"], b"5\r\nhelloXX0\r\n\r\n")]:
            with self.subTest(fields=fields, rest=rest):
                head = self.head("POST", "/api/v1/sandbox/execute", "Content-Type: application/json", *fields)
                got = self.answers(head + rest + self.hidden)
                # What is not one request beyond doubt ends the connection: nothing behind it is read as a request.
                self.assertEqual(len(got), 1, got)
                self.assertIn(got[0], (b"400", b"413", b"501"))

    def test_a_folded_line_is_part_of_the_value_before_it(self):
        head = self.head("GET", "/healthz", "X: y\r\n Transfer-Encoding: chunked", "Connection: close")
        self.assertEqual(self.answers(head + b"5\r\nhello\r\n0\r\n\r\n" + self.hidden), [b"200"])

    def test_what_looks_like_an_older_version_or_another_protocol(self):
        for line in [b"GET /healthz\r\n\r\n", b"GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /healthz HTTP/1.1 \r\nHost: h\r\n\r\n",
                     b"GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00",
                     b"GET\t/healthz\tHTTP/1.1\r\nHost: h\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: h\r\nX\x00: y\r\n\r\n",
                     b"CONNECT evil:80 HTTP/1.1\r\nHost: h\r\n\r\n", b"GET http://evil/healthz HTTP/1.1\r\nHost: h\r\n\r\n"]:
            with self.subTest(line):
                got = self.answers(line + b"\r\n" * 2)
                self.assertTrue(got and got[0] in (b"400", b"405", b"501", b"505"), got)
        upgrade = self.head("GET", "/healthz", "Connection: Upgrade, close", "Upgrade: h2c", "HTTP2-Settings: x")
        self.assertEqual(self.answers(upgrade), [b"200"], "no other protocol is spoken")


class Browser(Attacks):
    """A page on the same machine, which can reach TCP on loopback and nothing else."""

    def test_a_page_gets_nothing_even_with_a_key(self):
        key = self.key("browser")
        ask = lambda method="GET", **headers: self.daemon.ask_tcp(
            method, "/api/v1/sandbox/info", key=key, headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.assertEqual(ask().status, 200, "control")
        for headers in [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Origin": ""},
                        {"Origin": f"http://127.0.0.1:{self.daemon.port}"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"}, {"Host": "evil.example"}, {"Host": "localhost.evil.example"},
                        {"Host": "127.0.0.1.evil.example"}, {"Host": ""}, {"Host": "0.0.0.0"}]:
            answer = ask(**headers)
            self.assertIn(answer.status, (400, 403, 421), headers)
            self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control")])
        preflight = ask("OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="POST",
                        Access_Control_Request_Headers="authorization,content-type")
        self.assertEqual(preflight.status, 403)
        self.assertFalse([name for name in preflight.headers if name.lower().startswith("access-control")])

    def test_a_form_runs_nothing(self):
        key = self.key("form")
        ask = lambda kind: self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", {"command": "true"}, key=key,
                                               headers={"Content-Type": kind} if kind else {})
        self.assertEqual(ask("application/json; charset=utf-8").status, 200, "control")
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/mixed; boundary=x",
                     "text/plain; application/json", "application/json, text/plain"]:
            self.refused(ask(kind), 415)

    def test_a_form_with_files_needs_what_no_page_has(self):
        """The one type of body that a page can send without asking: without the key, and not in its own name."""
        key = self.key("files")
        body, kind = harness.form(("request", None, b'{"command": "cat", "args": ["a"]}'), ("files", "a", b"mine"))
        ask = lambda **more: self.daemon.ask_tcp("POST", "/api/v1/sandbox/execute", raw=body, **more)
        self.assertEqual(ask(key=key, headers={"Content-Type": kind}).json["stdout"], "mine", "control")
        self.refused(ask(headers={"Content-Type": kind}), 401)
        self.refused(ask(headers={"Content-Type": kind, "Cookie": "key=" + key}), 401)
        for name, value in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]:
            self.refused(ask(key=key, headers={"Content-Type": kind, name: value}), 403)


class Slow(Attacks):
    def test_bodies_that_never_come(self):
        clients = []
        for _ in range(100):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(self.daemon.socket)
            client.sendall(self.head("POST", "/api/v1/sandbox/execute", "Content-Type: application/json",
                                     "Content-Length: 1000000") + b"{")
            clients.append(client)
        self.still_serves()
        for client in clients:
            client.close()

    def test_answers_that_nobody_reads(self):
        script = "head -c 1000000 /dev/zero | tr '\\0' x"
        identity = self.result(self.start("sh", "-c", script))["id"]
        before = resident(self.daemon.process)
        clients = []
        for target in ["/output", "/events"] * 30:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(self.daemon.socket)
            client.sendall(self.head("GET", f"/api/v1/executions/{identity}{target}") * 20)
            clients.append(client)
        self.still_serves()
        self.assertLess(resident(self.daemon.process) - before, 256 << 10, "KiB for sixty clients that asked for 20 MB each")
        for client in clients:
            client.close()
        self.still_serves()

    def test_streams_that_nobody_reads_hold_no_command_up(self):
        identity = self.start("sh", "-c", "read line; head -c 900000 /dev/zero | tr '\\0' x; echo done >&2", stdin_open=True)
        silent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        silent.connect(self.daemon.socket)
        silent.sendall(self.head("GET", f"/api/v1/executions/{identity}/events"))
        select.select([silent], [], [], 60)
        self.daemon.ask("POST", f"/api/v1/executions/{identity}/stdin?end=true", raw=b"go\n",
                        headers={"Content-Type": "application/octet-stream"})
        self.assertEqual(self.result(identity)["stderr"], "done\n")
        silent.close()

    def test_strangers_do_not_lock_out_who_is_known(self):
        # With what the kernel grants by itself.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        prefix = ["prlimit", f"--nofile=1024:{most}"]
        port = harness.free_port()
        daemon = harness.Daemon("--listen", f"127.0.0.1:{port}", port=port, prefix=prefix)
        self.addCleanup(daemon.remove)
        strangers = []
        for _ in range(1100):
            try:
                client = socket.create_connection(("127.0.0.1", port), timeout=5)
                strangers.append(client)
                # Who has been answered may stay for a while.
                client.sendall(self.head("GET", "/healthz"))
                if not client.recv(4096):
                    break
            except OSError:
                break
        self.assertGreater(len(strangers), 1000)
        answer = daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"})
        self.assertEqual(answer.json["status"], "completed")
        for client in strangers:
            client.close()

    def test_a_log_that_nobody_reads_holds_nothing_up(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(writer, True)
        daemon = harness.Daemon(log=writer)
        self.addCleanup(daemon.remove)
        os.close(writer)
        self.assertEqual(daemon.ask("POST", "/api/v1/sandbox/execute", body={"command": "true"}).json["status"], "completed")
        self.assertEqual(daemon.stop(), 0)
        os.close(reader)


class Downgrade(Attacks):
    def test_a_stronger_tier_is_given_or_refused(self):
        self.assertEqual(self.execute({"command": "true", "tier": "light"}).json["tier"], "light", "control")
        before = self.daemon.ask("GET", "/api/v1/stats").json["completed"]
        answer = self.execute({"command": "true", "tier": "strong"})
        if answer.status == 200:
            self.assertEqual(answer.json["tier"], "strong")
        else:
            self.refused(answer, 400)
            self.assertEqual(self.daemon.ask("GET", "/api/v1/stats").json["completed"], before, "nothing ran")
        for body in [{"backend": "nonesuch"}, {"level": "off"}, {"policy": {"level": "off"}}, {"tier": "light", "level": "strict"}]:
            self.refused(self.execute({"command": "true", **body}), 400)


if __name__ == "__main__":
    unittest.main()
