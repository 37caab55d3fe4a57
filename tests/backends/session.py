"""The one backend of this run, what it cannot do, and the report of what held."""

import json
import os
import shutil
import tempfile
import time
import tomllib

from drivers import DRIVERS, HERE

with open(os.path.join(HERE, "cannot.toml"), "rb") as file:
    CANNOT = tomllib.load(file).get("cannot", [])


class Session:
    def __init__(self, backend):
        self.entries = {entry["test"]: entry for entry in CANNOT if backend in entry["backends"]}
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="of-backends-"))
        os.chmod(self.folder, 0o755)
        self.driver = DRIVERS[backend](self.folder)
        self.report = {"backend": backend, "tier": self.driver.tier, "asked": [], "guarantees": [], "tests": {}}

    def start(self):
        try:
            self.driver.start()
        except BaseException:
            self.driver.stop()
            raise

    def stop(self, group):
        self.driver.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if folder := os.environ.get("CORDON_TEST_REPORTS"):
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"{self.driver.name}.{group}.json"), "w", encoding="utf-8") as file:
                json.dump(self.report, file, indent=1, sort_keys=True)
                file.write("\n")

    def expect(self, test, protection, body):
        """Runs a test. One that cannot.toml lists has to fail, and in the way that is written there."""
        entry = self.entries.get(test)
        outcome = {"protection": protection, "result": "failed"}
        self.report["tests"][test] = outcome
        began = time.monotonic()
        try:
            body(outcome)
        except AssertionError as failure:
            if entry is None:
                raise
            if entry["shows"] not in str(failure):
                raise AssertionError(f"cannot.toml says that {self.driver.name} fails with {entry['shows']!r}") from failure
            outcome.update(result="cannot", reason=entry["reason"])
            return
        finally:
            outcome["seconds"] = round(time.monotonic() - began, 3)
        if entry:
            raise AssertionError(f"{self.driver.name} satisfies {test} now: take it out of cannot.toml")
        outcome["result"] = "held"


session = Session(os.environ["CORDON_TEST_BACKEND"])
