"""What the rehearsal costs: seconds, memory and disk, each beside its limit.

    python benchmarks/rehearsal.py            # warm caches: up, second run, memory, disk, down
    python benchmarks/rehearsal.py --cold     # the same with an empty cache folder, removed afterwards
    python benchmarks/rehearsal.py --test     # make test as well

It uses a sandbox of its own, `.sandbox-benchmark`, and prints one table; it asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".sandbox-benchmark"


def timed(log: Path, *command: str, env: dict[str, str]) -> float:
    """Seconds that `command` took; stops the benchmark with the log's last lines when it failed."""
    start = time.monotonic()
    with log.open("w") as output:
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=output, stderr=output, check=False)  # noqa: S603
    if done.returncode:
        # The log goes with its folder when the benchmark ends.
        tail = "\n".join(log.read_text().splitlines()[-20:])
        sys.exit(f"{shlex.join(command)} ended with {done.returncode}; its last lines:\n{tail}")
    return time.monotonic() - start


def exported(file: Path, env: dict[str, str]) -> dict[str, str]:
    """The environment after sourcing the sandbox's `env` file."""
    script = f"set -a; . {shlex.quote(str(file))}; env -0"
    listing = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", script], env=env, capture_output=True, text=True, check=True
    ).stdout
    return dict(entry.split("=", 1) for entry in listing.split("\0") if "=" in entry)


def descendants(root: int) -> set[int]:
    """`root` and every process below it."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident() -> int:
    """Resident bytes of the sandbox, shared pages counted once a sharer (PSS)."""
    total = 0
    for pid in descendants(int((FOLDER / "supervisor" / "supervisord.pid").read_text())):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def disk(*folders: Path) -> int:
    """Bytes on disk of the folders, hard links counted once."""
    there = [str(folder) for folder in folders if folder.exists()]
    done = subprocess.run(  # noqa: S603
        ["du", "--summarize", "--total", "--block-size=1", "--one-file-system", *there],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return int(done.stdout.splitlines()[-1].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold", action="store_true", help="begin with an empty cache")
    parser.add_argument("--test", action="store_true", help="time make test as well")
    options = parser.parse_args()
    console, rows = Console(), []
    with tempfile.TemporaryDirectory(prefix="notejam-benchmark-") as scratch:
        logs = Path(scratch)
        env = {**os.environ, "NOTEJAM_SANDBOX": str(FOLDER), "NOTEJAM_SANDBOX_NAME": "benchmark"}
        default = Path(env.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "notejam-platform"
        cache = Path(env.get("NOTEJAM_CACHE") or default)
        if options.cold:
            cache = logs / "cache"
            env["NOTEJAM_CACHE"] = str(cache)
        timed(logs / "down.log", "make", "down", env=env)
        kind, limit = ("cold", 900) if options.cold else ("warm", 120)
        rows.append((f"make up, {kind} cache", timed(logs / "up.log", "make", "up", env=env), limit, "s"))
        timings = json.loads((FOLDER / "logs" / "timings.json").read_text())
        client = exported(FOLDER / "env", env)
        playbook = ("ansible-playbook", "site.yml", "-i", "inventories/sandbox")
        rows.append(("second site.yml", timed(logs / "second.log", *playbook, env=client), 60, "s"))
        rows.append(
            ("site.yml --check", timed(logs / "check.log", *playbook, "--check", env=client), 60, "s")
        )
        rows.append(("resident memory", resident() / 2**30, 3, "GiB"))
        rows.append(("disk: cache, .venv, sandbox", disk(cache, ROOT / ".venv", FOLDER) / 2**30, 2, "GiB"))
        rows.append(("make down", timed(logs / "down.log", "make", "down", env=env), None, "s"))
        if options.test:
            limit = 2700 if options.cold else 1200
            rows.append(
                (f"make test, {kind} cache", timed(logs / "test.log", "make", "test", env=env), limit, "s")
            )
    table = Table("measure", "measured", "limit", "ratio")
    for name, measured, bound, unit in rows:
        shown = ("", "") if bound is None else (f"{bound} {unit}", f"{measured / bound:.2f}")
        table.add_row(name, f"{measured:.2f} {unit}", *shown)
    console.print(table)
    console.print("Where make up spent its time:", json.dumps(timings, indent=2))


if __name__ == "__main__":
    main()
