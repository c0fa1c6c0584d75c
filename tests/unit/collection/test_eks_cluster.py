"""The module eks_cluster: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import pytest

from .fake_eks import FakeEks
from .modules import four_steps, run_module

ROLE = "arn:aws:iam::123456789012:role/notejam-test-control-plane"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
CLUSTER: dict[str, Any] = {
    "name": "notejam-test",
    "version": "1.34",
    "role_arn": ROLE,
    "resources_vpc_config": {
        "subnet_ids": ["subnet-b", "subnet-a"],
        "endpoint_private_access": True,
        "endpoint_public_access": False,
    },
    "logging": ["audit", "api"],
    "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
    "deletion_protection": False,
    "tags": {"Name": "notejam-test", "platform:environment": "test"},
}


@pytest.fixture(autouse=True)
def cluster(eks: FakeEks) -> FakeEks:
    return eks


def with_network(**changes: Any) -> dict[str, Any]:
    return {"resources_vpc_config": {**CLUSTER["resources_vpc_config"], **changes}}


def test_creates_the_cluster_and_waits_for_it(eks: FakeEks) -> None:
    run = four_steps("eks_cluster", **CLUSTER)
    assert run.writes == ["CreateCluster"]
    assert run.result["cluster"]["status"] == "ACTIVE"
    assert run.result["cluster"]["resources_vpc_config"]["subnet_ids"] == ["subnet-a", "subnet-b"]
    assert eks.resources["notejam-test"]["logging"]["clusterLogging"] == [
        {"types": ["api", "audit"], "enabled": True},
        {"types": ["authenticator", "controllerManager", "scheduler"], "enabled": False},
    ]
    assert eks.resources["notejam-test"]["tags"] == CLUSTER["tags"]


def test_asks_without_waiting_and_waits_later() -> None:
    assert run_module("eks_cluster", **CLUSTER, wait=False).result["cluster"]["status"] == "CREATING"
    later = run_module("eks_cluster", name="notejam-test")
    assert not later.changed
    assert later.result["cluster"]["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"version": "1.35"}, ["UpdateClusterVersion"]),
        ({"logging": ["api"]}, ["UpdateClusterConfig"]),
        ({"deletion_protection": True}, ["UpdateClusterConfig"]),
        ({"upgrade_policy": {"support_type": "STANDARD"}}, ["UpdateClusterConfig"]),
        ({"zonal_shift_config": {"enabled": True}}, ["UpdateClusterConfig"]),
        (with_network(subnet_ids=["subnet-a", "subnet-c"]), ["UpdateClusterConfig"]),
        (
            {"encryption_config": [{"resources": ["secrets"], "provider": {"key_arn": KEY}}]},
            ["AssociateEncryptionConfig"],
        ),
        ({"tags": {"Name": "notejam-test"}}, ["UntagResource"]),
        ({"tags": {**CLUSTER["tags"], "owner": "platform"}}, ["TagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("eks_cluster", **CLUSTER)
    assert four_steps("eks_cluster", **CLUSTER | change).writes == writes


def test_makes_one_kind_of_change_at_a_time() -> None:
    """EKS refuses two kinds in one call, and any change before the last one is through."""
    run_module("eks_cluster", **CLUSTER)
    network = with_network(
        endpoint_public_access=True, public_access_cidrs=["192.0.2.0/24"], subnet_ids=["subnet-a", "subnet-c"]
    )
    run = four_steps("eks_cluster", **CLUSTER | network | {"logging": ["api"], "version": "1.35"})
    assert run.writes == ["UpdateClusterVersion", *["UpdateClusterConfig"] * 3]
    assert run.result["cluster"]["resources_vpc_config"]["public_access_cidrs"] == ["192.0.2.0/24"]


def test_a_public_endpoint_is_closed_again() -> None:
    public = with_network(endpoint_public_access=True, public_access_cidrs=["192.0.2.0/24"])
    run_module("eks_cluster", **CLUSTER | public)
    closed = with_network(endpoint_public_access=False, public_access_cidrs=["192.0.2.0/24"])
    run = four_steps("eks_cluster", **CLUSTER | closed)
    assert run.writes == ["UpdateClusterConfig"]
    assert run.result["cluster"]["resources_vpc_config"]["public_access_cidrs"] == []


def test_the_order_of_subnets_and_log_types_is_no_difference() -> None:
    run_module("eks_cluster", **CLUSTER)
    same = with_network(subnet_ids=["subnet-a", "subnet-b"]) | {"logging": ["api", "audit"]}
    assert not run_module("eks_cluster", **CLUSTER | same).changed


def test_what_is_not_declared_is_left_alone() -> None:
    run_module("eks_cluster", **CLUSTER)
    assert not run_module("eks_cluster", name="notejam-test").changed


def test_a_change_waits_for_a_creation_that_is_under_way() -> None:
    run_module("eks_cluster", **CLUSTER, wait=False)
    assert run_module("eks_cluster", **CLUSTER | {"deletion_protection": True}).changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role_arn": ROLE + "2"}, "role_arn is"),
        ({"version": "1.36"}, "Set the version to 1.35, upgrade"),
        ({"version": "1.33"}, "Set the version to 1.34 again, or to 1.35"),
    ],
)
def test_refuses_what_eks_cannot_change(change: dict[str, Any], message: str) -> None:
    run_module("eks_cluster", **CLUSTER)
    for check_mode in (True, False):
        run = run_module("eks_cluster", check_mode=check_mode, **CLUSTER | change)
        assert run.result["failed"]
        assert message in run.result["msg"]
        assert run.writes == []


def test_refuses_another_encryption_key() -> None:
    encrypted = CLUSTER | {"encryption_config": [{"resources": ["secrets"], "provider": {"key_arn": KEY}}]}
    run_module("eks_cluster", **encrypted)
    other = [{"resources": ["secrets"], "provider": {"key_arn": KEY + "2"}}]
    for check_mode in (True, False):
        run = run_module("eks_cluster", check_mode=check_mode, **encrypted | {"encryption_config": other})
        assert "EKS cannot change the key of a cluster" in run.result["msg"]
        assert run.writes == []


def test_a_failed_creation_ends_the_wait_with_the_reasons_of_eks(eks: FakeEks) -> None:
    issue = {"code": "Ec2SubnetNotFound", "message": "no such subnet", "resourceIds": ["subnet-a"]}
    eks.ends_as("notejam-test", "FAILED", issue)
    run = run_module("eks_cluster", **CLUSTER)
    assert run.result["msg"] == (
        "Cluster notejam-test is FAILED. EKS says: Ec2SubnetNotFound: no such subnet (subnet-a)"
        ". Mend the cause, delete it (state: absent) and run again"
    )


def test_a_failed_update_ends_the_run_with_the_reasons_of_eks(eks: FakeEks) -> None:
    run_module("eks_cluster", **CLUSTER)
    eks.ends_as("update", "Failed", {"errorCode": "IpNotAvailable", "errorMessage": "no addresses left"})
    run = run_module("eks_cluster", **CLUSTER | {"version": "1.35"})
    assert run.result["msg"] == (
        "The VersionUpdate of cluster notejam-test is Failed. EKS says: IpNotAvailable: no addresses left"
    )


def test_a_missing_cluster_cannot_be_waited_for() -> None:
    run = run_module("eks_cluster", name="notejam-test")
    assert "cannot be made without role_arn and resources_vpc_config" in run.result["msg"]


def test_deletes_and_waits_until_it_is_gone(eks: FakeEks) -> None:
    run_module("eks_cluster", **CLUSTER)
    four_steps("eks_cluster", name="notejam-test", state="absent")
    assert "notejam-test" not in eks.resources


def test_makes_a_cluster_anew_once_the_old_one_is_gone() -> None:
    run_module("eks_cluster", **CLUSTER)
    run_module("eks_cluster", name="notejam-test", state="absent", wait=False)
    assert four_steps("eks_cluster", **CLUSTER).result["cluster"]["status"] == "ACTIVE"


def test_a_protected_cluster_is_not_deleted() -> None:
    run_module("eks_cluster", **CLUSTER | {"deletion_protection": True})
    for check_mode in (True, False):
        run = run_module("eks_cluster", check_mode=check_mode, name="notejam-test", state="absent")
        assert "protected from deletion" in run.result["msg"]
        assert run.writes == []
