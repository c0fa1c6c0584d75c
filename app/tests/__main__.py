"""Run the tests on SQLite, then on PostgreSQL; arguments go on to pytest: `python -m tests -x`."""

import subprocess
import sys

SUITES = (
    ["--ds=tests.settings.sqlite", "--ignore=tests/on_postgresql"],
    ["--ds=tests.settings.postgresql"],
)

if __name__ == "__main__":
    ends = [
        subprocess.run([sys.executable, "-m", "pytest", *suite, *sys.argv[1:]], check=False).returncode
        for suite in SUITES
    ]
    sys.exit(max(ends))
