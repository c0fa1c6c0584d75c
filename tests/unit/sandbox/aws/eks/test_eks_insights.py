"""What EKS finds about a cluster's next version."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.eks.conftest import Account


def found(account: Account, **wanted: Any) -> dict[str, str]:
    listed = account.eks.list_insights(clusterName="notes", filter=wanted)["insights"]
    return {each["name"]: each["insightStatus"]["status"] for each in listed}


@pytest.fixture
def running(cluster: Account) -> Account:
    """A cluster with nodes."""
    cluster.create_nodes()
    cluster.wait()
    return cluster


def kept(account: Account, kind: str) -> Any:
    """The one record of the kind, as the gateway keeps it."""
    records = account.cloud.eks._records
    (record,) = records.all(kind)
    return record, records


def test_all_is_well_with_nodes_of_the_clusters_version(running: Account) -> None:
    assert found(running) == {
        "Kubelet version skew": "PASSING",
        "EKS add-on version compatibility": "PASSING",
    }


def test_they_are_of_the_next_version(running: Account) -> None:
    now = int(running.cluster()["version"].split(".")[1])
    assert len(found(running, kubernetesVersions=[f"1.{now + 1}"])) == 2
    assert found(running, kubernetesVersions=[f"1.{now}"]) == {}
    assert found(running, statuses=["ERROR", "WARNING"]) == {}
    assert found(running, categories=["MISCONFIGURATION"]) == {}


@pytest.mark.parametrize(("behind", "status"), [(1, "WARNING"), (2, "WARNING"), (3, "ERROR")])
def test_nodes_that_lag_behind_are_told(running: Account, behind: int, status: str) -> None:
    record, records = kept(running, "eks-nodegroup")
    number = int(running.cluster()["version"].split(".")[1])
    record.resource["version"] = f"1.{number - behind}"
    records.save(record)
    assert found(running)["Kubelet version skew"] == status


def test_an_addon_that_does_not_go_with_the_next_version_is_told(running: Account) -> None:
    running.eks.create_addon(clusterName="notes", addonName="kube-proxy")
    running.wait()
    record, records = kept(running, "eks-cluster")
    record.resource["version"] = "1.34"
    records.save(record)
    addon, records = kept(running, "eks-addon")
    addon.resource["addonVersion"] = "v1.29.0-eksbuild.1"
    records.save(addon)
    (listed,) = running.eks.list_insights(clusterName="notes", filter={"statuses": ["ERROR"]})["insights"]
    insight = running.eks.describe_insight(clusterName="notes", id=listed["id"])["insight"]
    assert insight["name"] == "EKS add-on version compatibility"
    assert insight["kubernetesVersion"] == "1.35"
    (detail,) = insight["categorySpecificSummary"]["addonCompatibilityDetails"]
    assert detail["name"] == "kube-proxy"
    assert "v1.34.1-eksbuild.2" in detail["compatibleVersions"]


def test_one_that_is_not_there_is_refused(running: Account) -> None:
    with pytest.raises(ClientError, match="No insight found for ID: other"):
        running.eks.describe_insight(clusterName="notes", id="other")
