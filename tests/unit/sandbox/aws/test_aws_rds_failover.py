"""Failover within a cluster, by hand and by the deletion of its writer: the endpoints follow the writer."""

from typing import Any

import psycopg
import pytest

from tests.unit.sandbox.aws.databases import OWN_PASSWORD, PASSWORD, Aurora, refusal


def writers(aurora: Aurora) -> list[str]:
    members = aurora.cluster()["DBClusterMembers"]
    return [each["DBInstanceIdentifier"] for each in members if each["IsClusterWriter"]]


def rows(aurora: Aurora, host: str) -> list[Any]:
    with aurora.connect(host) as session:
        found: list[Any] = session.execute("SELECT name FROM seen ORDER BY name").fetchall()
    return [name for (name,) in found]


def test_a_reader_takes_over_and_the_endpoints_follow(aurora: Aurora) -> None:
    cluster = aurora.made(1, **OWN_PASSWORD)
    with aurora.connect(cluster["Endpoint"]) as writer:
        writer.execute("CREATE TABLE seen AS SELECT 'before' AS name")
    # Of an only instance, the reader endpoint is an address, too.
    assert rows(aurora, cluster["ReaderEndpoint"]) == ["before"]
    assert refusal(aurora.rds.failover_db_cluster, DBClusterIdentifier="notes") == (
        "InvalidDBClusterStateFault"
    )
    aurora.create_instance(2)
    aurora.wait_until_available()
    addresses = {number: aurora.instance(number)["Endpoint"]["Address"] for number in (1, 2)}
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        aurora.connect(cluster["ReaderEndpoint"]) as reader,
    ):
        reader.execute("DROP TABLE seen")

    assert (
        aurora.rds.failover_db_cluster(DBClusterIdentifier="notes")["DBCluster"]["Status"] == "failing-over"
    )
    aurora.wait_until(lambda: aurora.cluster()["Status"] == "available")
    assert writers(aurora) == ["notes-2"]
    assert {number: aurora.instance(number)["Endpoint"]["Address"] for number in (1, 2)} == addresses
    assert aurora.cluster()["Endpoint"] == cluster["Endpoint"]
    with aurora.connect(cluster["Endpoint"]) as writer:
        writer.execute("INSERT INTO seen VALUES ('between')")

    def old_writer_reads() -> bool:
        try:
            return rows(aurora, addresses[1]) == ["before", "between"]
        except psycopg.OperationalError:
            return False

    aurora.wait_until(old_writer_reads)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), aurora.connect(addresses[1]) as reader:
        reader.execute("DROP TABLE seen")

    aurora.rds.delete_db_instance(DBInstanceIdentifier="notes-2")
    aurora.wait_until(
        lambda: [each["DBInstanceIdentifier"] for each in aurora.cluster()["DBClusterMembers"]] == ["notes-1"]
    )
    assert writers(aurora) == ["notes-1"]
    with aurora.connect(cluster["Endpoint"], password=PASSWORD) as writer:
        writer.execute("INSERT INTO seen VALUES ('later')")
    # Aurora's storage is the cluster's: it outlives its last instance.
    aurora.rds.delete_db_instance(DBInstanceIdentifier="notes-1")
    aurora.wait_until(lambda: not aurora.cluster()["DBClusterMembers"])
    aurora.create_instance(3)
    aurora.wait_until_available()
    assert rows(aurora, cluster["Endpoint"]) == ["before", "between", "later"]
