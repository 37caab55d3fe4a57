"""What tests share that run the program from outside."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PATIENCE = 60
SOMEBODY = 12345  # a user of no name


def need_root(why):
    """For setUpModule and setUpClass: a skip whose reason is allowed."""
    if os.geteuid() != 0:
        print(f"SKIP: needs root: {why}")
        raise unittest.SkipTest(f"needs root: {why}")


class Runs(unittest.TestCase):
    def own_folder(self, prefix, place=None, owner=None):
        path = os.path.realpath(tempfile.mkdtemp(prefix=prefix, dir=place))
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        if owner is not None:
            os.chown(path, owner, owner)
        return path

    def ending(self, process):
        """The process, which ends with the test."""
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def begin_program(self, arguments, stdin=subprocess.DEVNULL, **more):
        return self.ending(subprocess.Popen(arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more))

    def wait_until(self, what, condition, patience=PATIENCE):
        until = time.monotonic() + patience
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain until " + what)
            time.sleep(0.02)


def end(process):
    """Asks it to, first."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def kill_all(pids):
    """Returns when they are gone, or after ten seconds."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}/exe") for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)


def processes(belongs):
    """Those of this host whose command line, words ended by NUL, satisfies `belongs`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if belongs(words.read()) and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass
    return found
