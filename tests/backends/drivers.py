"""One driver a backend: the options that take it, what starts and stops its engine, and what it left behind."""

import os
import shutil
import sys

from runs import SOMEBODY

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.environ["CORDON_TEST_GUEST"]


class Driver:
    """A backend that is run from a folder of its own. Inside, the attacks are `guest` and `setuid_guest`."""

    name = ""  # of its column in the matrix, and of what cannot.toml says
    backend = ""  # what a result says that ran it
    tier = ""
    options = ()
    may_miss_memory = False  # an end for want of memory can come before anything was there to see it
    has_image = False  # the files are an image's, not this host's
    guest = "/bin/guest"
    setuid_guest = "/bin/guest-setuid"

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        """Whatever a run needs to be there."""

    def stop(self):
        """Also called after a start that failed half-way."""

    def environment(self):
        """Variables of the caller, besides PATH and HOME."""
        return {}

    def sockets(self):
        """The engine's sockets: whoever reaches one is root."""
        return []

    def at(self, socket):
        """Variables for an engine at another socket, of the same name in another directory."""
        raise NotImplementedError(f"{self.name} has no engine: {socket}")

    def left(self):
        """Names of what runs left in the engine."""
        return []


class Native(Driver):
    name = backend = "native"
    tier = "light"

    def start(self):
        tools = os.path.join(self.folder, "tools")
        os.mkdir(tools)
        os.chmod(tools, 0o755)
        self.guest = shutil.copy(GUEST, os.path.join(tools, "guest"))
        self.setuid_guest = shutil.copy(GUEST, os.path.join(tools, "guest-setuid"))
        os.chmod(self.guest, 0o755)
        os.chown(self.setuid_guest, SOMEBODY + 1, SOMEBODY + 1)
        os.chmod(self.setuid_guest, 0o6755)
        self.options = ["--backend", self.name, "--read", tools]


class Gvisor(Native):
    name = backend = "gvisor"
    tier = "gvisor"

    def environment(self):
        # Where it is remembered whether KVM works.
        return {"CORDON_STATE_DIR": os.path.join(self.folder, "state")}


class Docker(Driver):
    name = backend = "docker"
    tier = "container"
    has_image = True
    engine = None

    def start(self):
        sys.path.insert(0, os.path.join(os.path.dirname(HERE), "docker"))
        import engine
        self.engine = self.begin()
        self.options = ["--backend", self.backend, "--image", engine.IMAGE]

    def begin(self):
        import engine
        return engine.Engine()

    def stop(self):
        if self.engine:
            self.engine.stop()

    def environment(self):
        return self.at(self.engine.socket)

    def at(self, socket):
        return {"DOCKER_HOST": f"unix://{socket}"}

    def sockets(self):
        return [self.engine.socket]

    def left(self):
        return [one["Names"][0] for one in self.engine.containers()]


class Podman(Docker):
    name = "podman"

    def begin(self):
        import podman
        return podman.Podman()


class GvisorDocker(Docker):
    name = backend = "gvisor-docker"
    tier = "gvisor"
    may_miss_memory = True

    def begin(self):
        import engine
        # No network of its own making: that works on every machine.
        return engine.Engine(runtimes={
            "runsc": {"path": shutil.which("runsc"), "runtimeArgs": ["--platform=ptrace", "--network=none"]}})


class Lxc(Driver):
    name = backend = "lxc"
    tier = "strong"
    has_image = True
    store = None

    def start(self):
        sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lxc"))
        import lxd
        self.store = lxd.Store()
        self.options = ["--backend", "lxc", "--image", lxd.IMAGE]

    def stop(self):
        if self.store:
            self.store.stop()

    def environment(self):
        return self.store.environment()

    def at(self, socket):
        return {"LXD_DIR": os.path.dirname(socket)}

    def sockets(self):
        return [self.store.socket]

    def left(self):
        return self.store.instances()


DRIVERS = {driver.name: driver for driver in (Native, Gvisor, Docker, Podman, GvisorDocker, Lxc)}
