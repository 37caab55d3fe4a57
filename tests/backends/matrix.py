#!/usr/bin/env python3
"""The table of docs/backends.md, made from the reports of a run.

usage: matrix.py REPORTS DOCUMENT [--write]     without --write: prints how they differ, and exits 1 when they do
"""

import collections
import difflib
import glob
import json
import os
import re
import sys

BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"
GROUPS = ("attack", "behaviour", "limits")
ORDER = ("native", "gvisor", "docker", "podman", "gvisor-docker", "lxc")


def load(folder):
    """All tests of each backend, and the guarantees of the run that was attacked."""
    backends = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        group = path.split(".")[-2]
        backend = backends.setdefault(report["backend"], {"tier": report["tier"], "tests": {}, "guarantees": {}, "groups": set()})
        backend["tests"].update(report["tests"])
        backend["groups"].add(group)
        backend["guarantees"].update({one["name"]: one for one in report["guarantees"]})
    for name, backend in backends.items():
        if missing := set(GROUPS) - backend["groups"]:
            raise SystemExit(f"matrix: no report of {name}: {', '.join(sorted(missing))}")
    return {name: backends[name] for name in ORDER if name in backends}


def plain(reason):
    """Without the names of this run's own files."""
    return re.sub(r": /[^;]*", "", reason)


def words(test):
    family, name = test.split(".")
    name = name.replace("_", " ")
    return name if family == "Attempts" else f"{re.sub(r'(?<!^)(?=[A-Z])', ' ', family).lower()}: {name}"


def table(backends):
    names = list(next(iter(backends.values()))["guarantees"])
    yield "| protection | " + " | ".join(backends) + " |"
    yield "|---|" + "---|" * len(backends)
    yield "| tier | " + " | ".join(backend["tier"] for backend in backends.values()) + " |"
    for name in names:
        cells = []
        for backend in backends.values():
            tests = [one for one in backend["tests"].values() if one["protection"] == name]
            held = sum(one["result"] == "held" for one in tests)
            cells.append(backend["guarantees"][name]["strength"] + (f" {held}/{len(tests)}" if tests else ""))
        yield f"| `{name}` | " + " | ".join(cells) + " |"
    cells = []
    for backend in backends.values():
        tests = [one for one in backend["tests"].values() if one["protection"] is None]
        cells.append(f"{sum(one['result'] == 'held' for one in tests)}/{len(tests)}")
    yield "| behaviour | " + " | ".join(cells) + " |"


def reasons(backends):
    yield "Why a protection is not `enforced`:"
    yield ""
    for name, backend in backends.items():
        for guarantee in backend["guarantees"].values():
            if guarantee["strength"] != "enforced":
                yield f"- {name}, `{guarantee['name']}`: {plain(guarantee['reason'])}."
    yield ""
    yield "What a backend does not do of the tests:"
    yield ""
    for name, backend in backends.items():
        same = collections.defaultdict(list)
        for test, outcome in sorted(backend["tests"].items()):
            if outcome["result"] == "cannot":
                same[outcome["reason"]].append(words(test))
        for reason, tests in same.items():
            yield f"- {name}, {'; '.join(tests)}: {reason}."


def main(folder, document, write=None):
    if os.geteuid() != 0:
        print("SKIP: needs root: the tests start engines of their own")
        return 0
    backends = load(folder)
    if not backends:
        raise SystemExit(f"matrix: no reports in {folder}")
    failed = [f"{name} {test}" for name, backend in backends.items() for test, outcome in backend["tests"].items()
              if outcome["result"] == "failed"]
    if failed:
        raise SystemExit("matrix: failed: " + ", ".join(failed))
    with open(document, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    published, after = rest.split(END)
    made = "\n" + "\n".join([*table(backends), "", *reasons(backends)]) + "\n"
    if made == published:
        return 0
    if write:
        with open(document, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + made + END + after)
        return 0
    print(*difflib.unified_diff(published.split("\n"), made.split("\n"), "published", "run", lineterm=""), sep="\n")
    print(f"matrix: {document} says something else than the run; {' '.join(sys.argv)} --write publishes it")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
