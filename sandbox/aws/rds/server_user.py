"""Who the servers run as."""

import os
import shutil
from pathlib import Path

USER = "postgres"  # PostgreSQL refuses to run as root


def as_postgres() -> list[str]:
    """How a root becomes PostgreSQL's user, who may enter folders that are root's own, and write none of
    them.
    """
    if os.getuid():
        return []
    capability = "-all,+dac_read_search"
    return [
        "setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--pdeathsig", "KILL",
        "--inh-caps", capability, "--ambient-caps", capability, "--",
    ]  # fmt: skip


def give(path: Path) -> None:
    """Make the file or folder PostgreSQL's own."""
    if not os.getuid():
        shutil.chown(path, USER, USER)
