# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The code of a Lambda function as a zip file: the same bytes for the same files, whoever packs them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html and
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

try:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name
except ImportError:
    pass  # packages() needs it, and Ansible itself does.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

LARGEST_ZIP = 50 * 1024**2  # bytes, of one that is sent in the request
COMPILED = (".so", ".pyd", ".dylib", ".a", ".o")
OLDEST = (1980, 1, 1, 0, 0, 0)  # a zip file knows no earlier time
# What an installer writes about itself, and what Python makes of its own.
LEFT_OUT = frozenset({"__pycache__", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
Files = dict[str, bytes]


def code(source: str, packages: Iterable[str], runtime: str, handler: str) -> bytes:
    """The zip of the folder's files with the distributions beside them.

    `packages` are requirements such as "pg8000"; `runtime` is AWS's name, e.g. "python3.13"; `handler` is
    "module.function". Raises AnsibleAWSError for what cannot be packed or would not start.
    """
    files = _files_of(Path(source))
    for distribution in _with_dependencies(packages, runtime.removeprefix("python")):
        for name, content in _files_of_distribution(distribution).items():
            if files.setdefault(name, content) != content:
                raise AnsibleAWSError(
                    message=f"packages: {name} of {distribution.name} is also a file of {source} or of "
                    "another package. Rename the one in the source."
                )
    module = handler.rpartition(".")[0].replace(".", "/")
    if f"{module}.py" not in files and f"{module}/__init__.py" not in files:
        raise AnsibleAWSError(message=f"handler is {handler!r}, but {source} has no {module}.py.")
    packed = _packed(files)
    if len(packed) > LARGEST_ZIP:
        raise AnsibleAWSError(
            message=f"The code in {source}, with its packages, takes {len(packed) / 1024**2:.1f} MiB, and "
            "Lambda takes 50 MiB in a request. Name fewer packages."
        )
    return packed


def code_sha256(packed: bytes) -> str:
    """As AWS tells it: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""
    return base64.b64encode(hashlib.sha256(packed).digest()).decode()


def _packed(files: Files) -> bytes:
    """Stored and not compressed: two machines' compressors do not give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = 0o100644 << 16  # the runtime's user reads it
            archive.writestr(entry, files[name])
    return packed.getvalue()


def _files_of(folder: Path) -> Files:
    if not folder.is_dir():
        raise AnsibleAWSError(message=f"source: {folder} is no folder on the control node.")
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not LEFT_OUT.intersection(path.relative_to(folder).parts)
    }
    if not found:
        raise AnsibleAWSError(message=f"source: {folder} is empty.")
    return found


def _with_dependencies(packages: Iterable[str], python: str) -> Iterator[importlib.metadata.Distribution]:
    """The named distributions and all that they need on the function's Python, each once."""
    waiting = [_requirement(package) for package in packages]
    seen: set[tuple[str, frozenset[str]]] = set()
    given: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise AnsibleAWSError(
                message=f"packages: {requirement.name} is not installed on the control node. Add it to the "
                "project's dependencies, whose lock file then pins it."
            ) from None
        environments = [
            {"python_version": python, "sys_platform": "linux", "platform_system": "Linux", "extra": extra}
            for extra in ("", *requirement.extras)
        ]
        for each in map(_requirement, distribution.requires or ()):
            if each.marker is None or any(each.marker.evaluate(one) for one in environments):
                waiting.append(each)
        if name not in given:
            given.add(name)
            yield distribution


def _requirement(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement:
        raise AnsibleAWSError(message=f"packages: {text!r} is no name of a Python distribution.") from None


def _files_of_distribution(distribution: importlib.metadata.Distribution) -> Files:
    found: Files = {}
    for path in distribution.files or ():
        if path.suffix in COMPILED:
            raise AnsibleAWSError(
                message=f"packages: {distribution.name} holds the compiled file {path}, which is good for "
                "this machine only. Name a distribution of pure Python."
            )
        # Scripts lie outside of the packages' folder; what a checkout is linked by is no module.
        if ".." in path.parts or path.suffix == ".pth" or LEFT_OUT.intersection(path.parts):
            continue
        found[str(path)] = Path(str(distribution.locate_file(path))).read_bytes()
    if not any(name.endswith(".py") for name in found):
        raise AnsibleAWSError(
            message=f"packages: no Python file of {distribution.name} lies where it is installed, as when it "
            "is linked to a checkout. Install it whole."
        )
    return found
