"""Jobs and the daemon's requests in instances, against a real LXD; tests/jobs has what every backend does."""

import os
import subprocess
import sys
import tarfile
import time
import unittest

from lxd import IMAGE, PATIENCE, Store

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder) for folder in ("jobs", "docker", "serve")]
import jobs_test  # noqa: E402
from daemon import Daemon  # noqa: E402
from jobs_test import entry, tar_of  # noqa: E402


def setUpModule():
    if os.geteuid() != 0:
        print("SKIP: needs root: the tests start a store of their own")
        raise unittest.SkipTest("needs root: the tests start a store of their own")


def daemon_error(test, *options):
    daemon = Daemon(*options)
    test.addCleanup(daemon.remove)
    answer = daemon.ask("POST", "/api/v1/sandbox/execute", {"backend": "lxc", "command": "true"}).json
    return answer.get("error") or answer["message"]


class Jobs(jobs_test.Behaviour, jobs_test.WithPlace):
    """An instance for each job, in a project of the store's; the daemon is told of it by its configuration."""

    image = IMAGE

    @classmethod
    def setUpClass(cls):
        cls.store = Store()
        cls.addClassCleanup(cls.store.stop)

    def environment(self):
        return {**super().environment(), **self.store.environment()}

    def arguments(self, command, options):
        return super().arguments(command, ["--backend", "lxc", *options])

    def tearDown(self):
        until = time.monotonic() + PATIENCE
        while self.store.instances():
            self.assertLess(time.monotonic(), until, "an instance is left")
            time.sleep(0.05)

    def test_it_is_nobody_and_owns_its_files(self):
        run = self.sh("id -u; stat -c %u:%a . f d d/g; echo y >> d/g; mkdir d/new", "--input", "-",
                      data=tar_of(entry("f", b"x", mode=0o600), entry("d", kind=tarfile.DIRTYPE, mode=0o755), entry("d/g", b"x", mode=0o640)))
        self.assertEqual(run.stdout.decode().split(), ["65532", "65532:700", "65532:600", "65532:755", "65532:640"], run.stderr)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_an_image_that_is_not_there_is_no_upload(self):
        self.image = "nobody-has-this"
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        with os.fdopen(read) as never:
            run = subprocess.run(self.arguments(["true"], ["--input", "-"]), stdin=never, capture_output=True, check=False,
                                 timeout=PATIENCE, env=self.environment(), cwd=self.place)
        self.assertEqual(run.returncode, 125, run.stderr)
        self.assertIn(b"nobody-has-this", run.stderr)
        self.assertEqual(self.left(), [])

    def test_a_daemon_is_told_by_its_configuration(self):
        self.store.lxc("project", "create", "boxes", "-c", "features.images=false", "-c", "features.profiles=false")
        self.addCleanup(self.store.lxc, "project", "delete", "boxes")
        config = self.put("serve.toml", f'lxc-executable = "lxc"\nlxc-socket = "{self.store.socket}"\nlxc-project = "boxes"\n'
                                        f'lxc-image = "{IMAGE}"\n'.encode())
        daemon = Daemon("--config", config)
        self.addCleanup(daemon.remove)
        script = "cat given; id -u; echo more >> given"
        result = daemon.ask("POST", "/api/v1/sandbox/execute", {
            "backend": "lxc", "command": "sh", "args": ["-c", script], "files": {"given": "text\n"}}).json
        self.assertEqual((result["status"], result["backend"], result["stdout"], result["stderr"]),
                         ("completed", "lxc", "text\n65532\n", ""), result)
        # The control: of the environment it knows no store.
        self.assertIn("LXD", daemon_error(self, "--lxc-socket", "/nonexistent/socket"))
        self.assertIn("no-such-project", daemon_error(self, "--config", config, "--lxc-project", "no-such-project"))


if __name__ == "__main__":
    unittest.main()
