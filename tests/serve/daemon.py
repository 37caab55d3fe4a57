"""A daemon of its own for each test class, and clients for it: nothing but the standard library."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

CORDON = os.environ["CORDON_TEST_PROGRAM"]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    def __init__(self, *options, port=None, environment=None, log=None, prefix=()):
        """`log`: a descriptor for standard error, instead of a file. `prefix`: words before the command."""
        self.root = tempfile.mkdtemp(prefix="cordon-serve-")
        self.socket = os.path.join(self.root, "cordon.sock")
        self.state = os.path.join(self.root, "state")
        self.port = port
        self.options = options
        self.environment = environment
        self.log_to = log
        self.prefix = prefix
        self.start()

    def start(self):
        arguments = [*self.prefix, CORDON, "serve", "--socket", self.socket, "--state-dir", self.state, *self.options]
        self.log = open(os.path.join(self.root, "log"), "ab")
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE,
                                        stderr=self.log if self.log_to is None else self.log_to,
                                        env=dict(os.environ, **(self.environment or {})))
        self.ready = self.process.stdout.readline().decode()
        if not self.ready:
            self.process.wait()
            self.process.stdout.close()
            self.log.close()
            raise AssertionError("no daemon: " + self.logged())

    def logged(self):
        with open(os.path.join(self.root, "log"), encoding="utf-8") as file:
            return file.read()

    def audited(self):
        with open(os.path.join(self.state, "audit.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.log.close()
        return status

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.root)

    def connection(self):
        return UnixConnection(self.socket)

    def ask(self, method, target, body=None, headers=None, raw=None):
        """Over the Unix socket; `body` is sent as JSON."""
        return exchange(self.connection(), method, target, body, headers, raw)

    def ask_tcp(self, method, target, body=None, key=None, headers=None, context=None, raw=None):
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = "Bearer " + key
        connection = (http.client.HTTPSConnection("localhost", self.port, context=context, timeout=60) if context
                      else tcp_connection(self.port))
        return exchange(connection, method, target, body, headers, raw)

    def raw(self, data, until_close=True, tcp=False):
        """Bytes as they are; what comes back until the daemon closes."""
        with socket.socket(socket.AF_INET if tcp else socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(60)
            client.connect(("127.0.0.1", self.port) if tcp else self.socket)
            try:
                client.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            answer = b""
            while until_close:
                piece = client.recv(65536)
                if not piece:
                    break
                answer += piece
            return answer

    def keys(self, *words):
        return subprocess.run([CORDON, "keys", *words, "--state-dir", self.state], capture_output=True, text=True,
                              check=False)


def tcp_connection(port):
    return http.client.HTTPConnection("localhost", port, timeout=60)


def new_key(daemon, name, *words):
    made = daemon.keys("add", name, *words)
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    # The daemon looks once a second.
    while daemon.ask_tcp("GET", "/api/v1/sandbox/info", key=key).status == 401:
        time.sleep(0.05)
    return key


def exchange(connection, method, target, body=None, headers=None, raw=None):
    headers = dict(headers or {})
    if body is not None:
        raw = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, target, raw, headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def form(*parts):
    """Parts (name, file name or None, bytes) as multipart/form-data: the body, and its type."""
    pieces = []
    for name, file_name, content in parts:
        named = b"" if file_name is None else b'; filename="%s"' % file_name.encode()
        pieces.append(b'--=border\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
                      % (name.encode(), named, content))
    return b"".join(pieces) + b"--=border--\r\n", 'multipart/form-data; boundary="=border"'


def events(response):
    """The server-sent events of a response, as (id, event, data)."""
    fields = {}
    for line in response:
        line = line.decode().rstrip("\n")
        if not line and fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            assert name not in fields, "one line a field"
            fields[name] = value


def certificate(directory):
    """A certificate of our own for localhost: the file, and its key."""
    cert, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return cert, key


def trusting(cert):
    return ssl.create_default_context(cafile=cert)
