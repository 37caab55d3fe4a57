#!/usr/bin/env python3
"""Each rule of check_style.py finds what it forbids, and lets pass what looks like it."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_style  # noqa: E402

HOST = "registry." + "npmjs" + ".org"
UNFINISHED = "TO" + "DO"

FOUND = [
    ("src/core/long.cc", "\n" * 501, "501 lines"),
    ("src/core/long.h", "\n" * 301, "301 lines"),
    ("src/core/a.cc", "void f() { close(3); }\n", "close() by hand"),
    ("src/core/a.cc", "void f() { ::close(3); }\n", "close() by hand"),
    ("src/core/a.cc", 'int f() { return std::system("ls"); }\n', "runs a shell"),
    ("src/core/a.cc", 'auto f() { return popen("ls", "r"); }\n', "runs a shell"),
    ("src/core/a.cc", "void f(char* d, char* s) { strcpy(d, s); }\n", "no bound"),
    ("src/core/a.cc", 'void f(char* d) { std::sprintf(d, "x"); }\n', "no bound"),
    ("tests/guests/a.cc", 'int main() { system("ls"); }\n', "runs a shell"),
    ("src/core/a.cc", '#include "linux/cgroup.h"\n', "lower layer"),
    ("src/linux/a.cc", '#include "policy/parse.h"\n', "lower layer"),
    ("src/sandbox/a.cc", '#include "native/plan.h"\n', "lower layer"),
    ("src/backends/native/a.cc", '#include "cli/run.h"\n', "lower layer"),
    ("src/core/a.cc", '#include "../linux/cgroup.h"\n', "around the layers"),
    ("include/cordon/a.h", '#include "core/unique_fd.h"\n', "public header"),
    ("include/cordon/a.h", "#include <fmt/core.h>\n", "third party"),
    ("src/core/a.cc", "using std::pair;\nint f();\n", "pair is not used"),
    ("docs/a.md", f"fetched from {HOST}\n", "one machine's"),
    ("src/core/a.cc", f"// {UNFINISHED}: later\n", "finish it"),
    ("docs/a.md", "see [the map](map.md)\n", "leads nowhere"),
    ("docs/a.md", "# One\nsee [it](#two)\n", "no heading"),
    ("docs/a.md", "see [it](b.md#two)\n", "no heading"),
]

PASSES = [
    ("src/core/unique_fd.h", "inline void f(int fd) { ::close(fd); }\n"),
    ("src/core/a.cc", '// close(3), system("x")\nauto s = "close(3) system(x)";\n'),
    ("src/core/a.cc", "using std::pair;\npair<int, int> f();\n"),
    ("src/core/a.cc", "void f(File& file) { file.close(); }\n"),
    ("src/core/a_test.cc", "void f() { close(3); }\n"),
    ("src/core/a.cc", "void fclose_all(); void g() { fclose_all(); enclose(1); file_system(2); }\n"),
    ("src/cli/a.cc", '#include "core/unique_fd.h"\n#include "native/native_backend.h"\n#include "cordon/error.h"\n'),
    ("docs/a.md", "# One two\nsee [it](#one-two), [that](b.md#there) and [them](https://example.org/x)\n```\n[x](y)\n```\n"),
    ("src/core/long.cc", "\n" * 500),
]


class CheckStyle(unittest.TestCase):
    def findings(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            for name, content in [("LICENSE", "Apache License\n"), ("docs/b.md", "# There\n"), (path, text)]:
                os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(root, name), "w") as file:
                    file.write(content)
            return check_style.check(root)

    def test_finds(self):
        for path, text, expected in FOUND:
            with self.subTest(path=path, text=text[:60]):
                findings = self.findings(path, text)
                self.assertTrue(any(path in f and expected in f for f in findings), findings)

    def test_lets_pass(self):
        for path, text in PASSES:
            with self.subTest(path=path, text=text[:60]):
                self.assertEqual(self.findings(path, text), [])

    def test_missing_licence(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertTrue(any("LICENSE" in f for f in check_style.check(root)))


if __name__ == "__main__":
    unittest.main()
