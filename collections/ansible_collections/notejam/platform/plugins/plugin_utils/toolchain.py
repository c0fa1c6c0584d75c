# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks the programs, libraries and collections that a run uses."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from ansible.module_utils.compat.version import LooseVersion

REMEDY = "Install what uv.lock pins (uv sync) and run ansible-playbook from that environment."


def old_python(minimum: str) -> list[str]:
    """Whether this Python is older than `minimum`, such as "3.12"."""
    if LooseVersion(platform.python_version()) >= LooseVersion(minimum):
        return []
    return [f"Python is {platform.python_version()} ({sys.executable}), but {minimum} is needed. {REMEDY}"]


def old_libraries(minimums: Mapping[str, str]) -> list[str]:
    """The Python packages that are missing or older than their minimum versions."""
    failures = []
    for name, minimum in minimums.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            failures.append(f"The Python package {name} is missing; {minimum} is needed. {REMEDY}")
            continue
        if LooseVersion(found) < LooseVersion(minimum):
            failures.append(f"The Python package {name} is {found}, but {minimum} is needed. {REMEDY}")
    return failures


def missing_programs(names: Iterable[str]) -> list[str]:
    """The programs that are not on PATH."""
    return [
        f"The program {name} is not on PATH. Install it, or put its folder on PATH."
        for name in names
        if shutil.which(name) is None
    ]


def other_collections(wanted: Iterable[Mapping[str, Any]]) -> list[str]:
    """The collections that are missing, or not of the versions that requirements.yml names."""
    failures = []
    for collection in wanted:
        name, needed = collection["name"], collection["version"]
        found = _collection_version(name)
        if found != needed:
            what = f"is {found}" if found else "is missing"
            failures.append(f"The collection {name} {what}, but requirements.yml names {needed}. {REMEDY}")
    return failures


def _collection_version(name: str) -> str | None:
    try:
        manifest = Path(str(files(f"ansible_collections.{name}"))) / "MANIFEST.json"
        return str(json.loads(manifest.read_text())["collection_info"]["version"])
    except (ImportError, OSError, ValueError):
        return None
