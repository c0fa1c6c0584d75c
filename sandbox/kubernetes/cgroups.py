"""The control groups of a node's pods, in cgroup v1's hierarchies as in v2's one."""

import contextlib
import os
import signal
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PATIENCE = 10  # seconds for killed processes to be gone


def hierarchies() -> list[Path]:
    if (ROOT / "cgroup.procs").exists():
        return [ROOT]
    return sorted({entry.resolve() for entry in ROOT.iterdir() if (entry / "cgroup.procs").exists()})


def create(name: str) -> None:
    """Have the group `name` in every hierarchy: kubelet makes its own below, not its root."""
    for hierarchy in hierarchies():
        for group in reversed([hierarchy / name, *(hierarchy / name).parents]):
            if hierarchy not in group.parents:
                continue
            group.mkdir(exist_ok=True)
            if hierarchy == ROOT:
                delegate_controllers(group.parent)
            inherit_cpuset(group)


def inherit_cpuset(group: Path) -> None:
    # In v1 a new group has no processor and no memory node, and takes no process before it has.
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = group / name
        if (group / "cpuset.cpu_exclusive").exists() and not own.read_text().strip():
            own.write_text((group.parent / name).read_text())


def delegate_controllers(group: Path) -> None:
    """In v2, let the groups below `group` use every controller that it has itself."""
    available = (group / "cgroup.controllers").read_text().split()
    for controller in available:
        with contextlib.suppress(OSError):  # some, such as real-time processor time, cannot be given on
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def remove(name: str) -> None:
    """Kill what runs in the group `name` and below, and remove it with its parent if that is empty then."""
    deadline = time.monotonic() + PATIENCE
    for hierarchy in hierarchies():
        group = hierarchy / name
        while group.exists() and not remove_tree(group):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The control group {group} still has processes; see its cgroup.procs.")
            time.sleep(0.05)
        parent = group.parent
        if parent != hierarchy:
            with contextlib.suppress(OSError):  # it holds other nodes' groups, or is gone
                parent.rmdir()


def remove_tree(group: Path) -> bool:
    """Try to remove the group and those below; kills their processes. Returns whether all are gone."""
    gone = True
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            for pid in (Path(folder) / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            os.rmdir(folder)
        except FileNotFoundError:
            continue
        except OSError:
            gone = False
    return gone
