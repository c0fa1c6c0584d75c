"""The module eks_kubeconfig: check, do, check again, do again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .modules import four_steps, run_module

ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/notejam-test"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kube" / "notejam-test"


@pytest.fixture
def options(path: Path) -> dict[str, Any]:
    return {
        "path": str(path),
        "cluster_name": "notejam-test",
        "cluster_arn": ARN,
        "endpoint": "https://kubernetes.example.com",
        "certificate_authority": "UEVN",
        "region": "eu-west-1",
    }


def test_writes_what_kubectl_needs_and_no_secret(path: Path, options: dict[str, Any]) -> None:
    four_steps("eks_kubeconfig", **options)
    written = yaml.safe_load(path.read_text())
    assert written["current-context"] == ARN
    assert written["clusters"][0]["cluster"]["server"] == "https://kubernetes.example.com"
    assert list(written["users"][0]["user"]) == ["exec"]
    assert written["users"][0]["user"]["exec"]["args"][-4:] == [
        "--cluster-name",
        "notejam-test",
        "--output",
        "json",
    ]


def test_only_its_owner_can_read_it(path: Path, options: dict[str, Any]) -> None:
    run_module("eks_kubeconfig", **options)
    path.chmod(0o644)
    assert run_module("eks_kubeconfig", **options).changed
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_check_writes_nothing(path: Path, options: dict[str, Any]) -> None:
    assert run_module("eks_kubeconfig", check_mode=True, **options).changed
    assert not path.parent.exists()


def test_another_endpoint_is_written(path: Path, options: dict[str, Any]) -> None:
    run_module("eks_kubeconfig", **options)
    four_steps("eks_kubeconfig", **options | {"endpoint": "https://other.example.com"})
    assert "https://other.example.com" in path.read_text()


def test_a_path_that_cannot_be_written_is_named(path: Path, options: dict[str, Any]) -> None:
    path.parent.write_text("a file where a folder should be")
    run = run_module("eks_kubeconfig", **options)
    assert f"Cannot write the kubeconfig {path}" in run.result["msg"]
