"""Podman's compatible socket as a test's engine: a service of its own, with folders of its own."""

import os
import subprocess
import tempfile

from engine import Engine
from runs import kill_all, processes


class Podman(Engine):
    """Without systemd, with runc (crun 1.8 refuses hybrid control groups), on folders of its own."""

    usual = {"Ulimits": [{"Name": name, "Soft": 1024, "Hard": 1024} for name in ("nofile", "nproc")]}  # its own are more than root has everywhere

    def __init__(self, registries=None):
        """In a network of its own, where bridges trouble nobody. With registries (which speak HTTP) it has the host's, to reach them."""
        self.registries = registries
        self.root = tempfile.mkdtemp(prefix="cordon-test-podman-")
        self.socket = os.path.join(self.root, "p.sock")
        self.group = "/libpod_parent"  # of every Podman without systemd
        self.had_group = bool(self.groups())
        self.log = open(os.path.join(self.root, "log"), "wb")
        self.process = None
        self.begin()

    def environment(self):
        """Nothing of the host's configuration."""
        storage, containers, registries = (f"{self.root}/{name}.conf" for name in ("storage", "containers", "registries"))
        with open(storage, "w", encoding="utf-8") as file:
            file.write(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.root}/data"\nrunroot = "{self.root}/run"\n')
        with open(containers, "w", encoding="utf-8") as file:
            file.write('[engine]\nlock_type = "file"\n')  # not in the /dev/shm of all
        with open(registries, "w", encoding="utf-8") as file:
            file.write("".join(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n' for host in self.registries or ()))
        return {"PATH": os.environ["PATH"], "HOME": self.root, "CONTAINERS_STORAGE_CONF": storage, "CONTAINERS_CONF": containers,
                "CONTAINERS_REGISTRIES_CONF": registries}

    def start(self):
        # The plugins of a network keep their leases below /var/lib, whoever asks.
        before = "mkdir -p /var/lib/cni; mount -t tmpfs none /var/lib/cni; ip link set lo up; " if self.registries is None else ""
        self.process = subprocess.Popen(
            ["unshare", "--mount", *(["--net"] if self.registries is None else []), "sh", "-c", before + 'exec "$@"', "sh", "podman", "--root", f"{self.root}/data", "--runroot", f"{self.root}/run", "--tmpdir",
             f"{self.root}/tmp", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend",
             "file", "--network-config-dir", f"{self.root}/net", "system", "service", "--time=0", f"unix://{self.socket}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True, env=self.environment(),
            cwd=self.root)  # conmon leaves a file there when memory runs out
        self.wait_for_answer()

    def kill_left_over(self):
        """Each container has one that watches it."""
        ours = self.root.encode() + b"/"
        kill_all(processes(lambda words: b"conmon" in words.split(b"\0")[0] and ours in words))

    def groups(self):
        """Those that were there before are somebody else's."""
        return [] if getattr(self, "had_group", False) else super().groups()
