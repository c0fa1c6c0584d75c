"""What a sandbox could leave on a machine: processes, links, namespaces, mounts, rules, control groups."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def _lines(*command: str) -> set[str]:
    if not shutil.which(command[0]):
        return set()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {line.strip() for line in done.stdout.splitlines() if not line.startswith("#")}


def _processes(folder: Path) -> set[str]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if f"{folder}/" in command:
                found.add(f"process {entry.name} {command}")
    return found


def traces(folder: Path) -> set[str]:
    """Everything on the machine now that a sandbox in `folder` may have made."""
    found = _processes(folder)
    found |= {f"link {line.split(': ')[1].split('@')[0]}" for line in _lines("ip", "-o", "link")}
    found |= {f"namespace {line.split()[0]}" for line in _lines("ip", "netns") if line}
    found |= {f"route {line}" for line in _lines("ip", "route")}
    found |= {f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    found |= {f"rule {line}" for line in _lines("iptables-save") if line.startswith("-A")}
    found |= {f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob("*/*notejam*")}
    if folder.exists():
        found.add(f"folder {folder}")
    return found
