"""What every test of the suite is made of: runs of Cordon on the session's backend."""

import functools
import json
import os
import pty
import select
import subprocess
import time
import unittest

from runs import SOMEBODY, Runs, need_root
from session import session

CORDON = os.environ["CORDON_TEST_PROGRAM"]
PATIENCE = 120


def start(group):
    """For setUpModule: starts the backend's engine, which the module's end stops."""
    need_root("the tests start engines of their own")
    unittest.addModuleCleanup(session.stop, group)
    session.start()


def protects(name):
    """Names the guarantee that a test is evidence for."""
    def mark(method):
        method.protection = name
        return method
    return mark


class Case(Runs):
    def __init__(self, name="runTest"):
        super().__init__(name)
        method = getattr(self, name, None)
        self.own_method = method
        if method:
            setattr(self, name, functools.partial(self.expect, method))

    def expect(self, method):
        takes_outcome = getattr(method, "takes_outcome", False)
        session.expect(self.own_name(), getattr(method, "protection", None),
                       method if takes_outcome else lambda outcome: method())

    def is_alone(self):
        return getattr(type(self), "alone", False) or getattr(self.own_method, "alone", False)

    def own_name(self):
        return f"{type(self).__name__}.{self._testMethodName.removeprefix('test_')}"

    def setUp(self):
        self.driver = session.driver
        # For everybody to write: root has no rights in a sandbox, and some backends run as somebody else.
        self.work = self.folder("work", SOMEBODY)
        self.outside = self.folder("outside")

    def folder(self, name, owner=0, mode=0o777):
        path = self.own_folder(name + "-", session.folder, owner)
        os.chmod(path, mode)
        return path

    def put(self, name, content="", mode=0o666, folder=None):
        path = os.path.join(folder or self.work, name)
        self.make_parents(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def make_parents(self, path):
        if not os.path.isdir(path):
            self.make_parents(os.path.dirname(path))
            os.mkdir(path)
            os.chmod(path, 0o777)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": "/root", "SECRET_OF_CALLER": "do not tell", **self.driver.environment(),
                **more}

    def arguments(self, command, options=()):
        return [CORDON, "run", "--no-policy-files", "--workdir", self.work, *self.driver.options, *options, "--", *command]

    def run_cordon(self, *command, options=(), text="", variables=None, **more):
        return subprocess.run(self.arguments(command, options), input=text, capture_output=True, text=True, check=False,
                              timeout=PATIENCE, env=self.environment(**variables or {}), **more)

    def sh(self, script, *options, **more):
        return self.run_cordon("sh", "-c", script, options=options, **more)

    def run_guest(self, *attempt, options=(), **more):
        return self.run_cordon(self.driver.guest, *attempt, options=options, **more)

    def result(self, *command, options=(), text="", **more):
        run = self.run_cordon(*command, options=["--json", *options], text=text, **more)
        self.assertTrue(run.stdout.startswith("{"), run.stdout + run.stderr)
        return json.loads(run.stdout)

    def guest_result(self, *attempt, options=()):
        return self.result(self.driver.guest, *attempt, options=options)

    def begin(self, *command, options=(), stdin=subprocess.DEVNULL, variables=None, **more):
        return self.begin_program(self.arguments(command, options), stdin=stdin, text=True, env=self.environment(**variables or {}),
                                  **more)

    def on_terminal(self, *command):
        """A command's exit status, and what it said on a terminal that is its controlling one."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = subprocess.Popen(["setsid", "--ctty", "--wait", *command], stdin=follower, stdout=follower, stderr=follower,
                                   env=self.environment(TERM="dumb"), cwd=self.outside)
        os.close(follower)
        self.ending(process)
        said, until = b"", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not select.select([leader], [], [], 0.1)[0]:
                continue
            try:
                said += os.read(leader, 4096)
            except OSError:  # nobody has the other end any more
                break
        return process.wait(PATIENCE), said.decode(errors="replace")
