"""A Docker engine of its own for a test: started, given an image, and stopped. Nothing but the standard library."""

import glob
import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.parse

from image_root import ImageRoot
from runs import PATIENCE, end, kill_all, processes

IMAGE = "cordon-test:1"
CAPABILITIES = {1: "DAC_OVERRIDE", 2: "DAC_READ_SEARCH", 6: "SETGID", 7: "SETUID", 18: "SYS_CHROOT", 19: "SYS_PTRACE",
                21: "SYS_ADMIN", 25: "SYS_TIME", 27: "MKNOD"}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def root_archive(which="", shell=True):
    """The root directory of an image, as tar; `which` is what /which says."""
    root = ImageRoot()
    root.fill(shell)
    if which:
        root.add("which", which.encode() + b"\n")
    return root.archive()


def archive(files):
    """Programs by their names, as tar."""
    root = ImageRoot()
    for name, data in files.items():
        root.add(name, data)
    return root.archive()


def context(*files):
    """Of a build: (name, text), in that order, names more than once too."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive_file:
        for name, text in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive_file.addfile(entry, io.BytesIO(text.encode()))
    return tar.getvalue()


def own_capabilities():
    """All that can be given here: hosts take some away from root, and then nobody can be privileged."""
    with open("/proc/self/status", encoding="utf-8") as status:
        bits = next(int(line.split()[1], 16) for line in status if line.startswith("CapBnd"))
    return [name for number, name in CAPABILITIES.items() if bits >> number & 1]


def owner_label(pid, start):
    """What io.cordon.owner says of a process of this boot; `start` is of /proc/PID/stat."""
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
        return f"{boot.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}/{pid}/{start}"


def dead_owner():
    dead = subprocess.Popen(["true"])
    dead.wait()
    return owner_label(dead.pid, 1)


class Engine:
    usual = {}  # of each container that a test makes

    def __init__(self, space=None, runtimes=None, listen=()):
        """With space, such as "24M", its disk is a tmpfs of that size. Runtimes: beside runc, as daemon.json has them; the
        network is then the engine's own: some of them change what they find. Listen: options of dockerd, for another place."""
        self.listen = list(listen)
        self.namespaces = ["--mount"] + (["--net"] if runtimes is not None else [])
        self.before = f"mount -t tmpfs -o size={space} none \"$1\"; " if space else ""
        self.root = tempfile.mkdtemp(prefix="cordon-test-docker-")
        self.socket = os.path.join(self.root, "d.sock")
        self.group = "/of-" + os.path.basename(self.root)  # other tests count groups that begin with cordon-
        self.log = open(os.path.join(self.root, "log"), "wb")
        self.process = None
        self.configure(runtimes)
        self.begin()

    def begin(self):
        """Runs, with an image to run."""
        try:
            self.start()
            self.import_root(IMAGE, root_archive())
        except BaseException:
            self.stop()
            raise

    def configure(self, runtimes):
        with open(f"{self.root}/config.json", "w", encoding="utf-8") as config:
            json.dump({"deprecated-key-path": f"{self.root}/key.json", "runtimes": runtimes or {}}, config)  # nothing of the host's

    def reconfigure(self, runtimes):
        """In a running engine."""
        self.configure(runtimes)
        with open(f"{self.root}/pid", encoding="utf-8") as pid:
            os.kill(int(pid.read()), signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while self.request("GET", "/info")["Runtimes"].get("runsc", {}).get("path") != runtimes.get("runsc", {}).get("path"):
            if time.monotonic() > until:
                raise RuntimeError("dockerd did not take its new configuration")
            time.sleep(0.05)

    def import_root(self, name, archive, labels=None):
        changes = ["ENV PATH=/opt/tools:/bin", "ENV OF_THE_IMAGE=yes", "VOLUME /data"]
        changes += [f'LABEL {key}="{value}"' for key, value in (labels or {}).items()]
        self.request("POST", f"/images/create?fromSrc=-&repo={urllib.parse.quote(name)}"
                     + "".join("&changes=" + urllib.parse.quote(change) for change in changes), archive, "application/x-tar")

    def start(self):
        # Hosts that may not filter packets or make bridges can run it too. The default score of -500 is
        # not for everybody to set.
        # Its mounts stay its own: other tests count those of the host.
        self.process = subprocess.Popen(
            ["unshare", *self.namespaces, "sh", "-c", f'mkdir -p "$1"; {self.before}shift; exec "$@"', "sh", f"{self.root}/data",
             "dockerd", "--data-root", f"{self.root}/data", "--exec-root", f"{self.root}/exec", "--pidfile", f"{self.root}/pid",
             "--host", f"unix://{self.socket}", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none",
             "--oom-score-adjust=0", "--storage-driver=vfs", "--max-download-attempts=1", "--cgroup-parent", self.group,
             "--config-file", f"{self.root}/config.json", *self.listen],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        self.wait_for_answer()

    def wait_for_answer(self):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.request("GET", "/_ping")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    with open(self.log.name, encoding="utf-8", errors="replace") as log:
                        raise RuntimeError("the engine did not start: " + log.read()[-3000:]) from None
                time.sleep(0.05)

    def load(self, name, tar):
        return self.request("POST", f"/images/create?fromSrc=-&repo={urllib.parse.quote(name)}", tar,
                            "application/x-tar")

    def load_made_for(self, architecture, name, layer):
        """An image that says so, of one layer."""
        settings = {"architecture": architecture, "os": "linux", "config": {},
                    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
        manifest = [{"Config": "settings.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        self.request("POST", "/images/load", archive({
            "settings.json": json.dumps(settings).encode(), "manifest.json": json.dumps(manifest).encode(), "layer.tar": layer}),
            "application/x-tar")

    def stop(self):
        if self.process and self.process.poll() is None:
            for container in self.containers():
                self.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
            end(self.process)
        self.log.close()
        self.kill_left_over()
        shutil.rmtree(self.root, ignore_errors=True)
        for group in self.groups():
            for inner, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(inner)
                except OSError:
                    pass

    def groups(self):
        return glob.glob("/sys/fs/cgroup" + self.group) + glob.glob("/sys/fs/cgroup/*" + self.group)

    def kill_left_over(self):
        """What an engine that was killed left: containers, in control groups of ours, and what keeps them."""
        left = []
        for group in self.groups():
            for inner, _, files in os.walk(group):
                if "cgroup.procs" in files:
                    with open(os.path.join(inner, "cgroup.procs"), encoding="utf-8") as pids:
                        left += [int(pid) for pid in pids.read().split()]
        ours = self.root.encode() + b"/"
        left += processes(lambda words: words.startswith((b"/usr/bin/containerd", b"containerd")) and ours in words)
        kill_all(set(left))

    def request(self, method, path, body=None, kind="application/json", headers=None):
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, body, {**({"Content-Type": kind} if body is not None else {}), **(headers or {})})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300 and answer.status not in (304, 404, 409):
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:500]!r}")
        try:
            return json.loads(data) if data.startswith((b"{", b"[")) else data
        except ValueError:
            return data  # progress: a line for each step

    def containers(self):
        return self.request("GET", "/containers/json?all=1")

    def make(self, image, name="", labels=None):
        """A container that Cordon did not make: its id."""
        named = f"?name={name}" if name else ""
        return self.request("POST", "/containers/create" + named, json.dumps(
            {"Image": image, "Entrypoint": ["true"], "Labels": labels or {}}))["Id"]

    def inspect(self, container):
        return self.request("GET", f"/containers/{container}/json")

    def plainly_in(self, image, *command):
        """What a command of an image says, without any wall."""
        made = self.request("POST", "/containers/create", json.dumps(
            {"Image": image, "Entrypoint": list(command), "Tty": True, "HostConfig": {"NetworkMode": "none", **self.usual}}))
        try:
            self.request("POST", f"/containers/{made['Id']}/start")
            self.request("POST", f"/containers/{made['Id']}/wait")
            return self.request("GET", f"/containers/{made['Id']}/logs?stdout=1&stderr=1").decode()
        finally:
            self.request("DELETE", f"/containers/{made['Id']}?force=1&v=1")

    def plainly(self, *command, user="0", **host):
        """The same command in a container that nothing was taken from: (exit code, output)."""
        host = {"CapAdd": own_capabilities(), "SecurityOpt": ["seccomp=unconfined"], "NetworkMode": "host", "PidMode": "host",
                "IpcMode": "host", **self.usual, **host}
        made = self.request("POST", "/containers/create", json.dumps(
            {"Image": IMAGE, "Entrypoint": list(command), "Tty": True, "User": user, "HostConfig": host}))
        try:
            self.request("POST", f"/containers/{made['Id']}/start")
            code = self.request("POST", f"/containers/{made['Id']}/wait")["StatusCode"]
            text = self.request("GET", f"/containers/{made['Id']}/logs?stdout=1&stderr=1")
            return code, text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        finally:
            self.request("DELETE", f"/containers/{made['Id']}?force=1&v=1")
