"""Updates of EKS: one version at a time, and nodes that are really replaced."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.errors import SandboxError
from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account

ROUNDS = 30


def update_version(cluster: Account, version: str) -> dict[str, Any]:
    return dict(cluster.eks.update_cluster_version(name="notes", version=version)["update"])


def update_nodes(cluster: Account, **changes: Any) -> dict[str, Any]:
    given = {"clusterName": "notes", "nodegroupName": "system"}
    return dict(cluster.eks.update_nodegroup_version(**given | changes)["update"])


def updated(cluster: Account, update: dict[str, Any], **of: str) -> dict[str, Any]:
    """The update when it is over."""
    for _ in range(ROUNDS):
        cluster.wait(seconds=10)
        found = cluster.eks.describe_update(name="notes", updateId=update["id"], **of)["update"]
        if found["status"] != "InProgress":
            break
    return dict(found)


@pytest.fixture
def aged(account: Account) -> Account:
    """A cluster of an older version with three nodes."""
    account.create(version="1.33")
    account.wait()
    account.create_nodes(scalingConfig={"minSize": 3, "maxSize": 5, "desiredSize": 3})
    account.wait()
    account.wait()
    assert account.nodes()["status"] == "ACTIVE"
    return account


def test_a_cluster_is_of_the_new_version_when_its_update_is_over(aged: Account) -> None:
    update = update_version(aged, "1.34")
    assert (update["status"], update["type"]) == ("InProgress", "VersionUpdate")
    assert {each["type"]: each["value"] for each in update["params"]}["Version"] == "1.34"
    assert (aged.cluster()["status"], aged.cluster()["version"]) == ("UPDATING", "1.33")
    with pytest.raises(ClientError, match="ResourceInUseException"):
        update_version(aged, "1.34")
    assert updated(aged, update)["status"] == "Successful"
    assert (aged.cluster()["status"], aged.cluster()["version"]) == ("ACTIVE", "1.34")
    assert aged.nodes()["version"] == "1.33"


def test_a_version_is_neither_skipped_nor_taken_back(aged: Account, subtests: pytest.Subtests) -> None:
    for version, message in (
        ("1.35", "Unsupported Kubernetes minor version update from 1.33 to 1.35"),
        ("1.32", "Unsupported Kubernetes minor version update"),
        ("1.33", "already at the desired version"),
        ("1.34.2", "Unsupported Kubernetes minor version update"),
    ):
        with subtests.test(version=version), pytest.raises(ClientError, match=message) as error:
            update_version(aged, version)
        assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_version_that_the_sandbox_has_not_is_refused(cluster: Account) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterException.*unsupported Kubernetes version 1\.36"):
        update_version(cluster, "1.36")


def test_a_cluster_does_not_leave_its_nodes_behind(aged: Account) -> None:
    updated(aged, update_version(aged, "1.34"))
    with pytest.raises(
        ClientError, match=r"InvalidRequestException.*Nodegroups system must be updated to match .* 1\.34"
    ):
        update_version(aged, "1.35")
    assert updated(aged, update_nodes(aged, version="1.34"), nodegroupName="system")["status"] == "Successful"
    assert updated(aged, update_version(aged, "1.35"))["status"] == "Successful"


def test_every_node_is_replaced_and_none_before_its_successors_are_ready(
    aged: Account, kubernetes: FakeKubernetes
) -> None:
    updated(aged, update_version(aged, "1.34"))
    before = set(kubernetes.names())
    update = update_nodes(aged, version="1.34")
    assert (update["status"], update["type"]) == ("InProgress", "VersionUpdate")
    kubernetes.ready_nodes = before
    for _ in range(5):
        aged.wait(seconds=10)
    new = set(kubernetes.names()) - before
    assert len(new) == 3
    assert before < set(kubernetes.names())
    assert kubernetes.cordoned == set()
    kubernetes.ready_nodes = None
    aged.wait(seconds=0)
    assert kubernetes.cordoned == before
    assert aged.nodes()["version"] == "1.33"
    assert updated(aged, update, nodegroupName="system")["status"] == "Successful"
    assert set(kubernetes.names()) == new
    assert kubernetes.most_nodes == 6
    group = aged.nodes()
    assert (group["status"], group["version"], group["releaseVersion"]) == (
        "ACTIVE",
        "1.34",
        "1.34.2-20260120",
    )


def test_no_more_nodes_go_at_once_than_may_be_unavailable(aged: Account, kubernetes: FakeKubernetes) -> None:
    aged.eks.update_nodegroup_config(
        clusterName="notes", nodegroupName="system", updateConfig={"maxUnavailable": 2}
    )
    aged.wait()
    before = set(kubernetes.names())
    kubernetes.pods = {name: ["notejam/web-0"] for name in before}
    update_nodes(aged, releaseVersion="1.33.5-20260107")
    for _ in range(4):
        aged.wait(seconds=1)
    assert len(set(kubernetes.drained)) == 2
    kubernetes.pods = {}
    for _ in range(ROUNDS):
        aged.wait(seconds=10)
    assert set(kubernetes.names()).isdisjoint(before)


def test_a_budget_that_lets_no_pod_go_fails_the_update(aged: Account, kubernetes: FakeKubernetes) -> None:
    first, *_ = before = kubernetes.names()
    kubernetes.pods = {name: ["notejam/web-0"] for name in before}
    update = updated(aged, update_nodes(aged, releaseVersion="1.33.5-20260107"), nodegroupName="system")
    assert update["status"] == "Failed"
    [error] = update["errors"]
    assert error["errorCode"] == "PodEvictionFailure"
    assert error["resourceIds"] == [first]
    assert "notejam/web-0" in error["errorMessage"]
    assert aged.nodes()["releaseVersion"] == "1.33.5-20260120"
    assert kubernetes.cordoned.isdisjoint(before)
    for _ in range(ROUNDS):
        aged.wait(seconds=10)
    assert kubernetes.names() == before


def test_a_forced_update_goes_past_the_budget(aged: Account, kubernetes: FakeKubernetes) -> None:
    before = kubernetes.names()
    kubernetes.pods = {before[0]: ["notejam/web-0"]}
    update = update_nodes(aged, releaseVersion="1.33.5-20260107", force=True)
    assert updated(aged, update, nodegroupName="system")["status"] == "Successful"
    assert set(kubernetes.names()).isdisjoint(before)


def test_the_minimal_strategy_takes_nodes_away_before_it_adds_others(
    aged: Account, kubernetes: FakeKubernetes
) -> None:
    aged.eks.update_nodegroup_config(
        clusterName="notes",
        nodegroupName="system",
        updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
    )
    aged.wait()
    update = update_nodes(aged, releaseVersion="1.33.5-20260107")
    assert updated(aged, update, nodegroupName="system")["status"] == "Successful"
    assert (kubernetes.launched, kubernetes.most_nodes) == (6, 3)


def test_an_update_to_what_is_there_replaces_nothing(aged: Account, kubernetes: FakeKubernetes) -> None:
    before = kubernetes.names()
    assert updated(aged, update_nodes(aged), nodegroupName="system")["status"] == "Successful"
    assert kubernetes.names() == before


REFUSED: list[tuple[Any, ...]] = [
    ({"version": "1.35"}, "is not that of the cluster, 1.33"),
    ({"releaseVersion": "1.33.5-20200101"}, "not valid for kubernetes version 1.33"),
    ({"version": "1.33", "releaseVersion": "1.34.2-20260120"}, "not valid for kubernetes version 1.33"),
    ({"launchTemplate": {"name": "absent"}}, "absent|does not exist"),
]


def test_an_update_that_aws_would_not_make_is_refused(aged: Account, subtests: pytest.Subtests) -> None:
    for changes, message in REFUSED:
        with subtests.test(message=message):
            with pytest.raises(ClientError, match=message) as error:
                update_nodes(aged, **changes)
            assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_second_update_of_a_group_waits_for_the_first(aged: Account) -> None:
    update_nodes(aged)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        update_nodes(aged)


def test_a_replacement_goes_on_after_a_restart(aged: Account, kubernetes: FakeKubernetes) -> None:
    before = kubernetes.names()
    update = update_nodes(aged, releaseVersion="1.33.5-20260107")
    aged.wait(seconds=0)
    bridge = aged.cloud.eks.bridge
    aged.cloud.eks.bridge = type(bridge)(
        bridge.records, bridge.clusters, bridge.clients, bridge.authenticator_url, bridge.times
    )
    assert updated(aged, update, nodegroupName="system")["status"] == "Successful"
    assert set(kubernetes.names()).isdisjoint(before)


def test_pods_are_asked_to_leave_a_node_that_is_no_longer_desired(
    aged: Account, kubernetes: FakeKubernetes
) -> None:
    last = kubernetes.names()[-1]
    kubernetes.pods = {last: ["notejam/web-0"]}
    aged.eks.update_nodegroup_config(
        clusterName="notes", nodegroupName="system", scalingConfig={"minSize": 1, "desiredSize": 2}
    )
    for _ in range(3):
        aged.wait(seconds=1)
    assert last in kubernetes.names()
    assert kubernetes.cordoned == {last}
    kubernetes.pods = {}
    for _ in range(3):
        aged.wait(seconds=5)
    assert last not in kubernetes.names()


def test_an_addon_that_cannot_be_changed_fails_its_update(
    cluster: Account, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.eks.create_addon(clusterName="notes", addonName="vpc-cni")
    cluster.wait()

    def refuse(*_: Any) -> None:
        raise SandboxError("no such value")

    monkeypatch.setattr(kubernetes, "install", refuse)
    update = cluster.eks.update_addon(
        clusterName="notes", addonName="vpc-cni", configurationValues='{"nodeSelector": {"a": "b"}}'
    )["update"]
    found = updated(cluster, update, addonName="vpc-cni")
    assert found["status"] == "Failed"
    assert found["errors"][0]["errorCode"] == "ConfigurationConflict"
    assert cluster.addon("vpc-cni")["status"] == "UPDATE_FAILED"
