"""What of a parameter group a server here can be given."""

import os
import subprocess
from collections.abc import Mapping
from functools import cache

from sandbox.aws.rds.server_user import as_postgres
from sandbox.machine.packages import postgresql_bin

SECONDS = 30
# What a parameter group may say and this machine cannot have.
OUT_OF_REACH = frozenset({"shared_buffers", "huge_pages", "wal_buffers", "min_dynamic_shared_memory"})


@cache
def known_parameters() -> frozenset[str]:
    """The parameters of the PostgreSQL that is installed, which may be older than the engine asked for."""
    command = [str(postgresql_bin() / "postgres"), "--describe-config"]
    if not os.getuid():
        command = [*as_postgres(), *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd="/", check=True)
    return frozenset(line.split("\t", 1)[0].lower() for line in done.stdout.splitlines())


def understood(parameters: Mapping[str, str]) -> dict[str, str]:
    """Those that the server knows, without formulas over a machine that it does not run on."""
    return {
        name: value
        for name, value in parameters.items()
        if name in known_parameters() - OUT_OF_REACH and "DBInstance" not in value
    }
