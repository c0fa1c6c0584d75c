"""Clusters that begin with the data of a snapshot, or of a cluster as it was at a moment.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html,
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterToPointInTime.html
"""

import datetime
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds.checks import contradiction, invalid
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.records import Record, Records
from sandbox.aws.rds.snapshots import Snapshots
from sandbox.aws.rds.versions import ENGINE, check_upgrade, checked_version

# What a restored cluster has of its source unless the request says otherwise. Its security groups, parameter
# groups and log exports are the defaults:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-restore-snapshot.html
TAKEN_OVER = ("BackupRetentionPeriod", "KmsKeyId", "Port", "PreferredBackupWindow", "StorageType")


class Restores:
    def __init__(
        self, records: Records, clusters: Clusters, snapshots: Snapshots, times: CreationTimes
    ) -> None:
        self._records = records
        self._clusters = clusters
        self._snapshots = snapshots
        self._times = times

    def handlers(self) -> dict[str, Handler]:
        return {
            "RestoreDBClusterFromSnapshot": self.from_snapshot,
            "RestoreDBClusterToPointInTime": self.to_point_in_time,
        }

    def from_snapshot(self, call: Call) -> Result:
        asked = call.parameters
        self._clusters.check_new(call)
        if asked["Engine"] != ENGINE:
            raise contradiction(f"The snapshot is of {ENGINE}, not of {asked['Engine']}.")
        snapshot = self._snapshots.existing(call, asked["SnapshotIdentifier"])
        if snapshot.status != "available":
            raise AWSError(
                "InvalidDBClusterSnapshotStateFault",
                f"The snapshot {snapshot.identifier} is {snapshot.status}.",
            )
        version = checked_version(asked.get("EngineVersion") or snapshot.answer["EngineVersion"])
        check_upgrade(snapshot.answer["EngineVersion"], version, major_allowed=True)
        record = self._restored(call, snapshot.answer, version)
        record.answer["DatabaseName"] = snapshot.state["settings"]["DatabaseName"]
        record.state["initialized"] = not snapshot.state["empty"]
        record.state["restore"] = None if snapshot.state["empty"] else {"snapshot": snapshot.identifier}
        self._clusters.add(record, "rds-cluster-restore")
        return {"DBCluster": self._clusters.completed(record)}

    def to_point_in_time(self, call: Call) -> Result:
        asked = call.parameters
        self._clusters.check_new(call)
        if asked.get("RestoreType", "full-copy") != "full-copy":
            raise NotImplementedByEmulator("rds", "RestoreDBClusterToPointInTime as a clone")
        if not asked.get("SourceDBClusterIdentifier"):
            raise contradiction("SourceDBClusterIdentifier is needed.")
        source = self._clusters.existing(call, asked["SourceDBClusterIdentifier"])
        record = self._restored(call, source.answer, source.answer["EngineVersion"])
        record.answer["DatabaseName"] = source.answer["DatabaseName"]
        record.state["initialized"] = True
        record.state["restore"] = {
            "cluster": source.identifier,
            "moment": self._moment(source, asked),
            "segment": None,  # the last of the log that belongs to it
        }
        self._clusters.add(record, "rds-cluster-restore")
        return {"DBCluster": self._clusters.completed(record)}

    def _moment(self, source: Record, asked: dict[str, Any]) -> float | None:
        """The moment asked for; None is the latest. Raises AWSError for one that cannot be had."""
        given, latest = asked.get("RestoreToTime"), asked.get("UseLatestRestorableTime")
        if bool(given) == bool(latest):
            raise contradiction("Specify either RestoreToTime or UseLatestRestorableTime, and not both.")
        earliest = source.state["based_at"]
        if earliest is None:
            raise AWSError(
                "InvalidDBClusterStateFault", f"{source.identifier} has no backup to restore from yet."
            )
        if latest:
            return None
        moment = _seconds(given)
        if not earliest <= moment <= clock.now():
            raise invalid(
                f"The specified time {given} is not between the earliest and the latest restorable time of "
                f"{source.identifier}."
            )
        return moment

    def _restored(self, call: Call, source: dict[str, Any], version: str) -> Record:
        """The new cluster, not yet kept: as the request says, else as its source."""
        asked = call.parameters
        for name in TAKEN_OVER:
            if asked.get(name) is None and source.get(name) is not None:
                asked[name] = source[name]
        encrypted = bool(asked.get("KmsKeyId"))
        settings = self._clusters.settings(call, version, encrypted=encrypted)
        return self._clusters.record(call, settings | {"MasterUsername": source["MasterUsername"]})


def _seconds(moment: Any) -> float:
    """A time of a request in seconds since the epoch."""
    if isinstance(moment, datetime.datetime):
        aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return aware.timestamp()
    return datetime.datetime.fromisoformat(str(moment)).timestamp()
