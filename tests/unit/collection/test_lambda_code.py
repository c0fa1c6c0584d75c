"""The zip of a Lambda function: the same bytes each time, without what AWS's machines cannot run."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.notejam.platform.plugins.module_utils.lambda_code import code, code_sha256

RUNTIME = "python3.13"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "helpers").mkdir(parents=True)
    (folder / "main.py").write_text("def handler(event, context): ...\n")
    (folder / "helpers" / "__init__.py").write_text("")
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a distribution of these files into a folder of the test's own."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])

    def make(name: str, *files: str, requires: tuple[str, ...] = ()) -> None:
        information = site / f"{name}-1.0.dist-info"
        information.mkdir()
        needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        listed = [*files, f"{name}-1.0.dist-info/METADATA", f"{name}-1.0.dist-info/RECORD"]
        (information / "RECORD").write_text("".join(f"{each},,\n" for each in listed))
        for each in files:
            path = site / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {each} of {name}\n")

    return make


def names(packed: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(packed)).namelist()


def test_is_the_same_whenever_and_in_whatever_order_its_files_were_written(source: Path) -> None:
    first = code(str(source), [], RUNTIME, "main.handler")
    os.utime(source / "main.py", (0, 2_000_000_000))
    (source / "main.py").chmod(0o600)
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "main.cpython-312.pyc").write_bytes(b"x")
    assert code(str(source), [], RUNTIME, "main.handler") == first
    assert names(first) == ["helpers/__init__.py", "main.py"]
    (source / "main.py").write_text("def handler(event, context): return 1\n")
    assert code_sha256(code(str(source), [], RUNTIME, "main.handler")) != code_sha256(first)


def test_holds_the_packages_with_what_they_need_on_the_functions_python(
    source: Path, install: Callable[..., None]
) -> None:
    install(
        "driver",
        "driver/__init__.py",
        "../../bin/driver",
        requires=(
            "scram",
            "old; python_version < '3.10'",
            "tool; extra == 'cli'",
            "win; sys_platform == 'win32'",
        ),
    )
    install("scram", "scram.py", requires=("driver",))
    packed = code(str(source), ["driver"], RUNTIME, "main.handler")
    assert names(packed) == [
        "driver-1.0.dist-info/METADATA",
        "driver/__init__.py",
        "helpers/__init__.py",
        "main.py",
        "scram-1.0.dist-info/METADATA",
        "scram.py",
    ]


def test_an_extra_brings_what_it_needs(source: Path, install: Callable[..., None]) -> None:
    install("driver", "driver/__init__.py", requires=("tool; extra == 'cli'",))
    install("tool", "tool.py")
    assert "tool.py" in names(code(str(source), ["driver[cli]"], RUNTIME, "main.handler"))


@pytest.mark.parametrize(
    ("packages", "handler", "told"),
    [
        (["not-there-at-all"], "main.handler", "not-there-at-all is not installed on the control node"),
        (["fast"], "main.handler", "holds the compiled file fast/_speed.so"),
        (["linked"], "main.handler", "no Python file of linked"),
        (["clash"], "main.handler", "main.py of clash is also a file of"),
        (["a b c"], "main.handler", "'a b c' is no name of a Python distribution"),
        ([], "other.handler", "has no other.py"),
    ],
)
def test_refuses_what_would_not_start(
    source: Path, install: Callable[..., None], packages: list[str], handler: str, told: str
) -> None:
    install("fast", "fast/__init__.py", "fast/_speed.so")
    install("linked", "__editable__.linked.pth")
    install("clash", "main.py")
    with pytest.raises(AnsibleAWSError, match=told):
        code(str(source), packages, RUNTIME, handler)


def test_refuses_a_source_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(AnsibleAWSError, match="is no folder on the control node"):
        code(str(tmp_path / "none"), [], RUNTIME, "main.handler")
    with pytest.raises(AnsibleAWSError, match="is empty"):
        code(str(tmp_path), [], RUNTIME, "main.handler")


def test_refuses_more_than_lambda_takes_in_a_request(source: Path) -> None:
    (source / "data.bin").write_bytes(bytes(50 * 1024**2))
    with pytest.raises(AnsibleAWSError, match=r"takes 50\.0 MiB, and Lambda takes 50 MiB"):
        code(str(source), [], RUNTIME, "main.handler")
