"""Tests that know nothing of each other, some at a time: mostly they wait for an engine."""

import concurrent.futures
import unittest

LANES = 3


def alone(test):
    """Marks a class or a test that looks at all that runs on the backend, or counts processor time."""
    test.alone = True
    return test


class Record:
    """Stands for a result, and tells one later what it was told."""

    failfast = shouldStop = False

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *words: self.calls.append((name, words))

    def tell(self, result):
        for name, words in self.calls:
            getattr(result, name)(*words)


class SideBySide(unittest.TestSuite):
    def run(self, result, debug=False):
        def run_one(test):
            record = Record()
            test.run(record)
            return record
        with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
            for done in concurrent.futures.as_completed([lanes.submit(run_one, test) for test in self]):
                done.result().tell(result)
        return result


def load(tests):
    """What a module's load_tests returns. The first ones start the engine for all: some have to be alone."""
    all_of_it = [test for of_class in tests for test in of_class]
    apart = [test for test in all_of_it if test.is_alone()]
    beside = [test for test in all_of_it if not test.is_alone()]
    return unittest.TestSuite([unittest.TestSuite(apart), SideBySide(beside)])
