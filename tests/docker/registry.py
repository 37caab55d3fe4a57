"""Registries of a test's own: Debian's docker-registry on loopback, and one that misbehaves."""

import crypt
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Registry:
    """With `login` (user, password) nobody else is served."""

    def __init__(self, login=None):
        self.root = tempfile.mkdtemp(prefix="cordon-test-registry-")
        self.host = f"127.0.0.1:{free_port()}"
        config = f"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {self.root}/data\nhttp:\n  addr: {self.host}\n"
        if login:
            with open(f"{self.root}/users", "w", encoding="utf-8") as users:
                users.write(f"{login[0]}:{crypt.crypt(login[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}\n")
            config += f"auth:\n  htpasswd:\n    realm: test\n    path: {self.root}/users\n"
        with open(f"{self.root}/config.yml", "w", encoding="utf-8") as file:
            file.write(config)
        self.log = open(f"{self.root}/log", "wb")
        self.process = subprocess.Popen(["docker-registry", "serve", f"{self.root}/config.yml"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(self.host.split(":"), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise RuntimeError("docker-registry did not start") from None
                time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.root, ignore_errors=True)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class BadRegistry:
    """Answers everything with a status, or sends half of a layer and hangs up."""

    def __init__(self):
        self.layer = os.urandom(1 << 16)
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                             "rootfs": {"type": "layers", "diff_ids": [digest(self.layer)]}}).encode()
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": kind,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", "size": len(self.layer),
                        "digest": digest(self.layer)}]}).encode()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def say(self, status, body, content_type="application/json", length=None, **headers):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def do_GET(self):  # noqa: N802
                self.close_connection = True
                name = self.path.split("/")[2] if self.path.startswith("/v2/") else ""
                if name.isdigit():
                    errors = {"errors": [{"code": "TOOMANYREQUESTS" if name == "429" else "UNKNOWN", "message": "go away\x1b[2J"}]}
                    self.say(int(name), json.dumps(errors).encode())
                elif "/manifests/" in self.path:
                    self.say(200, manifest, kind, Docker_Content_Digest=digest(manifest))
                elif self.path.endswith(digest(config)):
                    self.say(200, config)
                elif self.path.endswith(digest(outer.layer)):
                    self.say(200, outer.layer[:1000], "application/octet-stream", length=len(outer.layer))
                else:
                    self.say(200, b"{}", Docker_Distribution_Api_Version="registry/2.0")

            do_HEAD = do_GET  # noqa: N815

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
