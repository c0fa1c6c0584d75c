"""playbooks/pin_addon_versions.yml: writes into an inventory the versions that EKS takes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import BIN, environment

from .conftest import COLLECTIONS

ROOT = COLLECTIONS.parent


@pytest.fixture
def inventory(tmp_path: Path, cloud: None) -> Path:
    """A copy of inventories/test."""
    shutil.copytree(ROOT / "inventories/test", tmp_path / "test", symlinks=False)
    return tmp_path / "test"


def pin(inventory: Path, *options: str) -> str:
    run = subprocess.run(
        [BIN / "ansible-playbook", ROOT / "playbooks/pin_addon_versions.yml", "-i", inventory, *options],
        env=environment(
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
        ),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return run.stdout


def cluster(inventory: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((inventory / "group_vars/all/cluster.yml").read_text()))


def test_what_eks_takes_is_written_once_and_the_rest_stays(inventory: Path) -> None:
    before = cluster(inventory)
    assert "changed=1" in pin(inventory, "--check")
    assert cluster(inventory) == before
    assert "changed=1" in pin(inventory, "-e", "cluster_version=1.34")
    assert "changed=1" in pin(inventory)
    assert "changed=0" in pin(inventory)
    after = cluster(inventory)
    assert after.pop("cluster_addon_versions") == {
        "aws-ebs-csi-driver": "v1.54.0-eksbuild.1",
        "coredns": "v1.13.1-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
        "kube-proxy": "v1.35.0-eksbuild.2",
        "vpc-cni": "v1.21.1-eksbuild.1",
    }
    assert after == before


def test_a_version_that_eks_does_not_offer_is_refused_with_those_that_it_does(inventory: Path) -> None:
    before = cluster(inventory)
    assert "version 1.99 is none that EKS offers; it offers" in " ".join(
        pin(inventory, "-e", "cluster_version=1.99").split()
    )
    assert cluster(inventory) == before
