"""Cordon dies in the middle of what it does with environments; so does the engine."""

import json
import random
import subprocess
import time

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
