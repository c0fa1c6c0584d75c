"""Which tier this machine gives rights for: tried in throw-away namespaces, not assumed from being root."""

import os
import subprocess
import tempfile
from pathlib import Path

from sandbox.errors import SandboxError

CHOICES = ("auto", "node", "virtual")
# What a node needs, each tried for real. Everything but the control group goes with the namespaces.
TRIAL = """
echo "network links" >&2
ip link add njsprobe type bridge; ip link add njsprobe0 type veth peer name njsprobe1
echo "overlay mounts" >&2; mkdir lower upper work merged
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged; umount merged
echo "control groups" >&2
for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
  [ -e "$root/cgroup.procs" ] || continue
  mkdir "$root/njsprobe-$$"; rmdir "$root/njsprobe-$$"; exit 0
done
exit 1
"""


def missing_right(folder: Path) -> str | None:
    """What keeps a real node from running with its state in `folder`; None when nothing does."""
    if os.geteuid() != 0:
        return "not root"
    nearest = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    with tempfile.TemporaryDirectory(dir=nearest, prefix=".sandbox-trial-") as scratch:
        command = ["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-ec", TRIAL]
        try:
            trial = subprocess.run(
                command, cwd=scratch, capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"unshare did not run: {error}"
    if trial.returncode == 0:
        return None
    return ": ".join(line.strip() for line in trial.stderr.splitlines()[-2:]) or "namespaces"


def choose(wanted: str, folder: Path) -> tuple[str, str]:
    """The tier and why: `wanted` is "auto", "node" or "virtual" (`NOTEJAM_SANDBOX_TIER`).

    Raises SandboxError when "node" is wanted and this machine does not give the rights.
    """
    if wanted not in CHOICES:
        raise SandboxError(f"NOTEJAM_SANDBOX_TIER is {wanted!r}; it can be {', '.join(CHOICES)}.")
    if wanted == "virtual":
        return "virtual", "chosen by NOTEJAM_SANDBOX_TIER"
    reason = missing_right(folder)
    if reason is None:
        return "node", "namespaces, bridges, overlay mounts and control groups were tried, and work"
    if wanted == "node":
        raise SandboxError(
            f"NOTEJAM_SANDBOX_TIER asks for a real node, which needs more rights than there are ({reason}). "
            "Run as root with them, or set it to `virtual`."
        )
    return "virtual", f"a real node needs more rights than there are: {reason}"
