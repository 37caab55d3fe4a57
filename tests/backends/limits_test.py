"""Limits: held, told apart, and reported as what they are, on the backend that CORDON_TEST_BACKEND names."""

import os

import case
from case import Case, protects
from side_by_side import alone, load


def setUpModule():
    case.start("limits")


def load_tests(_loader, tests, _pattern):
    return load(tests)


class Limits(Case):
    def stopped(self, result, limit):
        self.assertNotIn("ESCAPED", result["stdout"])
        self.assertNotEqual(result["exit_code"], 42)
        if limit == "memory" and self.driver.may_miss_memory and result["exit_code"] == 137:
            limit = result["limit_hit"]
        self.assertEqual(result["limit_hit"], limit, result)

    @protects("memory.limit")
    def test_memory(self):
        result = self.guest_result("memory_heap", "400", options=["--memory", "64M"])
        self.stopped(result, "memory")
        self.assertEqual(result["exit_code"], 137)
        self.assertTrue(result["error"])
        free = self.guest_result("memory_heap", "100", options=["--memory", "1G"])
        self.assertEqual((free["limit_hit"], free["exit_code"]), (None, 42), free)

    @protects("memory.limit")
    def test_memory_that_is_files(self):
        result = self.result("sh", "-c", "head -c 200000000 /dev/zero > /tmp/f && echo ESCAPED", options=["--memory", "32M", "--disk", "1G"])
        self.assertNotIn("ESCAPED", result["stdout"])
        self.assertNotEqual(result["exit_code"], 0, result)

    @protects("memory.limit")
    def test_memory_of_no_file_and_no_heap(self):
        self.stopped(self.guest_result("memory_memfd", "400", options=["--memory", "64M"]), "memory")

    def test_a_kill_is_not_a_want_of_memory(self):
        killed = self.guest_result("die_by_signal", "9", options=["--memory", "256M"])
        self.assertEqual((killed["exit_code"], killed["limit_hit"]), (137, None))

    @protects("pids.limit")
    def test_processes_of_a_fork_bomb(self):
        bound = self.run_guest("fork_bomb", "300", options=["--pids", "40"])
        self.assertIn("contained", bound.stdout)
        free = self.run_guest("fork_bomb", "300", options=["--pids", "600"])
        self.assertIn("ESCAPED", free.stdout, "the control")

    @protects("pids.limit")
    def test_threads(self):
        bound = self.run_guest("thread_storm", "300", options=["--pids", "40"])
        self.assertIn("contained", bound.stdout)

    def test_want_of_processes_is_named(self):
        self.stopped(self.guest_result("fork_bomb", "300", options=["--pids", "40"]), "pids")

    @alone
    @protects("cpu.limit")
    def test_processor_time(self):
        bound = 0.2  # more than twice what is asked for: room for the start and for the scheduler's periods

        def used(cpus):
            """In processors: what the host counted, or where it tells nobody what the guest itself saw in its second."""
            result = self.guest_result("cpu_spin", "1000", "2", options=["--cpus", cpus])
            counted = result["resource_usage"]["cpu_time_ns"] / result["duration"]
            return counted or float(result["stdout"].split()[1])
        self.assertLess(used("0.08"), bound)
        # A machine that is busy with other things gives the control another try.
        self.assertTrue(any(used("2") > bound for _ in range(10)), "without the limit it uses no more: the test proves nothing")

    @protects("disk.limit")
    def test_disk_of_one_file(self):
        result = self.guest_result("fill_file", self.work + "/large", "64", options=["--disk", "8M"])
        self.stopped(result, "disk")
        self.assertLessEqual(os.path.getsize(self.work + "/large"), 8 << 20)
        sparse = self.guest_result("sparse_file", self.work + "/sparse", "1048576", options=["--disk", "8M"])
        self.assertNotEqual(sparse["exit_code"], 42, sparse)

    @protects("disk.limit")
    def test_disk_of_the_private_directories(self):
        script = ('for place in /tmp "$HOME" /dev/shm; do (for i in 1 2 3; do head -c 4000000 /dev/zero > "$place/$i" || exit 5; done;'
                  "echo ESCAPED); done")
        self.assertEqual(self.sh(script, "--disk", "8M").stdout, "")
        self.assertEqual(self.sh(script, "--disk", "400M").stdout, "ESCAPED\n" * 3, "the control")

    @protects("disk.limit")
    def test_inodes_of_the_private_directories(self):
        result = self.guest_result("inode_bomb", "/tmp/many", "20000", options=["--disk", "8M", "--memory", "512M"])
        self.assertNotEqual(result["exit_code"], 42, result)

    @protects("output.limit")
    def test_output(self):
        result = self.guest_result("flood", "1", "4", options=["--output-limit", "100K"])
        self.assertEqual((len(result["stdout"]), result["truncated"]), (100 << 10, {"stdout": True, "stderr": False}))
        self.assertEqual((result["limit_hit"], result["exit_code"]), ("output", 0), "it may go on: it is no longer heard")
        self.assertEqual(len(self.run_guest("flood", "1", "4").stdout), 4 << 20, "the control")

    def test_descriptors(self):
        self.assertEqual(self.run_guest("fd_exhaust").returncode, 0)

    @alone
    def test_time(self):
        result = self.result("sh", "-c", "echo before; sleep 600", options=["--timeout", "2s"])
        self.assertEqual((result["status"], result["exit_code"], result["limit_hit"]), ("timeout", 124, "time"))
        self.assertEqual(result["stdout"], "before\n")
        self.assertEqual(self.driver.left(), [])

    def test_time_of_what_does_not_listen(self):
        result = self.result("sh", "-c", f"{self.driver.guest} ignore_term & exec {self.driver.guest} stop_self", options=["--timeout", "2s"])
        self.assertEqual((result["status"], result["exit_code"]), ("timeout", 124), result)

    def test_what_holds_is_reported(self):
        options = ["--memory", "64M", "--cpus", "0.5", "--pids", "50", "--disk", "20M", "--output-limit", "1M", "--timeout", "60s"]
        held = {one["name"]: one for one in self.result("true", options=options)["guarantees"]}
        for name in ("memory.limit", "cpu.limit", "output.limit"):
            self.assertEqual(held[name]["strength"], "enforced", held[name])
        for name in ("disk.limit", "pids.limit"):
            self.assertNotEqual(held[name]["strength"], "absent", held[name])
