#!/usr/bin/env python3
"""Packs a small Debian-like root (merged /usr) for the test machine into one cpio archive.

Every program is taken from this machine with the libraries that ldd finds. What comes from the build keeps its
absolute path, because test programs know the paths of their build.
"""

import argparse
import glob
import os
import re
import shutil
import stat
import subprocess
import tempfile

SYSTEM_PATH = "/usr/bin:/usr/sbin:/bin:/sbin"
WHO = ("root", "plain", "user", "scope", "container")


class Archive:
    """A cpio archive in the 'newc' format, which the kernel unpacks. Everything belongs to root."""

    def __init__(self, file):
        self.file = file
        self.inode = 0
        self.names = set()

    def entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(name.encode()) + 1, 0)
        self.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0")
        self.write(data)

    def write(self, data):
        self.file.write(data + b"\0" * (-len(data) % 4))

    def parents(self, path):
        folder = os.path.dirname(path)
        if folder and folder not in self.names:
            self.directory(folder)

    def claim(self, path):
        """The archive's name for it; None when it is there already."""
        path = re.sub(r"^(lib|lib64|bin|sbin)/", r"usr/\1/", path.strip("/"))
        if path in self.names:
            return None
        self.parents(path)
        self.names.add(path)
        return path

    def directory(self, path, mode=0o755):
        if name := self.claim(path):
            self.entry(name, stat.S_IFDIR | mode)

    def symlink(self, path, target):
        self.names.add(path.strip("/"))
        self.entry(path.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def text(self, path, text, mode=0o644):
        if name := self.claim(path):
            self.entry(name, stat.S_IFREG | mode, text.encode())

    def copy(self, path, source):
        if name := self.claim(path):
            with open(source, "rb") as file:
                self.entry(name, stat.S_IFREG | stat.S_IMODE(os.stat(source).st_mode) & 0o755, file.read())

    def end(self):
        self.inode = 0
        self.entry("TRAILER!!!", 0)
        self.file.flush()


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(path):
    found = subprocess.run(["ldd", path], capture_output=True, text=True)
    if "not found" in found.stdout:
        raise SystemExit(f"initramfs: {path} needs what is not here:\n{found.stdout}")
    # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)" and "/lib64/ld-linux-x86-64.so.2 (0x...)"
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", found.stdout, re.MULTILINE)


def add_program(archive, path, scratch=None):
    """With its libraries; stripped into `scratch`, for debug information is most of a test program."""
    if not is_elf(path):
        return archive.copy(path, path)
    for library in libraries(path):
        archive.copy(library, library)
    source = path
    if scratch and shutil.which("strip"):
        stripped = os.path.join(scratch, os.path.basename(path))
        if subprocess.run(["strip", "--strip-debug", "-o", stripped, path], capture_output=True).returncode == 0:
            source = stripped
    archive.copy(path, source)


def add_modules(archive, kernel, names):
    """Each after what it depends on; the list tells the order of loading."""
    files = {}
    for path in glob.glob(f"{kernel}/lib/modules/*/kernel/**/*.ko", recursive=True):
        files[os.path.basename(path)[:-3].replace("-", "_")] = path
    order = []

    def add(name):
        if name in order:
            return
        if name not in files:
            raise SystemExit(f"initramfs: the kernel has no module {name}")
        with open(files[name], "rb") as file:
            depends = re.search(rb"\0depends=([^\0]*)\0", file.read())
        for other in (depends.group(1).decode().split(",") if depends else []):
            if other:
                add(other.replace("-", "_"))
        order.append(name)

    for name in names:
        add(name)
    places = [f"/usr/lib/modules/{name}.ko" for name in order]
    for name, place in zip(order, places):
        archive.copy(place, files[name])
    archive.text("/etc/cordon-vm/modules", "".join(f"{place}\n" for place in places))


def read_suite(path):
    suite = {"program": [], "module": [], "build": [], "file": [], "run": [], "lenient": []}  # both in "run", in order
    with open(path) as file:
        for number, line in enumerate(file, 1):
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            if words[0] not in suite or len(words) < 2:
                raise SystemExit(f"{path}:{number}: expected {', '.join(suite)} and what")
            if words[0] in ("run", "lenient"):
                if words[1] not in WHO or len(words) < 3:
                    raise SystemExit(f"{path}:{number}: expected {words[0]} {'|'.join(WHO)} PROGRAM")
                suite["run"].append(words)
            else:
                suite[words[0]] += words[1:]
    return suite


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "suite", "init", "kernel", "output", "skips"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    suite = read_suite(options.suite)
    programs = os.path.join(os.path.abspath(options.build), "bin")

    with open(options.output, "wb") as file, tempfile.TemporaryDirectory() as scratch:
        archive = Archive(file)
        for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "proc", "sys", "dev", "run", "mnt",
                       "root", "home/tester", "var/tmp", "usr/local/bin"):
            archive.directory(folder)
        archive.directory("tmp", 0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            archive.symlink(name, f"usr/{name}")
        archive.entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.text("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntester:x:1000:1000::/home/tester:/bin/bash\n"
                                    "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n")
        archive.text("/etc/group", "root:x:0:\ntester:x:1000:\nnogroup:x:65534:\n")
        archive.text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        archive.text("/etc/hosts", "127.0.0.1 localhost vm\n")
        archive.text("/etc/hostname", "vm\n")
        archive.copy("/init", options.init)
        for name in suite["program"]:
            found = shutil.which(name, path=SYSTEM_PATH)
            if not found:
                raise SystemExit(f"initramfs: this machine has no {name}")
            real = os.path.realpath(found)
            add_program(archive, real)
            if real != found:
                archive.symlink(found, real)
        for path in suite["file"]:
            add_program(archive, path)
        runs = []
        for skips, who, program, *arguments in suite["run"]:
            path = os.path.join(programs, program)
            if not os.path.exists(path):
                raise SystemExit(f"initramfs: {options.suite} runs {program}, which {programs} does not have")
            add_program(archive, path, scratch)
            runs.append(" ".join([skips, who, path, *arguments]))
        for name in suite["build"]:
            add_program(archive, os.path.join(programs, name), scratch)
        archive.text("/etc/cordon-vm/runs", "".join(f"{run}\n" for run in runs))
        archive.copy(os.path.abspath(options.skips), options.skips)
        add_modules(archive, options.kernel, suite["module"])
        archive.end()


if __name__ == "__main__":
    main()
