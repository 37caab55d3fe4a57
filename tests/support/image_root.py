"""The root directory of the images that tests run: busybox and the attacks."""

import io
import os
import tarfile

GUEST = os.environ["CORDON_TEST_GUEST"]
BUSYBOX = "/bin/busybox"
APPLETS = ["sh", "cat", "echo", "env", "false", "head", "id", "kill", "ls", "mkdir", "mv", "pwd", "rm", "sleep", "stat", "stty",
           "tee", "test", "touch", "true", "tty", "wc", "yes", "dd", "hostname", "ps", "mount", "ip", "readlink", "find", "ln",
           "chmod", "chown", "grep"]


class ImageRoot:
    """Made as a tar, below a prefix."""

    def __init__(self, prefix=""):
        self.prefix = prefix
        self.out = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.out, mode="w")

    def add(self, name, data=None, mode=0o755, link=None):
        info = tarfile.TarInfo(self.prefix + name)
        info.mode, info.type = mode, tarfile.DIRTYPE
        if link is not None:
            info.type, info.linkname = tarfile.SYMTYPE, link
        elif data is not None:
            info.type, info.size = tarfile.REGTYPE, len(data)
        self.tar.addfile(info, io.BytesIO(data) if data is not None else None)

    def fill(self, shell=True):
        for name in ("bin", "etc", "data", "proc", "sys", "dev", "usr", "opt", "opt/tools"):
            self.add(name)
        self.add("tmp", mode=0o1777)
        with open(BUSYBOX, "rb") as file:
            self.add("bin/busybox", file.read())
        for applet in APPLETS:
            if applet != "sh" or shell:
                self.add(f"bin/{applet}", link="busybox")
        with open(GUEST, "rb") as file:
            guest = file.read()
        self.add("bin/guest", guest)
        self.add("bin/guest-setuid", guest, 0o4755)
        self.add("opt/tools/tool", b"#!/bin/sh\necho the tool of the image\n")
        self.add("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
        self.add("etc/secret-of-root", b"only root reads this\n", 0o600)
        self.add("bin/no-program", b"no program\n", 0o644)

    def archive(self):
        self.tar.close()
        return self.out.getvalue()
