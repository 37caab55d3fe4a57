"""The client of the engine's API against real engines: each of its parts once."""

import io
import os
import subprocess
import tarfile
import unittest

from docker_test import WithEngine, setUpModule  # noqa: F401
from engine import IMAGE, archive
from runs import PATIENCE

DRIVER = os.environ["CORDON_TEST_CLIENT_DRIVER"]


class Parts:
    """Of whatever engine the test has."""

    def client(self, *words, data=b""):
        run = subprocess.run([DRIVER, *words], input=data, capture_output=True, check=False, timeout=PATIENCE * 2,
                             env=self.environment())
        self.assertEqual(run.returncode, 0, run.stdout.decode() + run.stderr.decode())
        return run.stdout.decode().strip()

    def test_images_of_the_client(self):
        name = "cordon-test-client:1"
        self.addCleanup(self.engine.request, "DELETE", f"/images/{name}?force=1")
        self.assertEqual(self.client("images", name, data=archive({"f": b"x"})), f"{name} second:name not_found PATH=/bin")
        saved = self.engine.request("GET", f"/images/{name}/get")
        before = self.engine.request("GET", f"/images/{name}/json")["Id"]
        self.engine.request("DELETE", f"/images/{name}?force=1")
        self.assertEqual(self.client("load", name, data=saved), before)

    def test_a_command_of_the_client(self):
        self.assertEqual(self.client("exec", IMAGE), "out of-exec 4321 /tmp |err |7")

    def test_archives_of_the_client(self):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as tar:
            info = tarfile.TarInfo("inner/file")
            info.size = len(b"what was copied")
            tar.addfile(info, io.BytesIO(b"what was copied"))
        self.assertEqual(self.client("archive", IMAGE, data=made.getvalue()), "copied not_found")

    def test_what_the_client_measures_and_hears(self):
        self.assertEqual(self.client("stats", IMAGE), "cpu memory")
        self.assertEqual(self.client("wait", IMAGE), "137")
        self.assertEqual(self.client("events", IMAGE), "createx1 startx1 diex1")
        self.assertEqual(self.engine.containers(), [])

    def test_volumes_and_networks_of_the_client(self):
        self.assertEqual(self.client("volumes"), "client-volume 0 0")
        self.assertEqual(self.client("networks"), "same 0")


class Client(Parts, WithEngine):
    pass


if __name__ == "__main__":
    unittest.main()
