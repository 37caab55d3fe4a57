// pip into a virtual environment, from packages that are already here.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Python : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("python3");
    if (plain({"/usr/bin/python3", "-c", "import ensurepip, venv"}).exit_code != 0) {
      CORDON_SKIP("not installed on this host: python3-venv");
    }
    caller_dir(work() + "/tiny");
    caller_file(work() + "/tiny/tiny.py", "def answer():\n    return 42\n");
    caller_file(work() + "/tiny/setup.py",
                "from setuptools import setup\n"
                "setup(name='tiny', version='1.0', py_modules=['tiny'],\n"
                "      entry_points={'console_scripts': ['tiny=tiny:answer']})\n");
  }
};

TEST_P(Python, InstallsFromSourceAndFromAWheel) {
  expect_works({"--pack", "python"}, R"end(
/usr/bin/python3 -m venv env
env/bin/pip install -q --no-index --no-build-isolation ./tiny
env/bin/python -c 'import tiny; assert tiny.answer() == 42'
env/bin/pip uninstall -qy tiny
(cd tiny; ../env/bin/python setup.py -q sdist)
env/bin/pip install -q --no-index --no-build-isolation tiny/dist/tiny-1.0.tar.gz
env/bin/python -c 'import tiny, os; assert "site-packages" in tiny.__file__'
env/bin/pip list --format=freeze 2>/dev/null | grep -qx tiny==1.0)end");
}

TEST_P(Python, KeepsItsCacheAndNothingElse) {
  if (caller() == Caller::Degraded) return;
  caller_dir(home() + "/.cache");
  caller_dir(home() + "/.cache/pip");
  caller_file(home() + "/.pypirc", "a password\n", 0600);
  expect_works({"--pack", "python"}, R"end(
/usr/bin/python3 -m venv env
env/bin/pip cache dir | grep -qx "$HOME/.cache/pip"
echo kept > ~/.cache/pip/made; echo gone > ~/.cache/made
! cat ~/.pypirc 2>/dev/null
! cat ~/.netrc 2>/dev/null)end");
  EXPECT_EQ(read_file(home() + "/.cache/pip/made"), "kept\n");
  EXPECT_FALSE(exists(home() + "/.cache/made"));
}

TEST_P(Python, SharesMemoryInDevShm) {
  if (caller() == Caller::Degraded) return;  // there is no /dev/shm but the host's
  caller_file(work() + "/share.py", R"end(
import os, subprocess, sys
from multiprocessing import shared_memory

memory = shared_memory.SharedMemory(create=True, size=4096)
assert os.path.exists("/dev/shm/" + memory.name)
subprocess.check_call([sys.executable, "-c",
    "import sys\nfrom multiprocessing import shared_memory as s, resource_tracker as t\n"
    "m = s.SharedMemory(sys.argv[1]); m.buf[0] = 42; m.close()\n"
    "t.unregister('/' + sys.argv[1], 'shared_memory')", memory.name])
assert memory.buf[0] == 42
print(memory.name)
memory.close()
memory.unlink()
)end");
  expect_works({"--pack", "python"}, "python3 share.py");
}

TEST_P(Python, RunsPytest) {
  if (plain({"/usr/bin/python3", "-c", "import pytest"}).exit_code != 0) {
    CORDON_SKIP("not installed on this host: python3-pytest");
  }
  caller_file(work() + "/test_tiny.py", R"end(
import socket, subprocess, sys
import pytest

def test_files(tmp_path):
    (tmp_path / "made").write_text("x")
    assert (tmp_path / "made").read_text() == "x"

@pytest.mark.parametrize("number", range(3))
def test_children(number):
    assert subprocess.call([sys.executable, "-c", f"raise SystemExit({number})"]) == number

def test_capture(capsys):
    print("seen")
    assert capsys.readouterr().out == "seen\n"

def test_fails():
    assert 1 == 2
)end");
  expect_works({"--pack", "python"}, R"end(
/usr/bin/python3 -m pytest -q test_tiny.py > said && exit 1
grep -q '1 failed, 5 passed' said
/usr/bin/python3 -m pytest -q --last-failed test_tiny.py > said && exit 1
grep -q '1 failed' said
test -d .pytest_cache)end");
}

INSTANTIATE_TEST_SUITE_P(Native, Python, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
