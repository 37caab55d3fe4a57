#!/usr/bin/env python3
"""The rules a compiler does not check. usage: check_style.py ROOT      prints one line a finding, exits 1 on any."""

import os
import re
import sys

# What belongs to the project; what is built or fetched does not.
FOLDERS = ["include", "src", "tests", "tools", "bench", "fuzz", "examples", "cmake", "scripts", "packaging",
           "policies", "docs", ".ci"]
MOST_LINES = {".cc": 500, ".h": 300}

# Lowest first. A file includes its own layer and the ones before it.
LAYERS = ["core", "linux", "store", "policy", "sandbox", "native", "backends", "doctor", "manager", "server", "library", "cli", "serve", "containers"]

# A double close of a number that was reused closes somebody else's file: descriptors have one owner. The child
# that shares its parent's memory owns nothing and may not run destructors.
MAY_CLOSE = re.compile(r"^src/(core/unique_fd\.h|linux/(init|guard)/.*|linux/(launch|child|plan|interpret)[a-z_]*\.(cc|h))$"
                       r"|^src/[a-z/]*(launch|child)[a-z_]*\.(cc|h)$")
BANNED = [
    (re.compile(r"(?<![\w.>:])(?:::|std::)?system\s*\("), "system() runs a shell"),
    (re.compile(r"(?<![\w.>:])(?:::)?popen\s*\("), "popen() runs a shell"),
    (re.compile(r"(?<![\w.>])(?:::|std::)?(strcpy|strcat|sprintf|vsprintf|gets)\s*\("), "has no bound"),
    (re.compile(r"(?<![\w.>])(?:::|std::)?(tmpnam|mktemp|tempnam)\s*\("), "is a race: use mkostemp"),
]
BARE_CLOSE = re.compile(r"(?<![\w.>])(?:::)?close\s*\(\s*[^)\s]")

# Where somebody happened to build, and where their machine happened to fetch packages from. In pieces, so that
# this file does not contain what it forbids.
FORBIDDEN = [re.compile(text) for text in (
    r"(?<![\w.])/" + r"work/", r"\.lib" + r"rary\b", r"\bfarm" + r"-\w", r"/home/\w+/" + r"(src|work)\b", r"deb\.debian" + r"\.org",
    r"security\.debian" + r"\.org", r"registry\.npmjs" + r"\.org", r"pypi" + r"\.org", r"proxy\.golang" + r"\.org",
)]
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SOURCE = (".cc", ".h", ".cpp", ".c")


def project_files(root):
    for name in sorted(os.listdir(root)):
        # In a git worktree .git is a file.
        if name != ".git" and os.path.isfile(os.path.join(root, name)):
            yield name
    for folder in FOLDERS:
        for place, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = sorted(f for f in folders if f not in ("build", "out", "node_modules", "__pycache__"))
            for name in sorted(names):
                path = os.path.join(place, name)
                if not os.path.islink(path):
                    yield os.path.relpath(path, root)


def without_comments_and_strings(text):
    """Blanks what is not code, and keeps every line where it is."""
    pattern = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def layer_of(path):
    match = re.match(r"src/(?:backends/)?(\w+)/", path)
    return match.group(1) if match and match.group(1) in LAYERS else "backends" if path.startswith("src/backends/") else None


def check_size(path, text):
    most = MOST_LINES.get(os.path.splitext(path)[1])
    lines = text.count("\n")
    if most and lines > most:
        yield 1, f"{lines} lines, at most {most}: one thing a file"


def check_calls(path, text):
    in_product = path.startswith("src/") and not path.endswith("_test.cc") and "/testing/" not in path
    for number, line in enumerate(without_comments_and_strings(text).split("\n"), 1):
        for pattern, why in BANNED:
            if match := pattern.search(line):
                yield number, f"{match.group(0).strip()}...) {why}"
        if in_product and not MAY_CLOSE.match(path) and BARE_CLOSE.search(line):
            yield number, "close() by hand: a descriptor belongs to a UniqueFd"


def check_includes(path, text):
    layer = layer_of(path)
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        top = match.group(1).split("/")[0]
        if path.startswith("include/cordon/") and top != "cordon":
            yield number, f'a public header includes "{match.group(1)}": only cordon/ and the standard library'
        elif layer and top in LAYERS and LAYERS.index(top) > LAYERS.index(layer):
            yield number, f'{layer} includes "{match.group(1)}": a lower layer knows nothing of a higher one'
        elif layer and ".." in match.group(1):
            yield number, f'"{match.group(1)}" goes around the layers'
    if path.startswith("include/cordon/"):
        for number, line in enumerate(text.split("\n"), 1):
            if re.match(r"\s*#\s*include\s*<(fmt|boost|CLI|toml|gtest|seccomp)", line):
                yield number, "a public header shows a third party's type"


def check_usings(path, text):
    """`using a::b;` that nothing uses. clang-tidy has a check for it that sees only files it reads one by one."""
    if path.endswith(".h"):
        return
    code = without_comments_and_strings(text)
    for number, line in enumerate(code.split("\n"), 1):
        match = re.match(r"\s*using (?:\w*::)+(\w+);", line)
        if match and len(re.findall(rf"\b{match.group(1)}\b", code)) == 1:
            yield number, f"{match.group(1)} is not used"


def check_words(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for pattern in FORBIDDEN:
            if match := pattern.search(line):
                yield number, f"names '{match.group(0)}', which is one machine's"
        if match := UNFINISHED.search(line):
            yield number, f"'{match.group(0)}': finish it, or open an issue"


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def check_links(root, path, text):
    prose = re.sub(r"```.*?```", lambda match: re.sub(r"[^\n]", " ", match.group(0)), text, flags=re.DOTALL)
    for number, line in enumerate(prose.split("\n"), 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, fragment = target.partition("#")
            where = os.path.normpath(os.path.join(root, os.path.dirname(path), file)) if file else os.path.join(root, path)
            if not os.path.exists(where):
                yield number, f"the link {target} leads nowhere"
            elif fragment and where.endswith(".md"):
                with open(where, encoding="utf-8") as linked:
                    headings = {anchor(h) for h in re.findall(r"^#+ (.+)$", linked.read(), re.MULTILINE)}
                if fragment not in headings:
                    yield number, f"the link {target} names no heading there"


def check(root):
    findings = []
    for path in project_files(root):
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        found = list(check_words(path, text))
        if path.endswith(SOURCE):
            found += [*check_size(path, text), *check_calls(path, text), *check_includes(path, text), *check_usings(path, text)]
        if path.endswith(".md"):
            found += check_links(root, path, text)
        findings += [f"{path}:{number}: {message}" for number, message in found]
    if not is_apache(os.path.join(root, "LICENSE")):
        findings.append("LICENSE:1: the Apache License is missing")
    return findings


def is_apache(path):
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return "Apache License" in file.read()


if __name__ == "__main__":
    problems = check(sys.argv[1])
    print("\n".join(problems + [f"{len(problems)} findings"] if problems else ["style: clean"]))
    sys.exit(1 if problems else 0)
