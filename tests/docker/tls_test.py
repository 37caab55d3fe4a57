"""An engine that is spoken to over TLS, on loopback, with certificates of the test's own."""

import os
import shutil
import subprocess
import tempfile
import unittest

from docker_test import WithEngine, setUpModule  # noqa: F401
from engine import Engine
from registry import free_port


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_authority(folder):
    """A directory as DOCKER_CERT_PATH names it, and the engine's own certificate besides."""
    os.mkdir(folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority")
    for name, extension in (("cert", "extendedKeyUsage=clientAuth"),
                            ("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth")):
        with open(f"{folder}/{name}.ext", "w", encoding="utf-8") as file:
            file.write(extension)
        key_file = "key.pem" if name == "cert" else "server-key.pem"
        openssl(folder, "req", *key, "-keyout", key_file, "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
                "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    return folder


class Tls(WithEngine):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="cordon-test-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port = free_port()
        cls.certificates, cls.strangers = (make_authority(f"{cls.folder}/{name}") for name in ("ours", "strangers"))
        cls.engine = Engine(listen=[
            "--host", f"tcp://127.0.0.1:{cls.port}", "--tlsverify", "--tlscacert", f"{cls.certificates}/ca.pem", "--tlscert",
            f"{cls.certificates}/server.pem", "--tlskey", f"{cls.certificates}/server-key.pem"])
        cls.addClassCleanup(cls.engine.stop)

    def environment(self, **more):
        return super().environment(**{"DOCKER_HOST": f"tcp://127.0.0.1:{self.port}", "DOCKER_TLS_VERIFY": "1",
                                      "DOCKER_CERT_PATH": self.certificates, **more})

    def refused(self, *words, **environment):
        run = self.run_cordon("touch", "made", **environment)
        self.assertEqual((run.returncode, run.stdout), (125, ""), run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual((os.listdir(self.work), self.engine.containers()), ([], []))

    def files(self, name, **files):
        """A DOCKER_CERT_PATH of its own: each file with where it is from."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        for file, source in files.items():
            os.symlink(f"{source}/{file}.pem", f"{folder}/{file}.pem")
        return folder

    def test_streams_go_both_ways(self):
        text = "line\n" * 200_000
        run = self.run_cordon("cat", text=text)
        self.assertEqual((run.returncode, run.stderr, len(run.stdout)), (0, "", len(text)))
        run = self.sh("cat >/dev/null; echo out; echo err >&2; exit 7", text="until the end of the input\n")
        self.assertEqual((run.stdout, run.stderr, run.returncode), ("out\n", "err\n", 7))

    def test_another_authority_is_not_believed(self):
        self.refused("certificate does not hold", "ca.pem", DOCKER_CERT_PATH=self.strangers)
        self.refused("certificate does not hold", DOCKER_HOST=f"tcp://localhost:{self.port}")

    def test_the_engine_wants_to_know_us(self):
        ours, strangers = self.certificates, self.strangers
        self.refused("TLS: ", "cert.pem", DOCKER_CERT_PATH=self.files("none", ca=ours))
        self.refused("TLS: ", "cert.pem", DOCKER_CERT_PATH=self.files("foreign", ca=ours, cert=strangers, key=strangers))

    def test_verification_cannot_be_left_out(self):
        self.refused("verifies nothing", DOCKER_TLS_VERIFY="", DOCKER_TLS="1")
        self.refused("ca.pem", DOCKER_CERT_PATH="/nonexistent")
        self.refused("HTTPS server", DOCKER_TLS_VERIFY="")  # it speaks nothing else


if __name__ == "__main__":
    unittest.main()
