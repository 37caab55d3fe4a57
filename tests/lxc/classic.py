"""A container of classic LXC for a test: made by lxc-create, started, and stopped. Nothing but the standard library."""

import glob
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time

from lxd import USERS, image_archive
from runs import PATIENCE

FIRST = 200000  # the host's number of the container's root


def id_map(*same):
    """Lines of lxc.idmap in which each of these users is the host's own."""
    for kind in "ug":
        begin = 0
        for user in sorted(same):
            yield f"{kind} {begin} {FIRST + begin} {user - begin}"
            yield f"{kind} {user} {user} 1"
            begin = user + 1
        yield f"{kind} {begin} {FIRST + begin} {65536 - begin}"


class Container:
    def __init__(self, *same, shown=(), privileged=False):
        self.root = tempfile.mkdtemp(prefix="of-classic-")
        os.chmod(self.root, 0o755)
        self.containers = os.path.join(self.root, "containers")
        self.name = os.path.basename(self.root).replace("_", "-")
        os.mkdir(self.containers)
        lines = [f"lxc.rootfs.path = dir:{self.root}/image/rootfs", f"lxc.uts.name = {self.name}", "lxc.net.0.type = empty",
                 "lxc.mount.auto = proc:mixed sys:mixed", "lxc.tty.max = 0"]
        lines += [f"lxc.mount.entry = {path} {path[1:]} none bind,create=dir 0 0" for path in shown]
        if not privileged:
            lines += [f"lxc.idmap = {line}" for line in id_map(*same)]
        for name, text in (("config", "\n".join(lines) + "\n"), ("users", USERS)):
            with open(f"{self.root}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        with tarfile.open(fileobj=io.BytesIO(image_archive())) as tar:
            tar.extractall(f"{self.root}/image")
        if not privileged:
            self.give(f"{self.root}/image")
        self.monitor = None

    @staticmethod
    def give(place):
        for folder, directories, files in os.walk(place):
            for one in (folder, *(os.path.join(folder, name) for name in directories + files)):
                mode = os.lstat(one).st_mode
                os.lchown(one, FIRST, FIRST)
                if not os.path.islink(one):
                    os.chmod(one, mode & 0o7777)

    def tool(self, name, *words, check=True, **more):
        done = subprocess.run([f"lxc-{name}", "-P", self.containers, "-n", self.name, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False, **more)
        if check and done.returncode != 0:
            raise RuntimeError(f"lxc-{name} {' '.join(words)}: {done.stderr.decode(errors='replace')[-1000:]}")
        return done

    def create(self):
        self.tool("create", "-t", "none", "-f", f"{self.root}/config")
        return self

    def start(self):
        # Whom it may map is asked there. Its output is a file: the monitor keeps it open.
        script = (f"mount --bind {self.root}/users /etc/subuid && mount --bind {self.root}/users /etc/subgid && "
                  f"exec lxc-start -P {self.containers} -n {self.name} -o {self.root}/log -l INFO")
        with open(f"{self.root}/said", "wb") as said:
            done = subprocess.run(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                  timeout=PATIENCE, check=False)
        if done.returncode != 0:
            with open(f"{self.root}/log", encoding="utf-8", errors="replace") as log:
                raise RuntimeError("lxc-start: " + "".join(line for line in log if " ERROR " in line))
        first = next(line.split()[1] for line in self.tool("info", "-p").stdout.decode().splitlines() if line.startswith("PID:"))
        with open(f"/proc/{first}/stat", encoding="utf-8") as stat:
            self.monitor = int(stat.read().rsplit(")", 1)[1].split()[1])
        return self

    def stop(self):
        self.tool("stop", "-k", check=False)
        until = time.monotonic() + PATIENCE
        while self.monitor and os.path.exists(f"/proc/{self.monitor}/exe") and time.monotonic() < until:
            time.sleep(0.05)
        self.monitor = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
        for group in glob.glob(f"/sys/fs/cgroup/*/lxc.*.{self.name}") + glob.glob(f"/sys/fs/cgroup/lxc.*.{self.name}"):
            for inner, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(inner)
                except OSError:
                    pass

    def environment(self):
        return {"CORDON_LXC_EXECUTABLE": "lxc-attach", "CORDON_LXC_CONTAINERS": self.containers, "CORDON_LXC_INSTANCE": self.name}
