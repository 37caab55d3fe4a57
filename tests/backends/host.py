"""Things of the host for a sandbox to reach in vain: listeners, shared memory, queues, processes."""

import contextlib
import ctypes
import os
import socket
import subprocess
import threading

from drivers import GUEST

IPC_PRIVATE, IPC_RMID = 0, 0
LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def segment():
    """The number of a shared segment of System V that everybody may read."""
    number = LIBC.shmget(IPC_PRIVATE, 4096, 0o1666)
    if number < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    try:
        yield number
    finally:
        LIBC.shmctl(number, IPC_RMID, None)


@contextlib.contextmanager
def queue(name):
    """Whether this kernel has message queues; one of them is there meanwhile."""
    number = LIBC.mq_open(b"/" + name.encode(), os.O_RDWR | os.O_CREAT, 0o666, None)
    try:
        yield number >= 0
    finally:
        if number >= 0:
            os.close(number)
            LIBC.mq_unlink(b"/" + name.encode())


@contextlib.contextmanager
def listening(family, address):
    """A listener that takes whoever comes."""
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(address)
        if family == socket.AF_UNIX and not address.startswith("\0"):
            os.chmod(address, 0o777)
        server.listen(16)
        server.settimeout(0.1)
        done = threading.Event()

        def serve():
            while not done.is_set():
                with contextlib.suppress(OSError):
                    server.accept()[0].close()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            done.set()
            thread.join()


@contextlib.contextmanager
def process(secret):
    """A process with a secret in its environment. Its number is one that no sandbox of its own numbers has."""
    too_low = 2000
    while True:
        victim = subprocess.Popen([GUEST, "pause_forever"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  env={"SECRET": secret}, text=True)
        with victim:
            victim.stdout.readline()
            if victim.pid > too_low:
                try:
                    yield victim
                finally:
                    victim.kill()
                return
            victim.kill()


def is_there(pid):
    """Not gone, and no zombie either."""
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False
