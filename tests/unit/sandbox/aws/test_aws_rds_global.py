"""Global databases: a secondary in another region streams, takes over, and goes its own way."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.unit.sandbox.aws.conftest import ACCOUNT
from tests.unit.sandbox.aws.databases import OWN_PASSWORD, Aurora, refusal

ELSEWHERE = "eu-central-1"
PRIMARY = f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:notes"
SECONDARY = f"arn:aws:rds:{ELSEWHERE}:{ACCOUNT}:cluster:notes"


def rows(aurora: Aurora, host: str) -> list[str]:
    try:
        with aurora.connect(host) as session:
            return [name for (name,) in session.execute("SELECT name FROM seen ORDER BY name").fetchall()]
    except psycopg.Error:
        return []


def write(aurora: Aurora, name: str) -> None:
    with aurora.connect(aurora.cluster()["Endpoint"]) as writer:
        writer.execute("CREATE TABLE IF NOT EXISTS seen (name text)")
        writer.execute("INSERT INTO seen VALUES (%s)", (name,))


def described(aurora: Aurora) -> dict[str, Any]:
    return dict(aurora.rds.describe_global_clusters(GlobalClusterIdentifier="all")["GlobalClusters"][0])


def test_the_other_region_follows_takes_over_and_leaves(make_aurora: Callable[..., Aurora]) -> None:
    here, there = make_aurora(), make_aurora(region=ELSEWHERE)
    here.made(1, **OWN_PASSWORD)
    write(here, "one")
    here.rds.create_global_cluster(GlobalClusterIdentifier="all", SourceDBClusterIdentifier=PRIMARY)
    here.wait()
    nobody = {"MasterUsername": None, "ManageMasterUserPassword": None, "DatabaseName": None}
    assert refusal(there.create_cluster, **OWN_PASSWORD, GlobalClusterIdentifier="all") == (
        "InvalidParameterCombination"
    )
    there.made(1, **nobody, GlobalClusterIdentifier="all")
    members = {each["DBClusterArn"]: each["IsWriter"] for each in described(there)["GlobalClusterMembers"]}
    assert members == {PRIMARY: True, SECONDARY: False}
    write(here, "two")
    follower = there.cluster()["ReaderEndpoint"]
    there.wait_until(lambda: rows(there, follower) == ["one", "two"])
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), there.connect(follower) as reader:
        reader.execute("DROP TABLE seen")
    assert refusal(here.rds.delete_db_cluster, DBClusterIdentifier="notes", SkipFinalSnapshot=True) == (
        "InvalidDBClusterStateFault"
    )

    # The regions change places; nothing is lost.
    target = {"GlobalClusterIdentifier": "all", "TargetDbClusterIdentifier": SECONDARY}
    there.rds.switchover_global_cluster(**target)
    assert described(here)["FailoverState"]["ToDbClusterArn"] == SECONDARY
    assert refusal(there.rds.switchover_global_cluster, **target) == "InvalidGlobalClusterStateFault"
    there.wait_until(lambda: described(here)["Status"] == "available")
    write(there, "three")
    here.wait_until(lambda: rows(here, here.cluster()["ReaderEndpoint"]) == ["one", "three", "two"])
    here.wait_until(lambda: {here.cluster()["Status"], there.cluster()["Status"]} == {"available"})

    # The secondary leaves, and both are written to.
    remove = here.rds.remove_from_global_cluster
    assert refusal(remove, GlobalClusterIdentifier="all", DbClusterIdentifier=SECONDARY) == (
        "InvalidGlobalClusterStateFault"
    )
    remove(GlobalClusterIdentifier="all", DbClusterIdentifier=PRIMARY)
    here.wait_until(lambda: here.cluster()["Status"] == "available")
    assert [each["DBClusterArn"] for each in described(here)["GlobalClusterMembers"]] == [SECONDARY]
    write(here, "here")
    write(there, "there")
    assert rows(here, here.cluster()["Endpoint"]) == ["here", "one", "three", "two"]
    assert rows(there, there.cluster()["Endpoint"]) == ["one", "there", "three", "two"]
    assert refusal(here.rds.delete_global_cluster, GlobalClusterIdentifier="all") == (
        "InvalidGlobalClusterStateFault"
    )
    remove(GlobalClusterIdentifier="all", DbClusterIdentifier=SECONDARY)
    here.wait()
    here.rds.delete_global_cluster(GlobalClusterIdentifier="all")
    assert refusal(described, aurora=here) == "GlobalClusterNotFoundFault"


def test_a_global_cluster_is_refused(aurora: Aurora) -> None:
    """The rules that need no server. An unknown one is not found, and none is made twice."""
    create = aurora.rds.create_global_cluster
    assert refusal(described, aurora=aurora) == "GlobalClusterNotFoundFault"
    aurora.create_cluster()
    source = {"GlobalClusterIdentifier": "all", "SourceDBClusterIdentifier": PRIMARY}
    assert refusal(create, **source) == "InvalidDBClusterStateFault"
    aurora.wait()
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
    assert refusal(create, **source) == "InvalidDBClusterStateFault"
    aurora.rds.modify_db_cluster(
        DBClusterIdentifier="notes",
        ManageMasterUserPassword=False,
        MasterUserPassword="another-password",
        ApplyImmediately=True,
    )
    aurora.wait()
    assert refusal(create, **source, EngineVersion="17.5") == "InvalidParameterCombination"
    made = create(**source, DeletionProtection=True)["GlobalCluster"]
    assert made["GlobalClusterArn"] == f"arn:aws:rds::{ACCOUNT}:global-cluster:all"
    assert refusal(create, **source) == "GlobalClusterAlreadyExistsFault"
    managed = {"DBClusterIdentifier": "notes", "ManageMasterUserPassword": True}
    assert refusal(aurora.rds.modify_db_cluster, **managed) == "InvalidParameterCombination"
    delete = aurora.rds.delete_global_cluster
    assert refusal(delete, GlobalClusterIdentifier="all") == "InvalidParameterCombination"
