"""cordon ps, logs, kill and their like: against a daemon that runs, and against what one left."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import unittest

import daemon as harness


def cordon(*words, environment=None, **options):
    return subprocess.run([harness.CORDON, *words], capture_output=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, **(environment or {})), **options)


class WithDaemon(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon("--grace", "100ms")
        self.addCleanup(self.daemon.remove)

    def client(self, *words):
        """A client of this daemon, and of its store when it has ended."""
        return cordon(*words, "--socket", self.daemon.socket, "--state-dir", self.daemon.state)

    def said(self, *words):
        answer = self.client(*words)
        self.assertEqual(answer.returncode, 0, answer.stderr.decode())
        return answer.stdout.decode()

    def refused(self, *words):
        answer = self.client(*words)
        self.assertEqual(answer.returncode, 125, answer.stdout)
        self.assertTrue(answer.stderr.startswith(b"cordon " + words[0].encode() + b": "), answer.stderr)
        return answer.stderr.decode()

    def start(self, *command, **body):
        answer = self.daemon.ask("POST", "/api/v1/sandbox/execute",
                                 {"command": command[0], "args": list(command[1:]), "async": True, **body})
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["id"]

    def sleeper(self):
        """One that runs, and has said so."""
        identity = self.start("sh", "-c", "echo up; exec sleep 1000", timeout_secs=250)
        connection = self.daemon.connection()
        connection.request("GET", f"/api/v1/executions/{identity}/events")
        for _, kind, _ in harness.events(connection.getresponse()):
            if kind == "stdout":
                break
        connection.close()
        return identity

    def follower(self, identity, **options):
        return subprocess.Popen([harness.CORDON, "logs", "--follow", identity, "--socket", self.daemon.socket],
                                stdout=subprocess.PIPE, **options)

    def send(self, identity, data, end=False):
        target = f"/api/v1/executions/{identity}/stdin" + ("?end=true" if end else "")
        answer = self.daemon.ask("POST", target, raw=data, headers={"Content-Type": "application/octet-stream"})
        self.assertEqual(answer.json["accepted"], len(data))

    def finished(self, *command, **body):
        identity = self.start(*command, **body)
        self.assertEqual(cordon("logs", "--follow", identity, "--socket", self.daemon.socket).returncode, 0)
        return identity

    def ids(self, *words):
        return self.said("ps", "--quiet", *words).split()


class Live(WithDaemon):
    def test_ps_lists_what_runs_and_with_all_what_ran(self):
        ended, running = self.finished("sh", "-c", "exit 3"), self.sleeper()
        self.assertEqual(self.ids(), [running])
        self.assertEqual(self.ids("--all"), [running, ended])
        self.assertEqual(self.ids("-a", "-n", "1"), [running])
        self.assertEqual(self.ids("--status", "failed"), [ended])
        self.assertEqual(self.ids("--all", "--command", "no such"), [])
        self.assertEqual(self.ids("--all", "--caller", f"uid:{os.getuid()}", "--backend", "native", "--since", "1h"),
                         [running, ended])
        head, *rows = self.said("ps", "--all").splitlines()
        self.assertEqual(head.split(), ["ID", "STATUS", "BACKEND", "STARTED", "DURATION", "COMMAND"])
        self.assertRegex(rows[0], rf"^{running[:18]}  running +native  .* sh -c 'echo up; exec sleep 1000'$")
        self.assertRegex(rows[1], rf"^{ended[:18]}  failed \(3\) +native  .* sh -c 'exit 3'$")
        listed = json.loads(self.said("ps", "--all", "--json"))
        self.assertEqual([one["id"] for one in listed], [running, ended])
        self.assertEqual(json.loads(self.said("ps", "--status", "timeout", "--json")), [])

    def test_ps_reads_page_after_page(self):
        identities = [self.start("true") for _ in range(205)]
        for identity in identities:
            self.said("logs", "--follow", identity) if identity == identities[-1] else None
        self.assertEqual(self.ids("--all"), sorted(identities, reverse=True))
        self.assertEqual(len(self.ids("--all", "--last", "203")), 203)

    def test_a_command_cannot_drive_the_terminal(self):
        self.finished("echo", "\x1b[2J\r\u009b31m\u202e\n", "\x07")
        for words in (["ps", "-a"], ["ps", "-a", "--no-trunc"], ["ps", "-a", "--json"],
                      ["inspect", self.ids("-a")[0]]):
            text = self.said(*words)
            self.assertFalse(set(text) & set("\x1b\r\u009b\u202e\x07"), text)
        # The control: the daemon has it as it was given.
        raw = self.daemon.ask("GET", "/api/v1/executions").json["executions"][0]["args"][0]
        self.assertIn("\x1b[2J", raw)

    def test_lines_are_cut_on_a_terminal_only(self):
        self.finished("echo", "x" * 300)
        main, other = pty.openpty()
        self.addCleanup(os.close, main)
        os.system(f"stty cols 70 < {os.ttyname(other)}")
        ran = subprocess.run([harness.CORDON, "ps", "-a", "--socket", self.daemon.socket], stdout=other, check=False)
        os.close(other)
        self.assertEqual(ran.returncode, 0)
        shown = os.read(main, 65536).decode().splitlines()
        self.assertEqual([len(line) for line in shown[1:]], [70])
        self.assertIn("x" * 300, self.said("ps", "-a"))

    def test_logs_has_the_bytes_of_each_stream(self):
        every = bytes(range(256)) * 30
        script = r"cat; printf 'a\377\000b\r\n' >&2"
        identity = self.start("sh", "-c", script, stdin_open=True)
        for at in range(0, len(every), 256):
            self.send(identity, every[at:at + 256], end=at + 256 == len(every))
        for words in (["logs", "-f", identity], ["logs", identity]):
            answer = self.client(*words)
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, every, b"a\xff\x00b\r\n"))
        self.assertEqual(self.client("logs", "--stream", "stderr", identity).stdout, b"")
        self.assertEqual(self.client("logs", "--stream", "stdout", identity).stderr, b"")

    def test_logs_keeps_the_order_of_the_streams(self):
        script = "while read word; do case $word in o*) echo $word;; *) echo $word >&2;; esac; done"
        identity = self.start("sh", "-c", script, stdin_open=True)
        words = [b"o1", b"e1", b"o2", b"e2", b"o3"]
        with self.follower(identity, stderr=subprocess.STDOUT) as follower:
            for word in words:
                self.send(identity, word + b"\n")
                self.assertEqual(follower.stdout.readline(), word + b"\n")
            self.send(identity, b"", end=True)
            self.assertEqual(follower.wait(60), 0)
        ran = subprocess.run([harness.CORDON, "logs", identity, "--socket", self.daemon.socket],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(ran.stdout.split(), words)

    def test_logs_has_output_that_came_in_too_many_turns(self):
        script = "import os\nfor i in range(70000): os.write(1, b'o'); os.write(2, b'e')"
        identity = self.finished("python3", "-c", script, timeout_secs=250)
        answer = self.client("logs", identity)
        self.assertEqual((len(answer.stdout), len(answer.stderr)), (70000, 70000))

    def test_logs_follows_one_that_runs_and_ends_with_it(self):
        identity = self.start("sh", "-c", "while read line; do echo got $line; done", stdin_open=True)
        with self.follower(identity) as follower:
            for word in (b"one", b"two"):
                self.send(identity, word + b"\n")
                self.assertEqual(follower.stdout.readline(), b"got " + word + b"\n")
            # What there is by now, while it runs.
            self.assertEqual(self.said("logs", identity), "got one\ngot two\n")
            self.send(identity, b"", end=True)
            self.assertEqual(follower.wait(60), 0)

    def test_a_daemon_that_ends_is_no_end_of_the_command(self):
        identity = self.sleeper()
        with self.follower(identity, stderr=subprocess.PIPE) as follower:
            self.assertEqual(follower.stdout.readline(), b"up\n")
            self.daemon.stop(signal.SIGKILL)
            _, complaint = follower.communicate(timeout=60)
            self.assertEqual(follower.returncode, 125)
            self.assertIn(b"ended", complaint)

    def test_kill_ends_several_and_says_which_it_could_not(self):
        first, second = self.sleeper(), self.sleeper()
        answer = self.client("kill", first, "no-such-id", second)
        self.assertEqual((answer.returncode, answer.stdout.decode().split()), (125, [first, second]))
        self.assertIn(b"cordon kill: ", answer.stderr)
        for identity in (first, second):
            self.said("logs", "-f", identity)
            self.assertEqual(json.loads(self.said("inspect", identity))["status"], "killed")

    def test_ids_may_be_abbreviated_while_they_are_unique(self):
        first, second = self.sleeper(), self.sleeper()
        common = os.path.commonprefix([first, second])
        self.assertIn("several", self.refused("inspect", common))
        unique = second[:len(common) + 1]
        self.assertEqual(json.loads(self.said("inspect", unique.upper()))["id"], second)
        for strange in ("", "zz", "../x", "0199g", "-", "0" * 36, "0" * 5000, "%", "\x1b[2J"):
            self.assertNotIn("\x1b", self.refused("inspect", "--", strange))
        self.assertEqual(self.said("kill", unique).strip(), second)

    def test_inspect_has_record_and_guarantees(self):
        identity = self.finished("sh", "-c", "exit 4", timeout_secs=100000)
        record = json.loads(self.said("inspect", identity))
        self.assertEqual((record["id"], record["exit_code"], record["args"]), (identity, 4, ["-c", "exit 4"]))
        self.assertTrue(record["guarantees"])
        self.assertEqual([one["name"] for one in record["adjustments"]], ["limits.timeout"])
        self.assertNotIn("stdout", record)

    def test_rm_forgets_what_has_ended_and_by_force_what_runs(self):
        ended, running = self.finished("true"), self.sleeper()
        self.assertEqual(self.said("rm", ended).strip(), ended)
        self.assertIn("not ended", self.refused("rm", running))
        self.assertEqual(self.said("rm", "--force", running).strip(), running)
        self.assertEqual(self.ids("--all"), [])

    def test_prune_and_stats(self):
        running = self.sleeper()
        for _ in range(3):
            self.finished("true")
        self.assertEqual(self.said("prune", "--older-than", "1h"), "0 forgotten\n")
        self.assertIn("4 executions", self.said("stats"))
        self.assertEqual(self.said("prune"), "3 forgotten\n")
        self.assertEqual(self.ids("--all"), [running])
        numbers = json.loads(self.said("stats", "--json"))
        self.assertEqual((numbers["running"], numbers["completed"]), (1, 3))
        self.assertRegex(self.said("stats"), r"(?m)^running +1 of \d+$")

    def test_prune_asks_at_a_terminal(self):
        self.finished("true")
        for answer, left in ((b"n\n", 1), (b"y\n", 0)):
            main, other = pty.openpty()
            os.write(main, answer)
            ran = subprocess.run([harness.CORDON, "prune", "--socket", self.daemon.socket], stdin=other,
                                 capture_output=True, check=False)
            os.close(main)
            os.close(other)
            self.assertEqual((ran.returncode, len(self.ids("-a"))), (125 if left else 0, left))


class Left(WithDaemon):
    """What a daemon left, without it."""

    def setUp(self):
        super().setUp()
        self.bytes = bytes(range(256))
        self.first = self.finished("sh", "-c", r"cat; printf 'e\377' >&2; exit 3",
                                   stdin=self.bytes[:128].decode())
        self.second = self.finished("true")

    def test_everything_but_kill_works_from_the_store(self):
        numbers = json.loads(self.said("stats", "--json"))
        with_daemon = {words: self.said(*words) for words in
                       (("ps", "-a", "--json"), ("inspect", self.first), ("ps", "-a", "-q"))}
        self.daemon.stop()
        for words, said in with_daemon.items():
            self.assertEqual(self.said(*words), said)
        self.assertEqual(self.ids(), [])
        answer = self.client("logs", "-f", self.first[:30])
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, self.bytes[:128], b"e\xff"))
        self.assertEqual(json.loads(self.said("stats", "--json")),
                         {name: numbers[name] for name in ("stored_executions", "stored_output_bytes")})
        self.assertIn("none runs", self.said("stats"))
        self.assertIn("nothing runs without one", self.refused("kill", self.first))
        self.assertEqual(self.said("rm", self.second).strip(), self.second)
        self.refused("rm", self.second)
        self.assertEqual(self.said("prune", "--older-than", "1h"), "0 forgotten\n")
        self.assertEqual(self.said("prune"), "1 forgotten\n")
        self.daemon.start()
        self.assertEqual(self.ids("--all"), [])

    def test_what_a_killed_daemon_had_under_way_is_killed(self):
        running = self.sleeper()
        self.daemon.stop(signal.SIGKILL)
        self.assertEqual(self.ids(), [])
        record = json.loads(self.said("inspect", running))
        self.assertEqual(record["status"], "killed")
        # That it runs is written down soon, and not at once.
        self.assertRegex(record["error"], "^the daemon ended (while this ran|before this started)$")

    def test_what_the_daemon_keeps_longer_is_not_expired_by_the_client(self):
        self.daemon.stop()
        # Eight days ago, for the clock of the store.
        database = os.path.join(self.daemon.state, "cordon.db")
        subprocess.run(["python3", "-c", "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as base:\n"
                        " base.execute('UPDATE output SET created = created - 100 * 86400000000000')\n"
                        " base.execute('UPDATE executions SET ended = ended - 100 * 86400000000000')", database],
                       check=True)
        self.assertEqual(self.client("logs", self.first).stdout, self.bytes[:128])
        self.assertEqual(self.client("logs", self.first).stdout, self.bytes[:128])
        # The control: the daemon does let it expire.
        self.daemon.start()
        while self.ids("--all"):
            pass

    def test_a_daemon_on_another_socket_is_not_read_past(self):
        answer = cordon("ps", "--state-dir", self.daemon.state, "--socket", self.daemon.root + "/other.sock")
        self.assertEqual(answer.returncode, 125, answer.stdout)
        self.assertIn(b"say where it listens, with --socket", answer.stderr)

    def test_a_state_directory_alone_means_itself(self):
        self.daemon.stop()
        said = cordon("ps", "-a", "-q", "--state-dir", self.daemon.state)
        self.assertEqual(said.stdout.decode().split(), [self.second, self.first])
        empty = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, empty)
        self.assertEqual(cordon("ps", "-a", "-q", "--state-dir", empty).stdout, b"")
        self.assertEqual(os.listdir(empty), [], "a command that only reads makes nothing")
        missing = cordon("ps", "-a", "-q", "--state-dir", empty + "/none")
        self.assertEqual((missing.returncode, missing.stdout), (0, b""))
        self.assertFalse(os.path.exists(empty + "/none"))

    def test_a_socket_alone_means_its_daemon(self):
        self.daemon.stop()
        answer = cordon("ps", "--socket", self.daemon.socket)
        self.assertEqual(answer.returncode, 125)
        self.assertIn(b"cordon serve", answer.stderr)

    def test_a_reader_that_waits_does_not_keep_a_daemon_out(self):
        big = self.finished("sh", "-c", "head -c 900000 /dev/zero")
        self.daemon.stop()
        reader = subprocess.Popen([harness.CORDON, "logs", big, "--state-dir", self.daemon.state],
                                  stdout=subprocess.PIPE)
        self.assertEqual(reader.stdout.read(1), b"\0")
        # It has begun to write and cannot go on: the pipe is full.
        self.daemon.start()
        self.assertEqual(self.ids("-a", "-n", "1"), [big])
        self.assertEqual(len(reader.stdout.read()), 899999)
        self.assertEqual(reader.wait(60), 0)
        reader.stdout.close()

    def test_many_at_the_same_time_wait_for_each_other(self):
        self.daemon.stop()
        clients = [subprocess.Popen([harness.CORDON, "ps", "-a", "-q", "--socket", self.daemon.socket, "--state-dir",
                                     self.daemon.state], stdout=subprocess.PIPE) for _ in range(8)]
        for client in clients:
            out, _ = client.communicate(timeout=120)
            self.assertEqual((client.returncode, len(out.split())), (0, 2))

    @contextlib.contextmanager
    def strangers_answer(self, begin):
        """In the daemon's place something answers `begin`: the connection. In the end the client has given up."""
        self.daemon.stop()
        with harness.socket.socket(harness.socket.AF_UNIX, harness.socket.SOCK_STREAM) as listener:
            listener.bind(self.daemon.socket)
            listener.listen()
            client = subprocess.Popen([harness.CORDON, "ps", "--socket", self.daemon.socket], stderr=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL)
            listener.accept()[0].close()  # it knocks first
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(begin)
                yield connection
            _, complaint = client.communicate(timeout=60)
            self.assertEqual(client.returncode, 125)
            self.assertIn(b"no answer of cordon's", complaint)

    def test_what_is_no_daemon_is_named(self):
        with self.strangers_answer(b"SSH-2.0-dropbear\r\n"):
            pass

    def test_an_answer_whose_lines_never_end_is_given_up(self):
        sent = 0
        with self.strangers_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;") as connection, \
                contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 64 << 20:
                connection.sendall(b"a" * 65536)
                sent += 65536
        self.assertLess(sent, 4 << 20)


class Pages(unittest.TestCase):
    def test_every_subcommand_has_its_page(self):
        for name in ("ps", "logs", "kill", "inspect", "rm", "prune", "stats"):
            page = cordon(name, "--help")
            self.assertEqual(page.returncode, 0)
            self.assertTrue(page.stdout.startswith(b"usage: cordon " + name.encode()), page.stdout)
            self.assertEqual(cordon("help", name).stdout, page.stdout)
            self.assertIn(name.encode(), cordon("--help").stdout)
            odd = cordon(name, "--no-such-option")
            self.assertEqual(odd.returncode, 125)
            self.assertIn(b"no such option", odd.stderr)


if __name__ == "__main__":
    unittest.main()
