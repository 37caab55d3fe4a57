"""Cordon dies in the middle of what it does with environments; so does the engine."""

import json
import os
import random
import subprocess
import time

from engine import Engine
from runs import PATIENCE
from devenv_test import CORDON, WithEngine, setUpModule  # noqa: F401


class WithEnvironments(WithEngine):
    def begin(self, verb, *options, **more):
        return self.begin_program([CORDON, "env", verb, "--project", self.project, *options], text=True,
                                  env={**self.environment(), **more})

    def names(self):
        return sorted(name for container in self.engine.containers() for name in container["Names"])

    def holder(self):
        [name] = self.names()
        self.assertRegex(name, "^/cordon-env-[0-9a-f]{16}$")
        return name


class Killed(WithEnvironments):
    KILLS = 8
    SLOW = ("--health-check", "sleep 1000")

    def works_alone(self):
        self.assertEqual(self.done("exec", "--", "echo alive").stdout, "alive\n")
        return self.holder()

    def killed(self, process):
        process.kill()
        process.communicate()

    def killed_with_two(self):
        """In the middle of a swap."""
        process = self.begin("swap", *self.SLOW)
        self.wait_until("there are two", lambda: sum(one["State"] == "running" for one in self.engine.containers()) == 2)
        self.killed(process)
        self.assertEqual(len(self.names()), 2)

    def test_in_the_middle_of_a_swap(self):
        self.dockerfile()
        holder = self.works_alone()
        [before] = [one["Id"] for one in self.engine.containers()]
        for verb in ("gc", "exec", "swap", "stop"):
            with self.subTest(verb):
                self.killed_with_two()
                self.done(verb, *(["--", "true"] if verb == "exec" else []), project=verb != "gc")
                self.assertEqual(self.names(), [] if verb == "stop" else [holder])
                if verb == "gc":
                    self.assertEqual([one["Id"] for one in self.engine.containers()], [before], "what has the name stays")

    def test_one_that_swaps_is_left_alone(self):
        """The control: what is removed after a kill stays while who made it lives."""
        self.dockerfile()
        self.works_alone()
        process = self.begin("swap", "--health-check", "test -e go")
        self.wait_until("there are two", lambda: len(self.names()) == 2)
        before = self.names()
        self.done("gc", project=False)
        self.done("exec", "--", "true")
        self.assertEqual(self.names(), before)
        self.done("exec", "--", "touch go")
        process.communicate()
        self.assertEqual(process.returncode, 0)
        self.works_alone()

    def test_between_the_two_names(self):
        self.dockerfile()
        holder = self.works_alone()
        self.killed_with_two()
        aside = next(name for name in self.names() if name != holder)
        self.engine.request("POST", f"/containers{holder}/rename?name={aside[1:-12]}0123456789ab")
        self.assertEqual(len(self.names()), 2)
        self.done("gc", project=False)
        self.assertEqual(self.names(), [], "nothing has the name")
        self.assertEqual(self.works_alone(), holder)

    def test_before_a_first_one_works(self):
        """What has not passed its check is never taken for what has."""
        self.dockerfile()
        process = self.begin("exec", *self.SLOW, "--", "true")
        self.wait_until("it runs", lambda: any(one["State"] == "running" for one in self.engine.containers()))
        [unchecked] = [one["Id"] for one in self.engine.containers()]
        self.killed(process)
        holder = self.works_alone()
        self.assertNotIn(unchecked, [one["Id"] for one in self.engine.containers()])
        self.assertEqual(self.names(), [holder])

    def test_at_any_instant(self):
        self.dockerfile()
        self.works_alone()
        began = time.monotonic()
        self.done("swap")
        whole = time.monotonic() - began
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        most = 0
        for number in range(self.KILLS):
            verb = ("swap", "swap", "exec", "stop")[number % 4]
            if verb == "exec":
                self.done("stop")
            process = self.begin(verb, *(["--", "true"] if verb == "exec" else []))
            # The container is made when the image is.
            instant = (0.4 + 0.6 * chance.random()) * whole if verb == "swap" else chance.random() * whole / 2
            try:
                process.wait(instant)
            except subprocess.TimeoutExpired:
                pass
            self.killed(process)
            most = max(most, len(self.names()))

            def at_most_one():
                self.done("gc", project=False)
                return len(self.names()) <= 1
            # What a dead client asked for may be made a moment later.
            self.wait_until(f"one is left (seed {seed}, {verb} after {instant} s)", at_most_one)
            self.works_alone()
        if most < 2:
            self.killed_with_two()
            self.done("gc", project=False)
            self.works_alone()
        self.assertEqual(json.loads(self.done("status", "--json").stdout)[0]["state"], "fresh")


class Dying(WithEnvironments):
    """An engine of each test's own, which is killed."""
    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.stop)
        super().setUp()

    def forget(self):
        pass

    def end_of(self, process):
        self.engine.process.kill()
        self.engine.process.wait()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 125, err)
        return err

    def test_in_the_middle_of_a_command(self):
        self.dockerfile()
        self.done("build")
        process = self.begin("exec", "--", "echo begun; sleep 600")
        self.assertEqual(process.stdout.readline(), "begun\n")
        err = self.end_of(process)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertIn("the engine ended", err)
        self.assertIn("start the engine", err)
        after = self.env("exec", "--", "true")
        self.assertEqual(after.returncode, 125)
        self.assertIn("no engine listens there", after.stderr)

    def test_in_the_middle_of_what_is_said(self):
        self.dockerfile()
        process = self.begin("exec", "--json", "--", "touch begun; yes")
        self.wait_until("it runs", lambda: os.path.exists(f"{self.project}/begun"))
        err = self.end_of(process)
        self.assertIn("the engine ended", err)
        self.assertIn("start the engine", err)

    def test_in_the_middle_of_a_build(self):
        self.dockerfile("RUN echo so far; sleep 600")
        process = self.begin("build")
        self.wait_until("it builds", lambda: any("sleep 600" in one["Command"] for one in self.engine.containers()))
        err = self.end_of(process)
        self.assertIn("the engine closed the connection", err)
        self.assertIn("so far", err, "what the build said")
        self.assertIn("look whether it runs", err)
        self.assertNotIn("--net open", err, "which has nothing to do with it")
        self.assertEqual([name for name in os.listdir(f"{self.base}/state/env") if name.endswith(".json")], [], "nothing is remembered")
