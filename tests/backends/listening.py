"""Runs a command with each of these sockets shown, all of which somebody listens on: listening.py SOCKET... -- COMMAND...

In a mount namespace of its own, where /run and /var are empty but for them. Prints, for what --read names, the exit status and the words."""

import json
import os
import socket
import subprocess
import sys

cut = sys.argv.index("--")
sockets, command = sys.argv[1:cut], sys.argv[cut + 1:]
for place in ("/run", "/var"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", place], check=True)
os.symlink("/run", "/var/run")
listeners, answers = [], {}
for path in sockets:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path):
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[-1].bind(path)
        listeners[-1].listen()
    with open(path + ".txt", "w", encoding="utf-8"):
        pass
end = command.index("--")
for shown in {one for path in sockets for one in (path, os.path.dirname(path), path + ".txt")}:
    run = subprocess.run([*command[:end], "--dry-run", "--read", shown, *command[end:]], capture_output=True, text=True, check=False)
    answers[shown] = (run.returncode, run.stderr)
print(json.dumps(answers))
