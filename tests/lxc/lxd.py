"""An LXD of its own for a test: started, given an image, and stopped. Nothing but the standard library."""

import glob
import os
import shutil
import subprocess
import tempfile

from image_root import ImageRoot
from runs import PATIENCE, end, kill_all, processes

IMAGE = "cordon-test"
# Those whom the store may let write as themselves.
USERS = "root:100000:10000001\nroot:1000:64536\n"
INIT = b"#!/bin/sh\ntrap 'exit 0' PWR TERM\nmkdir -p /run\nwhile :; do sleep 1000 & wait $!; done\n"


def image_archive():
    """Metadata and a root directory, as tar."""
    root = ImageRoot()
    root.add("metadata.yaml", f"architecture: {os.uname().machine}\ncreation_date: 1700000000\n".encode(), 0o644)
    root.add("rootfs")
    root.prefix = "rootfs/"
    root.fill()
    for name in ("sbin", "run", "root"):
        root.add(name)
    root.add("open", mode=0o777)
    root.add("sbin/init", INIT)
    return root.archive()


# In a network namespace of the store's own: a bridge, and what a store sets for it, are nothing of this host's.
OWN_NETWORK = ("mkdir {root}/groups && mount --rbind /sys/fs/cgroup {root}/groups && mount -t sysfs sysfs /sys && "
               "mount --rbind {root}/groups /sys/fs/cgroup && ip link set lo up && ")


class Store:
    def __init__(self, own_network=False):
        self.own_network = own_network
        self.root = tempfile.mkdtemp(prefix="of-lxd-")
        os.chmod(self.root, 0o711)
        self.directory = os.path.join(self.root, "d")
        self.socket = os.path.join(self.directory, "unix.socket")
        self.log = open(os.path.join(self.root, "log"), "wb")
        self.process = None
        os.mkdir(self.directory)
        with open(f"{self.root}/users", "w", encoding="utf-8") as users:
            users.write(USERS)
        try:
            self.start()
            self.lxc("storage", "create", "default", "dir")
            self.lxc("profile", "device", "add", "default", "root", "disk", "path=/", "pool=default")
            with open(f"{self.root}/image.tar", "wb") as image:
                image.write(image_archive())
            self.lxc("image", "import", f"{self.root}/image.tar", "--alias", IMAGE)
        except BaseException:
            self.stop()
            raise

    def environment(self):
        return {"LXD_DIR": self.directory}

    def start(self):
        # Its mounts stay its own: other tests count those of the host. Whom it may map is asked there, too.
        script = (f"mount --bind {self.root}/users /etc/subuid && mount --bind {self.root}/users /etc/subgid && "
                  "exec lxd --group root")
        namespaces = ["--mount"]
        if self.own_network:
            namespaces.append("--net")
            script = OWN_NETWORK.format(root=self.root) + script
        self.process = subprocess.Popen(["unshare", *namespaces, "sh", "-c", script], env=self.surroundings(), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        ready = subprocess.run(["lxd", "waitready", "--timeout", str(PATIENCE)], env=self.surroundings(), stdin=subprocess.DEVNULL,
                               capture_output=True, check=False)
        if ready.returncode != 0:
            with open(self.log.name, encoding="utf-8", errors="replace") as log:
                raise RuntimeError("lxd did not start: " + log.read()[-3000:])

    def surroundings(self):
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.root, **self.environment()}

    def lxc(self, *words, check=True, **options):
        done = subprocess.run(["lxc", *words], env=self.surroundings(), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=PATIENCE, check=False, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"lxc {' '.join(words)}: {done.stderr.decode(errors='replace')[-1000:]}")
        return done

    def in_its_network(self, *words):
        """The words of a command that runs there."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", *words]

    def instances(self):
        listed = self.lxc("list", "--format", "csv", "--columns", "n").stdout.decode()
        return listed.split()

    def stop(self):
        if self.process and self.process.poll() is None:
            for instance in self.instances():
                self.lxc("delete", "--force", instance, check=False)
            end(self.process)
        self.log.close()
        self.kill_left_over()
        shutil.rmtree(self.root, ignore_errors=True)

    def kill_left_over(self):
        """What a daemon that was killed left: the monitors of instances, which name its directory, and with them all inside."""
        ours = self.directory.encode() + b"/"
        kill_all(processes(lambda words: ours in words))
        # Empty ones of instances that are gone; others' are not empty, or not to be removed.
        for group in glob.glob("/sys/fs/cgroup/*/lxc.*.cordon-*") + glob.glob("/sys/fs/cgroup/lxc.*.cordon-*"):
            for inner, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(inner)
                except OSError:
                    pass
