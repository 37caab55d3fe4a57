"""Jobs over HTTP: a daemon, tars that people and attackers send, and what comes back; every answer held against openapi.json."""

import gzip
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import unittest
from base64 import b64encode
from urllib.parse import quote

import daemon as harness
from attack_test import resident
from serve_test import WithDaemon

JOBS = "/api/v1/jobs"


def tar(**files):
    """Names and contents; a content that is a TarInfo stands for itself."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info is not content:
                info.size = len(content)
            archive.addfile(info, None if info is content else io.BytesIO(content))
    return made.getvalue()


def entry(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def sparse(pieces, data=b""):
    """A file of GNU tar's newest sparse form: the map stands before the data."""
    text = "".join(f"{number}\n" for number in [len(pieces), *(number for piece in pieces for number in piece)]).encode()
    content = text + bytes(-len(text) % 512) + data
    info = tarfile.TarInfo("s")
    size = max((offset + length for offset, length in pieces), default=0)
    info.size, info.pax_headers = len(content), {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sparse",
                                                 "GNU.sparse.realsize": str(size)}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(content))
    return gzip.compress(made.getvalue(), 9)


class Jobs(WithDaemon):
    tcp = True

    def send(self, job, packed=None, key=None, kind=None, **options):
        """As a form where there is a tar, else as JSON."""
        if packed is None:
            raw, kind = json.dumps(job).encode(), kind or "application/json"
        else:
            raw, kind = harness.form(("job", None, json.dumps(job).encode()), ("input", "input.tar", packed))
        ask = self.daemon.ask_tcp if key else self.daemon.ask
        more = {"key": key} if key else {}
        return self.conforms(ask("POST", JOBS, raw=raw, headers={"Content-Type": kind}, **more, **options), "POST", JOBS)

    def shell(self, script, packed=None, **job):
        return self.send({"cmd": ["sh", "-c", script], **job}, packed)

    def job(self, method, identity, what="", query="", **options):
        route = JOBS + "/{id}" + what
        return self.ask(method, route, f"{JOBS}/{identity}{what}{query}", **options)

    def ended(self, identity):
        """Waits for the end, by the events."""
        self.job("GET", identity, "/events")
        return self.job("GET", identity).json

    def nothing_left(self):
        self.assertEqual(os.listdir(os.path.join(self.daemon.state, "work")), [])


class Ways(Jobs):
    """What a user does."""

    def test_files_in_and_files_out(self):
        answer = self.shell("cat src/a; mkdir -p out/deep; echo b >out/deep/b; echo c >c.log; echo oops >&2; exit 3",
                            tar(**{"src/a": b"in\n"}), collect=["out", "*.log", "none"], limits={"timeout": "1m", "pids": 20})
        result = answer.json
        self.assertEqual((result["status"], result["exit_code"], result["stdout"], result["stderr"]), ("failed", 3, "in\n", "oops\n"))
        self.assertEqual([one["path"] for one in result["artifacts"]], ["c.log", "out/deep/b"])
        self.assertEqual((result["missing"], result["reached"], result["input"]["entries"]), (["none"], "ended", 2))
        self.assertEqual(self.job("GET", result["id"]).json, result)
        packed = self.job("GET", result["id"], "/artifacts")
        with tarfile.open(fileobj=io.BytesIO(packed.body)) as archive:
            self.assertEqual(archive.extractfile("out/deep/b").read(), b"b\n")
        one = self.job("GET", result["id"], "/artifacts", "?path=out/deep/b")
        self.assertEqual((one.body, one.headers["Content-Disposition"]), (b"b\n", "attachment"))
        self.assertEqual(self.job("GET", result["id"], "/output", "?stream=stderr").body, b"oops\n")
        self.assertIn(b"event: stdout\ndata: ", self.job("GET", result["id"], "/events").body)
        listed = self.ask("GET", JOBS, JOBS + "?limit=1").json
        self.assertEqual([one["id"] for one in listed["jobs"]], [result["id"]])
        record = self.ask("GET", "/api/v1/executions/{id}", "/api/v1/executions/" + result["id"]).json
        self.assertEqual(record["exit_code"], 3, "a job is an execution")
        self.assertEqual(self.job("DELETE", result["id"]).status, 200)
        self.refused(self.job("GET", result["id"]), 404)
        self.nothing_left()

    def test_a_tar_as_the_body_and_one_in_the_json(self):
        packed = tar(a=b"mine")
        job = {"cmd": ["cat", "a"]}
        raw = self.ask("POST", JOBS, raw=packed, headers={"Content-Type": "application/x-tar", "Cordon-Job": json.dumps(job)})
        self.assertEqual(raw.json["stdout"], "mine")
        self.assertEqual(self.send({**job, "input_tar": b64encode(packed).decode()}).json["stdout"], "mine")
        self.refused(self.ask("POST", JOBS, raw=packed, headers={"Content-Type": "application/x-tar"}), 400, "Cordon-Job")
        self.refused(self.send({**job, "input_tar": "x"}), 400, "input_tar")
        self.refused(self.send({**job, "input_dir": "/srv"}, packed), 400, "input")

    def test_async_cancel_and_what_there_is_by_then(self):
        accepted = self.send({"cmd": ["sh", "-c", "echo x >made; echo ready; sleep 1000"], "collect": ["made"], "async": True})
        self.assertEqual(accepted.status, 202)
        identity = accepted.json["id"]
        self.assertEqual(accepted.headers["Location"], f"{JOBS}/{identity}")
        self.assertFalse(self.job("GET", identity).json["kept"])
        self.refused(self.job("DELETE", identity), 409)
        connection = self.daemon.connection()
        connection.request("GET", f"{JOBS}/{identity}/events")
        for _, name, data in harness.events(connection.getresponse()):
            if name == "stdout" and data["text"] == "ready\n":
                break
        self.refused(self.job("GET", identity, "/artifacts"), 404)
        self.assertEqual(self.job("POST", identity, "/cancel").status, 200)
        connection.close()
        result = self.ended(identity)
        self.assertEqual((result["status"], [one["path"] for one in result["artifacts"]]), ("killed", ["made"]))
        self.assertEqual(self.job("GET", identity, "/artifacts", "?path=made").body, b"x\n")
        self.nothing_left()

    def test_a_directory_and_a_mount_of_the_host(self):
        place = tempfile.mkdtemp(prefix="cordon-test-")
        self.addCleanup(shutil.rmtree, place)
        os.mkdir(place + "/in")
        os.mkdir(place + "/shown")
        for name in ("in/a", "shown/b"):
            with open(f"{place}/{name}", "w", encoding="utf-8") as file:
                file.write(name)
        script = f"cat a {place}/shown/b; echo new >a; touch {place}/shown/c"
        job = {"input_dir": place + "/in", "mounts": [place + "/shown"]}
        self.assertEqual(self.shell(script, **job).json["stdout"], "in/ashown/b")
        with open(place + "/in/a", encoding="utf-8") as file:
            self.assertEqual((os.listdir(place + "/shown"), file.read()), (["b"], "in/a"))
        self.shell(script, **{**job, "mounts": [{"path": place + "/shown", "access": "write"}]})
        self.assertEqual(sorted(os.listdir(place + "/shown")), ["b", "c"])
        self.refused(self.send({"cmd": ["true"], "mounts": ["/"]}), 400)
        self.refused(self.send({"cmd": ["true"], "mounts": ["/run/docker.sock"]}), 400)

    def test_it_begins_where_it_is_told(self):
        script = "cat a; echo b >../b; pwd; cd ..; pwd; echo $CORDON_WORK_DIR"
        result = self.shell(script, tar(**{"src/a": b"in\n"}), work_dir="src", collect=["b"]).json
        read, begun, above, whole = result["stdout"].splitlines()
        self.assertEqual((read, begun, above), ("in", whole + "/src", whole))
        self.assertEqual([one["path"] for one in result["artifacts"]], ["b"])
        self.assertTrue(self.shell("pwd", work_dir="new/deep/").json["stdout"].endswith("/new/deep\n"))
        for packed in (tar(src=b"a file"), tar(src=entry("src", tarfile.SYMTYPE, "there"), there=entry("there", tarfile.DIRTYPE))):
            self.assertIn("src", self.refused(self.shell("touch ran", packed, work_dir="src"), 400, "work_dir"))
            accepted = self.send({"cmd": ["true"], "work_dir": "src", "async": True}, packed)
            result = self.ended(accepted.json["id"])
            self.assertEqual((result["status"], result["reached"]), ("failed", "image"), "nobody waits for it")
            self.assertIn("src", result["error"])
        closed = entry("src", tarfile.DIRTYPE)
        closed.mode = 0o700
        self.assertEqual(self.shell("stat -c %a .", tar(src=closed), work_dir="src").json["stdout"], "700\n", "what was is kept")
        self.assertEqual(self.shell("stat -c %a .", tar(src=closed), work_dir="src/new").json["stdout"], "755\n", "what is made")
        for place in ("/srv", "..", "a/../../b"):
            self.refused(self.send({"cmd": ["true"], "work_dir": place}), 400, "work_dir")

    def test_what_is_asked_takes_effect(self):
        script = "echo $GIVEN; env | grep -c HOME_OF_DAEMON"
        self.assertEqual(self.shell(script, env={"GIVEN": "a b"}).json["stdout"], "a b\n0\n")
        hungry = "head -c 200000000 /dev/zero | tail -n 1 | wc -c"
        self.assertEqual(self.shell(hungry, limits={"memory_mb": 16}).json["limit_hit"], "memory")
        self.assertEqual(self.shell(hungry, limits={"memory_mb": 1024}).json["stdout"], "200000000\n", "the control")
        slow = self.shell("timeout 2 sh -c 'while :; do :; done'", limits={"cpus": 0.1}).json
        self.assertLess(slow["resource_usage"]["cpu_time_ns"], 0.25 * slow["duration"])
        self.assertIn(("cpu.limit", "enforced"), [(one["name"], one["strength"]) for one in slow["guarantees"]])
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            connect = f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 5); print(\"connected\")'"
            opened = {"limits": {"network": "open"}}
            self.refused(self.shell(connect, **opened), 403)
            self.addCleanup(self.daemon.ask, "PATCH", "/api/v1/sandbox/config", {"network_enabled": False})
            self.daemon.ask("PATCH", "/api/v1/sandbox/config", {"network_enabled": True})
            self.assertEqual(self.shell(connect, **opened).json["stdout"], "connected\n")
            self.assertEqual(self.shell(connect).json["stdout"], "", "a job has no network unless it asks")

    def test_bad_input_names_the_field(self):
        for body, field in [({}, "cmd"), ({"cmd": []}, "cmd"), ({"cmd": "true"}, "cmd"), ({"cmd": ["true"], "comand": 1}, "comand"),
                            ({"cmd": ["true"], "limits": {"pids": 0}}, "limits.pids"), ({"cmd": ["true"], "limits": 7}, "limits"),
                            ({"cmd": ["true"], "limits": {"timeout": "soon"}}, "limits.timeout"),
                            ({"cmd": ["true"], "limits": {"memory_mb": -1}}, "limits.memory_mb"),
                            ({"cmd": ["true"], "limits": {"network": "bridge"}}, "limits.network"),
                            ({"cmd": ["true"], "limits": {"disks": 1}}, "limits.disks"), ({"cmd": ["true"], "pull": "often"}, "pull"),
                            ({"cmd": ["true"], "mounts": ["etc"]}, "mounts[0]"), ({"cmd": ["true"], "mounts": [{"to": "/"}]}, "mounts[0].to"),
                            ({"cmd": ["true"], "collect": [1]}, "collect/0"), ({"cmd": ["true"], "tier": "best"}, "tier")]:
            with self.subTest(body):
                self.refused(self.send(body), 400, field)
        for pattern in ["../x", "/etc/passwd", "a/../../b"]:
            self.assertIn(pattern, self.refused(self.send({"cmd": ["true"], "collect": [pattern]}), 400))
        self.refused(self.ask("POST", JOBS, raw=b"x", headers={"Content-Type": "text/plain"}), 415)
        for parts, field in [([("input", "a", b"")], "job"), ([("job", None, b"{}"), ("file", "a", b"")], "file"),
                             ([("job", None, b"{}"), ("job", None, b"{}")], "job")]:
            raw, kind = harness.form(*parts)
            self.refused(self.ask("POST", JOBS, raw=raw, headers={"Content-Type": kind}), 400, field)
        self.nothing_left()


class Hostile(Jobs):
    """What an attacker does; each attempt beside a control."""
    options = ("--max-upload", "4M", "--artifact-quota", "8M")

    def test_one_key_does_not_reach_the_jobs_of_another(self):
        one, two = harness.new_key(self.daemon, "one"), harness.new_key(self.daemon, "two")
        job = {"cmd": ["sh", "-c", "echo secret >a"], "collect": ["a"]}
        identity = self.send(job, key=one).json["id"]
        ask = lambda key, method, what: self.daemon.ask_tcp(method, f"{JOBS}/{identity}{what}", key=key)
        self.assertEqual(ask(one, "GET", "/artifacts?path=a").body, b"secret\n", "control: its owner")
        never = self.daemon.ask_tcp("GET", f"{JOBS}/00000000-0000-7000-8000-000000000000", key=two)
        for method, what in [("GET", ""), ("GET", "/artifacts"), ("GET", "/artifacts?path=a"), ("GET", "/events"), ("GET", "/output"),
                             ("POST", "/cancel"), ("DELETE", "")]:
            answer = ask(two, method, what)
            self.assertEqual((answer.status, answer.body), (404, never.body), what)
        listed = lambda key: [each["id"] for each in self.daemon.ask_tcp("GET", JOBS, key=key).json["jobs"]]
        self.assertEqual((listed(two), identity in listed(one)), ([], True))
        # Nor does a key name what is on this machine.
        for more in [{"input_dir": "/etc"}, {"mounts": ["/etc"]}, {"image": "alpine"}]:
            self.refused(self.send({**job, **more}, key=one), 403)
        self.assertEqual(self.send({**job, "policy": {"extends": ["preset:open"]}}, key=one).status, 400)
        # An execution that is no job is none here.
        other = self.daemon.ask("POST", "/api/v1/sandbox/execute", {"command": "true"}).json["id"]
        self.refused(self.job("GET", other), 404)

    def test_tars_that_lead_out_or_burst(self):
        outside = os.path.join(self.daemon.root, "outside")
        good = self.shell("cat a", tar(a=b"good"))
        self.assertEqual(good.json["stdout"], "good", "control")
        link = entry("link", tarfile.SYMTYPE, self.daemon.root)
        for packed in [tar(**{"../outside": b"x"}), tar(**{outside: b"x"}), tar(link=link, **{"link/outside": b"x"}),
                       tar(dev=entry("dev", tarfile.CHRTYPE)), tar(hard=entry("hard", tarfile.LNKTYPE, "/etc/passwd")),
                       b"no tar at all" * 100, tar(a=b"x" * 5000)[:3000]]:
            told = self.refused(self.shell("echo ran", packed, collect=["."]), 400, "input_tar")
            newest = self.ask("GET", JOBS, JOBS + "?limit=1").json["jobs"][0]["id"]
            result = self.job("GET", newest).json
            self.assertEqual((result["status"], result["stdout"], result["artifacts"], result["error"]), ("failed", "", [], told))
        self.assertFalse(os.path.exists(outside))
        bomb = gzip.compress(tar(zeros=bytes(64 << 20)), 9)
        self.assertLess(len(bomb), 1 << 20)
        self.refused(self.shell("echo ran", bomb, limits={"disk_mb": 16}), 400, "input_tar")
        later = self.shell("echo ran", bomb, limits={"disk_mb": 16}, **{"async": True})
        self.assertEqual((later.status, self.ended(later.json["id"])["status"]), (202, "failed"))
        self.assertEqual(self.shell("stat -c %s zeros", bomb, limits={"disk_mb": 128}).json["stdout"], f"{64 << 20}\n", "control")
        self.nothing_left()

    def test_a_map_of_millions_of_pieces_takes_no_memory(self):
        told = self.shell("stat -c %s sparse; tail -c 3 sparse", sparse([(1 << 20, 3)], b"end")).json["stdout"]
        self.assertEqual(told, f"{(1 << 20) + 3}\nend", "control")
        bomb = sparse([(0, 0)] * 5_000_000)
        self.assertLess(len(bomb), 1 << 20)
        before = resident(self.daemon.process)
        told = self.refused(self.shell("echo ran", bomb), 400, "input_tar")
        self.assertIn("128 KiB", json.dumps(told))
        self.assertLess(resident(self.daemon.process) - before, 24 << 10, "KiB; libarchive by itself takes more than 200 MiB")
        self.nothing_left()

    def test_names_of_artifacts_are_names(self):
        names = ["a\r\nX-Evil: 1", "a\"; filename=\"b", "\u00e4 \u2603", "-rf", "a%2fb", "%2e%2e", "b\\..\\c", " "]
        long = "d" * 150 + "/" + "n" * 200
        made = f"mkdir {'d' * 150}; printf far >{long}; " + "; ".join(f"printf '%s' '{i}' >'{name}'" for i, name in enumerate(names))
        result = self.shell(f"{made}; ln -s /etc/passwd link; mkfifo pipe; mkdir d; echo deep >d/e", collect=["."]).json
        for i, name in enumerate(names):
            answer = self.job("GET", result["id"], "/artifacts", "?path=" + quote(name, safe=""))
            self.assertEqual(answer.body, str(i).encode(), name)
            self.assertEqual(answer.headers["Content-Disposition"], "attachment")
            self.assertNotIn("X-Evil", answer.headers)
        ask = lambda path: self.job("GET", result["id"], "/artifacts", "?path=" + quote(path, safe=""))
        self.assertEqual((ask("d/e").body, ask(long).body), (b"deep\n", b"far"), "control")
        for path in ["../job.json", "d/../a", "./d/e", "/etc/passwd", "link", "pipe", "d", "", "job.json", "artifacts.tar",
                     f"{self.daemon.state}/keys.json", "*", "d//e", "d/e/"]:
            self.refused(ask(path), 404)
        for path in [f"{JOBS}/{result['id']}/artifacts/d/e", f"{JOBS}/../jobs", f"{JOBS}/%2e%2e"]:
            head = f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
            self.assertRegex(self.daemon.raw(head).split(b"\r\n")[0], rb" (400|404) ")
        for name in ("artifacts.tar", "job.json"):
            place = os.path.join(self.daemon.state, "jobs", result["id"], name)
            self.assertEqual(os.stat(place).st_mode & 0o777, 0o600)

    def head(self, *fields, target=JOBS):
        return "\r\n".join([f"POST {target} HTTP/1.1", "Host: h", 'Cordon-Job: {"cmd":["true"]}',
                            "Content-Type: application/x-tar", *fields, "", ""]).encode()

    def test_uploads_are_bounded_and_never_in_memory(self):
        self.assertEqual(self.shell("stat -c %s a", tar(a=bytes(3 << 20))).json["stdout"], f"{3 << 20}\n", "control")
        before = resident(self.daemon.process)
        for _ in range(3):
            # Too long as it says itself; too long as it turns out, in chunks.
            self.assertIn(b" 413 ", self.daemon.raw(self.head("Content-Length: 999999999")).split(b"\r\n")[0])
            chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
            answer = self.daemon.raw(self.head("Transfer-Encoding: chunked") + chunk * 400)
            self.assertRegex(answer.split(b"\r\n")[0], rb"^$| (400|413) ")
        self.assertLess(resident(self.daemon.process) - before, 24 << 10, "KiB for 75 MiB of uploads")
        # The words of a job are in memory: those have the other bound.
        raw, kind = harness.form(("job", None, b'{"cmd":["true"],"stdin":"' + b"x" * (9 << 20) + b'"}'))
        self.assertIn(self.ask("POST", JOBS, raw=raw, headers={"Content-Type": kind}).status, (400, 413))

    def test_whoever_sends_slowly_or_not_at_all_costs_a_socket(self):
        held = []
        for fields, body in [(["Content-Length: 3000000"], b"x" * 1000), (["Transfer-Encoding: chunked"], b"5\r\nabc"), (["Content-Length: 5"], b"")]:
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.daemon.socket)
            client.sendall(self.head(*fields) + body)
            held.append(client)
        self.assertEqual(self.shell("cat a", tar(a=b"served")).json["stdout"], "served")
        for client in held:
            client.close()
        self.nothing_left()

    def test_the_list_of_artifacts_is_bounded_and_the_tar_has_all(self):
        script = ("import os\nfor _ in range(15): os.mkdir('\\1' * 250); os.chdir('\\1' * 250)\n"
                  "for i in range(300): open(str(i), 'w')")
        result = self.send({"cmd": ["python3", "-c", script], "collect": ["."]})
        self.assertEqual(result.json["status"], "completed", result.body)
        self.assertLess(len(result.body), 2 << 20)
        told = self.job("GET", result.json["id"])
        self.assertEqual(told.json, result.json)
        self.assertGreater(len(told.json["artifacts"]), 50)
        self.assertEqual(len(told.json["artifacts"]) + told.json["artifacts_unlisted"], 300)
        self.assertTrue(told.json["artifacts_complete"])
        with tarfile.open(fileobj=io.BytesIO(self.job("GET", result.json["id"], "/artifacts").body)) as archive:
            self.assertEqual(sum(one.isfile() for one in archive), 300)
        few = self.shell("touch a b", collect=["."]).json
        self.assertEqual((len(few["artifacts"]), few["artifacts_unlisted"]), (2, 0), "control")

    def test_of_a_key_with_a_quota_the_own_oldest_go(self):
        small, other = harness.new_key(self.daemon, "small", "--artifacts", "40K"), harness.new_key(self.daemon, "other")
        job = {"cmd": ["sh", "-c", "head -c 7000 /dev/zero >a"], "collect": ["a"]}
        kept = lambda key, identity: self.daemon.ask_tcp("GET", f"{JOBS}/{identity}", key=key).json["kept"]
        others = self.send(job, key=other).json["id"]
        ids = [self.send(job, key=small).json["id"] for _ in range(7)]
        self.assertEqual((kept(small, ids[0]), kept(small, ids[-1]), kept(other, others)), (False, True, True))

    def test_what_jobs_leave_is_bounded_and_the_oldest_goes(self):
        result = self.shell("head -c 3000000 /dev/zero >a; echo small >b", collect=["b", "a"]).json
        self.assertEqual([(one["path"], "problem" in one) for one in result["artifacts"]], [("a", True), ("b", False)])
        self.assertFalse(result["artifacts_complete"])
        ids = [self.shell("head -c 1900000 /dev/zero >a", collect=["a"]).json["id"] for _ in range(6)]
        kept = [self.job("GET", identity).json["kept"] for identity in ids]
        self.assertEqual((kept[0], kept[-1]), (False, True))
        self.refused(self.job("GET", ids[0], "/artifacts"), 404)
        size = sum(os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(os.path.join(self.daemon.state, "jobs")) for name in names)
        self.assertLess(size, 8 << 20)


class Interrupted(unittest.TestCase):
    def test_a_killed_daemon_leaves_nothing_and_says_so(self):
        daemon = harness.Daemon()
        self.addCleanup(daemon.remove)
        mark = f"cordon-job-{os.getpid()}"
        raw, kind = harness.form(("job", None, json.dumps({"cmd": ["sh", "-c", f": {mark}; echo half >a; echo ready; sleep 1000"],
                                                           "collect": ["a"], "async": True}).encode()), ("input", "x", tar(x=b"x")))
        identity = daemon.ask("POST", JOBS, raw=raw, headers={"Content-Type": kind}).json["id"]
        done = daemon.ask("POST", JOBS, {"cmd": ["sh", "-c", "echo whole >a"], "collect": ["a"]}).json["id"]
        connection = daemon.connection()
        connection.request("GET", f"{JOBS}/{identity}/events")
        for _, name, _ in harness.events(connection.getresponse()):
            if name == "stdout":
                break
        connection.close()
        self.assertTrue(os.listdir(os.path.join(daemon.state, "work")), "control: it is under way")
        # As if it were in the middle of collecting.
        half = os.path.join(daemon.state, "jobs", identity, "artifacts.tar")
        self.assertTrue(os.path.exists(half))
        daemon.stop(signal.SIGKILL)
        daemon.start()
        result = daemon.ask("GET", f"{JOBS}/{identity}").json
        self.assertEqual((result["status"], result["kept"]), ("killed", False))
        self.assertRegex(result["error"], "^the daemon ended (while this ran|before this started)$")
        self.assertFalse(os.path.exists(half))
        self.assertEqual(os.listdir(os.path.join(daemon.state, "work")), [])
        self.assertEqual(daemon.ask("GET", f"{JOBS}/{done}/artifacts?path=a").body, b"whole\n", "what had ended is there")
        self.assertCountEqual([each["id"] for each in daemon.ask("GET", JOBS).json["jobs"]], [done, identity])
        ran = subprocess.run(["pgrep", "-f", f"[:] {mark}"], capture_output=True, text=True, check=False)
        self.assertEqual(ran.stdout, "")


if __name__ == "__main__":
    unittest.main()
