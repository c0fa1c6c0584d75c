"""DB cluster snapshots: of a cluster's data, kept until they are deleted, and copied within and over regions.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBClusterSnapshot.html
"""

from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.checks import IDENTIFIER, contradiction, invalid, key_arn
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.pages import page
from sandbox.aws.rds.records import SNAPSHOT, Record, Records, tag_list, told
from sandbox.aws.rds.versions import ENGINE

LONGEST_NAME = 255
MOST_MANUAL = 100  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
# What a snapshot tells of its cluster.
OF_CLUSTER = (
    "AllocatedStorage",
    "AvailabilityZones",
    "BackupRetentionPeriod",
    "ClusterCreateTime",
    "DBClusterIdentifier",
    "DbClusterResourceId",
    "EngineMode",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "KmsKeyId",
    "MasterUsername",
    "Port",
    "PreferredBackupWindow",
    "StorageEncrypted",
    "StorageType",
)
FILTERS = ("db-cluster-id", "db-cluster-snapshot-id", "snapshot-type", "engine")
TYPES = ("automated", "manual", "awsbackup", "shared", "public")


class Snapshots:
    """The operations on DB cluster snapshots."""

    def __init__(self, records: Records, clusters: Clusters, times: CreationTimes) -> None:
        self._records = records
        self._clusters = clusters
        self._times = times

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateDBClusterSnapshot": self.create,
            "CopyDBClusterSnapshot": self.copy,
            "DescribeDBClusterSnapshots": self.describe,
            "DescribeDBClusterSnapshotAttributes": self.describe_attributes,
            "DeleteDBClusterSnapshot": self.delete,
        }

    def create(self, call: Call) -> Result:
        asked = call.parameters
        name = self._new_name(call, asked["DBClusterSnapshotIdentifier"])
        cluster = self._clusters.available(call, asked["DBClusterIdentifier"])
        record = self.of_cluster(cluster, name, tag_list(asked), self._vpc(call, cluster))
        record.done_at = self._times.done_at("rds-cluster-snapshot")
        cluster.status, cluster.done_at = "backing-up", record.done_at
        with self._records.transaction():
            self._records.save(cluster)
            self._records.save(record)
        return {"DBClusterSnapshot": self._told(record)}

    @staticmethod
    def of_cluster(cluster: Record, name: str, tags: list[dict[str, str]], vpc: str | None) -> Record:
        """A snapshot that is being made of the cluster, not yet kept.

        It has the cluster's tags, too, where the cluster says so:
        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Tagging.html
        """
        record = Record(SNAPSHOT, cluster.account, cluster.region, name, "creating", 0)
        own = {tag["Key"] for tag in tags}
        copied = cluster.answer["TagList"] if cluster.answer["CopyTagsToSnapshot"] else []
        record.answer = {
            **{member: cluster.answer.get(member) for member in OF_CLUSTER},
            "DBClusterSnapshotIdentifier": name,
            "DBClusterSnapshotArn": record.arn,
            "Engine": ENGINE,
            "LicenseModel": "postgresql-license",
            "SnapshotType": "manual",
            "SnapshotCreateTime": clock.now(),
            "VpcId": vpc,
            "TagList": [tag for tag in copied if tag["Key"] not in own] + tags,
        }
        record.state = {
            "cluster": cluster.identifier,
            "source": None,  # the snapshot that this one is a copy of, as "region/name"
            "taken": False,  # whether its data are there
            "empty": not cluster.state["initialized"],  # of a cluster that never had an instance
            # The rest that a cluster restored from it has unless the request says otherwise.
            "settings": {
                name: cluster.answer[name]
                for name in ("DatabaseName", "DBSubnetGroup", "DBClusterParameterGroup")
            },
        }
        return record

    def copy(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html"""
        asked = call.parameters
        source = self._source(call, asked["SourceDBClusterSnapshotIdentifier"])
        name = self._new_name(call, asked["TargetDBClusterSnapshotIdentifier"])
        key = asked.get("KmsKeyId")
        encrypted = source.answer["StorageEncrypted"]
        if encrypted and source.region != call.region and not key:
            raise invalid(
                "KmsKeyId is needed to copy an encrypted snapshot to another region, whose key it must be."
            )
        if key and not encrypted:
            raise contradiction("A snapshot that is not encrypted cannot be encrypted when it is copied.")
        tags = tag_list(asked)
        if asked.get("CopyTags"):
            own = {tag["Key"] for tag in tags}
            tags = [tag for tag in source.answer["TagList"] if tag["Key"] not in own] + tags
        record = Record(SNAPSHOT, call.account, call.region, name, "copying", 0)
        record.answer = {
            **source.answer,
            "DBClusterSnapshotIdentifier": name,
            "DBClusterSnapshotArn": record.arn,
            "SourceDBClusterSnapshotArn": source.arn,
            "SnapshotType": "manual",
            "KmsKeyId": key_arn(call, key) if key else source.answer["KmsKeyId"],
            "VpcId": source.answer["VpcId"] if source.region == call.region else None,
            "TagList": tags,
        }
        record.state = {**source.state, "source": f"{source.region}/{source.identifier}", "taken": False}
        record.done_at = self._times.done_at("rds-cluster-snapshot-copy")
        self._records.save(record)
        return {"DBClusterSnapshot": self._told(record)}

    def describe(self, call: Call) -> Result:
        asked = call.parameters
        kind = asked.get("SnapshotType")
        if kind not in (None, *TYPES):
            raise invalid(f"Invalid snapshot type: {kind}")
        if name := asked.get("DBClusterSnapshotIdentifier"):
            return {"DBClusterSnapshots": [self._told(self.existing(call, name))]}
        cluster = (asked.get("DBClusterIdentifier") or "").lower().rpartition(":")[2]
        found = [
            self._told(record)
            for record in self._records.of_region(SNAPSHOT, call.account, call.region)
            if cluster in ("", record.state["cluster"])
            and kind in (None, record.answer["SnapshotType"])
            and _matches(record, asked.get("Filters") or [])
        ]
        return page(found, asked, "DBClusterSnapshots")

    def describe_attributes(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterSnapshotAttributes.html"""
        record = self.existing(call, call.parameters["DBClusterSnapshotIdentifier"])
        shared = {"AttributeName": "restore", "AttributeValues": []}
        return {
            "DBClusterSnapshotAttributesResult": {
                "DBClusterSnapshotIdentifier": record.identifier,
                "DBClusterSnapshotAttributes": [shared],
            }
        }

    def delete(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBClusterSnapshot.html"""
        record = self.existing(call, call.parameters["DBClusterSnapshotIdentifier"])
        if record.status != "available":
            raise AWSError(
                "InvalidDBClusterSnapshotStateFault",
                f"Cannot delete the snapshot {record.identifier}, it is {record.status}.",
            )
        answer = self._told(record) | {"Status": "deleted"}
        record.status = "deleting"  # nobody sees it any more; the bridge removes the data
        self._records.save(record)
        return {"DBClusterSnapshot": answer}

    def existing(self, call: Call, identifier: str) -> Record:
        """The snapshot of the call's region, by its name or its ARN. Raises AWSError."""
        name = identifier.split(":", 6)[-1] if identifier.startswith("arn:") else identifier
        record = self._records.get(SNAPSHOT, call.account, call.region, name)
        elsewhere = identifier.startswith("arn:") and record is not None and record.arn != identifier
        if record is None or elsewhere or record.status == "deleting":
            raise _missing(identifier)
        return record

    def _source(self, call: Call, identifier: str) -> Record:
        """The snapshot to copy, which may be of another region when it is given by its ARN."""
        found = (
            self._records.by_arn(identifier)
            if identifier.startswith("arn:")
            else self.existing(call, identifier)
        )
        if found is None or found.kind != SNAPSHOT or found.account != call.account:
            raise _missing(identifier)
        if found.status != "available":
            raise AWSError(
                "InvalidDBClusterSnapshotStateFault",
                f"Cannot copy the snapshot {identifier} because it is not in available state.",
            )
        return found

    def _new_name(self, call: Call, name: str) -> str:
        if not IDENTIFIER.fullmatch(name) or len(name) > LONGEST_NAME:
            raise invalid(
                f"The parameter DBClusterSnapshotIdentifier is not a valid identifier: {name}. It begins "
                "with a letter and has only letters, digits, and single hyphens."
            )
        if self._records.get(SNAPSHOT, call.account, call.region, name):
            raise AWSError(
                "DBClusterSnapshotAlreadyExistsFault",
                f"Cannot create the snapshot because a snapshot with the identifier {name.lower()} already "
                "exists.",
            )
        if len(self._records.of_region(SNAPSHOT, call.account, call.region)) >= MOST_MANUAL:
            raise AWSError("SnapshotQuotaExceeded", f"There are {MOST_MANUAL} manual snapshots already.")
        return name.lower()

    @staticmethod
    def _vpc(call: Call, cluster: Record) -> str | None:
        groups = call.client("rds").describe_db_subnet_groups(
            DBSubnetGroupName=cluster.answer["DBSubnetGroup"]
        )
        return str(groups["DBSubnetGroups"][0]["VpcId"])

    @staticmethod
    def _told(record: Record) -> dict[str, Any]:
        done = record.status == "available"
        return told(record.answer | {"Status": record.status, "PercentProgress": 100 if done else 0})


def _missing(identifier: str) -> AWSError:
    return AWSError("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {identifier} not found.")


def _matches(record: Record, filters: list[dict[str, Any]]) -> bool:
    for each in filters:
        if each["Name"] not in FILTERS:
            raise invalid(f"Unrecognized filter name: {each['Name']}")
        values = {
            "db-cluster-id": {record.state["cluster"]},
            "db-cluster-snapshot-id": {record.identifier, record.arn},
            "snapshot-type": {record.answer["SnapshotType"]},
            "engine": {ENGINE},
        }[each["Name"]]
        if not values & set(each["Values"]):
            return False
    return True
