"""Jobs and the daemon's requests in instances, against a real LXD; tests/jobs has what every backend does."""

import os
import sys
import unittest

from lxd import IMAGE, Store
from runs import need_root

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder) for folder in ("jobs", "docker", "serve")]
import jobs_test  # noqa: E402
from daemon import Daemon  # noqa: E402


def setUpModule():
    need_root("the tests start a store of their own")


def daemon_error(test, *options):
    daemon = Daemon(*options)
    test.addCleanup(daemon.remove)
    answer = daemon.ask("POST", "/api/v1/sandbox/execute", {"backend": "lxc", "command": "true"}).json
    return answer.get("error") or answer["message"]


class Jobs(jobs_test.Behaviour, jobs_test.AsOwner, jobs_test.WithPlace):
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
        self.wait_until("no instance is left", lambda: not self.store.instances())

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
