"""Snapshots, copies over regions, and clusters restored from them or to a point in time: real data."""

import datetime
import time
from collections.abc import Callable
from typing import Any

from tests.unit.sandbox.aws.conftest import ACCOUNT, Client
from tests.unit.sandbox.aws.databases import OWN_PASSWORD, Aurora, refusal

ELSEWHERE = "eu-central-1"


def rows(aurora: Aurora, host: str) -> list[str]:
    with aurora.connect(host) as session:
        return [name for (name,) in session.execute("SELECT name FROM seen ORDER BY at").fetchall()]


def restored(aurora: Aurora, name: str) -> dict[str, Any]:
    """The cluster of this name with an instance, once both are available."""
    aurora.wait_until(lambda: aurora.cluster(name)["Status"] == "available")
    aurora.create_instance(9, DBInstanceIdentifier=f"{name}-1", DBClusterIdentifier=name)
    aurora.wait_until_available()
    return aurora.cluster(name)


def test_what_was_written_is_had_again(
    aurora: Aurora, make_aurora: Callable[..., Aurora], client: Client
) -> None:
    beside = make_aurora(region=ELSEWHERE)
    tags = [{"Key": "kept", "Value": "yes"}]
    cluster = aurora.made(1, **OWN_PASSWORD, StorageEncrypted=True, CopyTagsToSnapshot=True, Tags=tags)
    aurora.wait_until(lambda: "EarliestRestorableTime" in aurora.cluster())
    with aurora.connect(cluster["Endpoint"]) as writer:
        writer.execute("CREATE TABLE seen (name text, at timestamptz DEFAULT clock_timestamp())")
        writer.execute("INSERT INTO seen VALUES ('first')")
        time.sleep(0.1)
        moment = datetime.datetime.now(tz=datetime.UTC)
        time.sleep(0.1)
        writer.execute("INSERT INTO seen VALUES ('second')")

    # To a point in time: what came after it is not there.
    back = {"SourceDBClusterIdentifier": "notes", "DBSubnetGroupName": "notes"}
    restore = aurora.rds.restore_db_cluster_to_point_in_time
    past = moment - datetime.timedelta(days=2)
    assert refusal(restore, DBClusterIdentifier="back", **back) == "InvalidParameterCombination"
    assert refusal(restore, DBClusterIdentifier="back", RestoreToTime=past, **back) == "InvalidParameterValue"
    restore(DBClusterIdentifier="back", RestoreToTime=moment, **back)
    restore(DBClusterIdentifier="latest", UseLatestRestorableTime=True, **back)
    assert rows(aurora, restored(aurora, "back")["Endpoint"]) == ["first"]
    assert rows(aurora, restored(aurora, "latest")["Endpoint"]) == ["first", "second"]

    # A snapshot, and its copy in another region with a key of that region.
    made = aurora.rds.create_db_cluster_snapshot(
        DBClusterIdentifier="notes", DBClusterSnapshotIdentifier="kept"
    )["DBClusterSnapshot"]
    assert (made["Status"], made["TagList"]) == ("creating", tags)
    assert aurora.cluster()["Status"] == "backing-up"
    arn = made["DBClusterSnapshotArn"]
    key = client("kms", ELSEWHERE).create_key()["KeyMetadata"]["Arn"]
    copied = {"SourceDBClusterSnapshotIdentifier": arn, "TargetDBClusterSnapshotIdentifier": "kept"}
    copy = beside.rds.copy_db_cluster_snapshot
    assert refusal(copy, KmsKeyId=key, **copied) == "InvalidDBClusterSnapshotStateFault"
    aurora.wait_until(lambda: snapshot(aurora)["Status"] == "available")
    assert refusal(copy, **copied) == "InvalidParameterValue"
    here = client("kms").create_key()["KeyMetadata"]["Arn"]
    assert refusal(copy, KmsKeyId=here, **copied) == "KMSKeyNotAccessibleFault"
    copy(KmsKeyId=key, CopyTags=True, **copied)
    beside.wait_until(lambda: snapshot(beside)["Status"] == "available")
    there = snapshot(beside)
    assert (there["KmsKeyId"], there["SourceDBClusterSnapshotArn"], there["TagList"]) == (key, arn, tags)

    # The source goes, with a final snapshot; the copy is restored all the same.
    aurora.rds.delete_db_instance(DBInstanceIdentifier="notes-1")
    aurora.rds.delete_db_cluster(DBClusterIdentifier="notes", FinalDBSnapshotIdentifier="last")
    aurora.wait_until(lambda: "notes" not in names(aurora))
    assert snapshot(aurora, "last")["Status"] == "available"
    aurora.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="kept")
    assert refusal(snapshot, aurora=aurora, name="kept") == "DBClusterSnapshotNotFoundFault"
    again = {"Engine": "aurora-postgresql", "DBSubnetGroupName": "notes", "DBClusterIdentifier": "notes"}
    beside.rds.restore_db_cluster_from_snapshot(SnapshotIdentifier="kept", KmsKeyId=key, **again)
    aurora.rds.restore_db_cluster_from_snapshot(SnapshotIdentifier="last", **again)
    assert rows(beside, restored(beside, "notes")["Endpoint"]) == ["first", "second"]
    assert rows(aurora, restored(aurora, "notes")["Endpoint"]) == ["first", "second"]


def names(aurora: Aurora) -> list[str]:
    return [each["DBClusterIdentifier"] for each in aurora.rds.describe_db_clusters()["DBClusters"]]


def snapshot(aurora: Aurora, name: str = "kept") -> dict[str, Any]:
    found = aurora.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)
    return dict(found["DBClusterSnapshots"][0])


def test_a_snapshot_is_refused(aurora: Aurora) -> None:
    create = aurora.rds.create_db_cluster_snapshot
    aurora.create_cluster()
    given = {"DBClusterIdentifier": "notes", "DBClusterSnapshotIdentifier": "taken"}
    assert refusal(create, **given) == "InvalidDBClusterStateFault"
    aurora.wait()
    create(**given)
    aurora.wait()
    new = given | {"DBClusterSnapshotIdentifier": "new"}
    assert refusal(create, **new | {"DBClusterSnapshotIdentifier": "rds:kept"}) == "InvalidParameterValue"
    assert refusal(create, **given) == "DBClusterSnapshotAlreadyExistsFault"
    assert refusal(create, **new | {"DBClusterIdentifier": "none"}) == "DBClusterNotFoundFault"


def test_snapshots_are_listed_and_a_restored_cluster_is_new(aurora: Aurora) -> None:
    """Of a cluster that never had an instance: there are no data, and no server is started."""
    aurora.create_cluster(BackupRetentionPeriod=7)
    aurora.wait()
    aurora.rds.create_db_cluster_snapshot(DBClusterIdentifier="notes", DBClusterSnapshotIdentifier="kept")
    aurora.wait(300)
    listed = aurora.rds.describe_db_cluster_snapshots(DBClusterIdentifier="notes", SnapshotType="manual")
    assert [each["DBClusterSnapshotIdentifier"] for each in listed["DBClusterSnapshots"]] == ["kept"]
    assert aurora.rds.describe_db_cluster_snapshots(DBClusterIdentifier="other")["DBClusterSnapshots"] == []
    again = {"Engine": "aurora-postgresql", "SnapshotIdentifier": "kept", "DBSubnetGroupName": "notes"}
    restore = aurora.rds.restore_db_cluster_from_snapshot
    assert refusal(restore, DBClusterIdentifier="notes", **again) == "DBClusterAlreadyExistsFault"
    made = restore(DBClusterIdentifier="other", **again)["DBCluster"]
    assert made["DBClusterArn"] == f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:other"
    assert (made["MasterUsername"], made["DatabaseName"]) == ("notejam", "notejam")
    assert (made["BackupRetentionPeriod"], made["DBClusterParameterGroup"]) == (
        7,
        "default.aurora-postgresql17",
    )
    assert "MasterUserSecret" not in made
