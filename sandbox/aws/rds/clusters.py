"""Aurora DB clusters: created, described, deleted, stopped and started.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
"""

import uuid
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds import checks, passwords
from sandbox.aws.rds.checks import checked_identifier, contradiction, invalid
from sandbox.aws.rds.cluster_defaults import default_group, windows, zones
from sandbox.aws.rds.pages import page
from sandbox.aws.rds.parameter_groups import ParameterGroups
from sandbox.aws.rds.parameters import family_of
from sandbox.aws.rds.records import CLUSTER, GLOBAL, SNAPSHOT, Record, Records, tag_list, told
from sandbox.aws.rds.versions import ENGINE, checked_version
from sandbox.settings import Settings

# Members of a request that the cluster is described with, with AWS's defaults.
KEPT: dict[str, Any] = {
    "AutoMinorVersionUpgrade": True,
    "BackupRetentionPeriod": 1,
    "CopyTagsToSnapshot": False,
    "DatabaseInsightsMode": "standard",
    "DeletionProtection": False,
    "MonitoringInterval": None,
    "MonitoringRoleArn": None,
    "NetworkType": "IPV4",
    "PerformanceInsightsKMSKeyId": None,
    "PerformanceInsightsRetentionPeriod": None,
    "PreferredBackupWindow": None,
    "PreferredMaintenanceWindow": None,
    "ServerlessV2ScalingConfiguration": None,
    "StorageType": "aurora",
}
FILTERS = ("db-cluster-id", "engine", "clone-group-id", "db-cluster-resource-id", "domain")
BUSY = "DB cluster {} is not available: {}"


class Clusters:
    """The operations on DB clusters."""

    def __init__(
        self, records: Records, groups: ParameterGroups, times: CreationTimes, settings: Settings
    ) -> None:
        self._records = records
        self._groups = groups
        self._times = times
        self._settings = settings

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateDBCluster": self.create,
            "DescribeDBClusters": self.describe,
            "DeleteDBCluster": self.delete,
            "StopDBCluster": self.stop,
            "StartDBCluster": self.start,
            "FailoverDBCluster": self.failover,
        }

    def create(self, call: Call) -> Result:
        asked = call.parameters
        self.check_new(call)
        if asked["Engine"] != ENGINE:
            raise NotImplementedByEmulator("rds", f"CreateDBCluster of the engine {asked['Engine']}")
        member = self._global(call)
        if not member or not member["secondary"]:
            checks.check_master(asked)
        version = checked_version(asked.get("EngineVersion") or (member or {}).get("version"))
        if member and member["version"] != version:
            raise contradiction(f"The global cluster has version {member['version']}, not {version}.")
        settings = self.settings(call, version, encrypted=asked.get("StorageEncrypted", False))
        record = self.record(
            call,
            settings
            | {"DatabaseName": asked.get("DatabaseName"), "MasterUsername": asked.get("MasterUsername")},
        )
        if member:
            self._join(record, member)
        elif asked.get("ManageMasterUserPassword"):
            password = passwords.new_password()
            passwords.create_secret(call, record, asked.get("MasterUserSecretKmsKeyId"), password)
            record.state["pending_password"] = password
        if not record.state["pending_password"] and not record.state["replicates"]:
            record.state["pending_password"] = asked["MasterUserPassword"]
        self.add(record, "rds-cluster")
        return {"DBCluster": self.completed(record)}

    def check_new(self, call: Call) -> None:
        """What a cluster that is made or restored must not be. Raises AWSError."""
        identifier = checked_identifier("DBClusterIdentifier", call.parameters["DBClusterIdentifier"])
        if self._records.get(CLUSTER, call.account, call.region, identifier):
            raise AWSError("DBClusterAlreadyExistsFault", "DB Cluster already exists")

    def settings(self, call: Call, version: str, *, encrypted: bool) -> dict[str, Any]:
        """The answer's members that a request to create or restore sets. Raises AWSError."""
        asked = call.parameters
        checks.check_settings(asked)
        checks.check_references(call, asked)
        group = checks.subnet_group(call, asked.get("DBSubnetGroupName", "default"))
        parameter_group = asked.get("DBClusterParameterGroupName", f"default.{family_of(version)}")
        kept = {name: asked.get(name, default) for name, default in KEPT.items()}
        kept |= windows(kept["PreferredBackupWindow"], kept["PreferredMaintenanceWindow"])
        if asked.get("KmsKeyId") and not encrypted:
            raise contradiction("KmsKeyId needs StorageEncrypted.")
        key = checks.key_arn(call, asked.get("KmsKeyId") or "alias/aws/rds") if encrypted else None
        return {
            **kept,
            "DBSubnetGroup": group["DBSubnetGroupName"],
            "AvailabilityZones": asked.get("AvailabilityZones") or zones(group),
            "DBClusterParameterGroup": self._groups.check(call, parameter_group, version),
            "EngineVersion": version,
            "StorageEncrypted": encrypted,
            "KmsKeyId": key,
            "IAMDatabaseAuthenticationEnabled": asked.get("EnableIAMDatabaseAuthentication", False),
            "EnabledCloudwatchLogsExports": sorted(asked.get("EnableCloudwatchLogsExports") or []),
            "PerformanceInsightsEnabled": asked.get("EnablePerformanceInsights"),
            "VpcSecurityGroups": [
                {"VpcSecurityGroupId": each, "Status": "active"}
                for each in asked.get("VpcSecurityGroupIds") or default_group(call, group["VpcId"])
            ],
            "TagList": tag_list(asked),
            "Port": asked.get("Port", 5432),
        }

    def record(self, call: Call, settings: dict[str, Any]) -> Record:
        """A new cluster, not yet kept."""
        identifier = call.parameters["DBClusterIdentifier"].lower()
        record = Record(CLUSTER, call.account, call.region, identifier, "creating", 0)
        record.answer = {
            **settings,
            "DBClusterIdentifier": identifier,
            "DBClusterArn": record.arn,
            "DbClusterResourceId": f"cluster-{uuid.uuid4().hex[:26].upper()}",
            "ClusterCreateTime": clock.now(),
            "Engine": ENGINE,
            "EngineMode": "provisioned",
            "HostedZoneId": "Z29XKXDKYMONMX",
            "HttpEndpointEnabled": False,
            "CrossAccountClone": False,
            "AssociatedRoles": [],
            "AllocatedStorage": 1,
        }
        record.state = {
            "parameter_group": settings["DBClusterParameterGroup"],
            "pending_password": None,
            "deletion": None,
            "global": None,
            "replicates": None,  # "region/identifier" of the primary cluster that this one streams from
            "restore": None,
            "failover": None,
            "initialized": False,  # whether there are data, which nothing may begin anew
            "based_at": None,  # when the base of its point-in-time recovery was taken
        }
        return record

    def add(self, record: Record, kind: str) -> None:
        """Keep a new cluster, which is made in the time of `kind`. Raises AWSError."""
        with self._records.transaction():
            record.state["hosts"] = self._records.free_hosts(2)
            record.done_at = self._times.done_at(kind)
            self._records.save(record)

    def describe(self, call: Call) -> Result:
        asked = call.parameters
        if identifier := asked.get("DBClusterIdentifier"):
            return {"DBClusters": [self.completed(self.existing(call, identifier))]}
        found = [
            self.completed(record)
            for record in self._records.of_region(CLUSTER, call.account, call.region)
            if _matches(record, asked.get("Filters") or [])
        ]
        return page(found, asked, "DBClusters")

    def delete(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html"""
        asked = call.parameters
        record = self.existing(call, asked["DBClusterIdentifier"])
        if record.answer["DeletionProtection"]:
            raise contradiction(
                "Cannot delete protected Cluster, please disable deletion protection and try again."
            )
        snapshot = asked.get("FinalDBSnapshotIdentifier")
        if bool(snapshot) == bool(asked.get("SkipFinalSnapshot", False)):
            raise contradiction(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and only then."
            )
        if record.status == "deleting":
            raise AWSError("InvalidDBClusterStateFault", f"DB cluster {record.identifier} is being deleted.")
        if record.state["global"]:
            raise AWSError(
                "InvalidDBClusterStateFault",
                "This cluster is a part of a global cluster, please remove it from globalcluster first",
            )
        if any(instance.status != "deleting" for instance in self._records.instances(record)):
            raise AWSError(
                "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            )
        if snapshot:
            snapshot = checked_identifier("FinalDBSnapshotIdentifier", snapshot)
            if self._records.get(SNAPSHOT, call.account, call.region, snapshot):
                raise AWSError(
                    "DBClusterSnapshotAlreadyExistsFault",
                    f"Cannot create the snapshot because a snapshot with the identifier {snapshot} already "
                    "exists.",
                )
        record.status, record.done_at = "deleting", self._times.done_at("rds-cluster-delete")
        group = checks.subnet_group(call, record.answer["DBSubnetGroup"])
        record.state["deletion"] = {"snapshot": snapshot, "vpc": group["VpcId"]}
        self._records.save(record)
        return {"DBCluster": self.completed(record)}

    def stop(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html"""
        record = self.available(call, call.parameters["DBClusterIdentifier"])
        if record.state["global"]:
            raise AWSError("InvalidDBClusterStateFault", "A cluster of a global database cannot be stopped.")
        return self._change(record, "stopping", "rds-cluster-stop")

    def start(self, call: Call) -> Result:
        record = self.existing(call, call.parameters["DBClusterIdentifier"])
        if record.status != "stopped":
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"DbCluster {record.identifier} is in {record.status} state but expected it to be one of "
                "stopped,inaccessible-encryption-credentials-recoverable.",
            )
        return self._change(record, "starting", "rds-cluster-start")

    def failover(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html"""
        record = self.available(call, call.parameters["DBClusterIdentifier"])
        if record.state["replicates"]:
            raise AWSError(
                "InvalidDBClusterStateFault", "A secondary cluster of a global database has no writer."
            )
        readers = [
            each
            for each in self._records.instances(record)
            if not each.state["writer"] and each.status == "available"
        ]
        if not readers:
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"There are no available readers of {record.identifier} to fail over to.",
            )
        wanted = (call.parameters.get("TargetDBInstanceIdentifier") or readers[0].identifier).lower()
        if wanted not in [each.identifier for each in readers]:
            raise AWSError(
                "InvalidDBInstanceState", f"{wanted} is no available reader of {record.identifier}."
            )
        record.state["failover"] = {"target": wanted, "stopped": False}
        return self._change(record, "failing-over", "rds-cluster-failover")

    def _change(self, record: Record, status: str, kind: str) -> Result:
        record.status, record.done_at = status, self._times.done_at(kind)
        self._records.save(record)
        return {"DBCluster": self.completed(record)}

    def existing(self, call: Call, identifier: str) -> Record:
        """The cluster, by its identifier or its ARN. Raises AWSError."""
        name = identifier.rpartition(":")[2] if identifier.startswith("arn:") else identifier
        record = self._records.get(CLUSTER, call.account, call.region, name)
        if record is None or (identifier.startswith("arn:") and record.arn != identifier):
            raise AWSError("DBClusterNotFoundFault", f"DBCluster {identifier} not found.")
        return record

    def available(self, call: Call, identifier: str) -> Record:
        """The cluster, which nothing else is done to. Raises AWSError."""
        record = self.existing(call, identifier)
        if record.status != "available":
            raise AWSError("InvalidDBClusterStateFault", BUSY.format(record.identifier, record.status))
        return record

    def completed(self, record: Record) -> dict[str, Any]:
        """AWS's answer, with what is the sandbox's own."""
        cluster, reader = record.state["hosts"]
        instances = self._records.instances(record)
        members = [
            {
                "DBInstanceIdentifier": instance.identifier,
                "IsClusterWriter": instance.state["writer"] and not record.state["replicates"],
                "DBClusterParameterGroupStatus": instance.state["cluster_group_status"],
                "PromotionTier": instance.state["promotion_tier"],
            }
            for instance in instances
        ]
        restorable = {}
        if based_at := record.state["based_at"]:
            latest = self._times.before(clock.now(), "rds-restorable")
            restorable = {
                "EarliestRestorableTime": based_at,
                "LatestRestorableTime": max(based_at, latest),
            }
        return told(
            {
                **record.answer,
                **restorable,
                "Status": record.status,
                "Endpoint": self._settings.address(cluster),
                "ReaderEndpoint": self._settings.address(reader),
                "DBClusterMembers": members,
                "MultiAZ": len({each.answer["AvailabilityZone"] for each in instances}) > 1,
            }
        )

    def _global(self, call: Call) -> dict[str, Any] | None:
        """What the global cluster that the request names says of its new member. Raises AWSError."""
        asked = call.parameters
        name = asked.get("GlobalClusterIdentifier")
        if not name:
            return None
        found = self._records.get(GLOBAL, call.account, "", name)
        if found is None:
            raise AWSError("GlobalClusterNotFoundFault", f"Global cluster {name} not found.")
        members = found.state["members"]
        if asked.get("ManageMasterUserPassword"):
            raise contradiction(
                "ManageMasterUserPassword isn't supported for DB clusters that are part of a global database."
            )
        if members and (asked.get("MasterUsername") or asked.get("MasterUserPassword")):
            raise contradiction(
                "Cannot specify user name and password for a secondary cluster of a global database."
            )
        if any(member.startswith(f"{call.region}/") for member in members):
            raise AWSError(
                "InvalidGlobalClusterStateFault",
                f"The global cluster {name} has a cluster in {call.region}.",
            )
        if members and found.status != "available":
            raise AWSError("InvalidGlobalClusterStateFault", f"The global cluster {name} is {found.status}.")
        return {
            "name": found.identifier,
            "secondary": bool(members),
            "version": found.answer["EngineVersion"],
            "primary": found.state["primary"],
        }

    def _join(self, record: Record, member: dict[str, Any]) -> None:
        """Make the new cluster the global cluster's."""
        name = f"{record.region}/{record.identifier}"
        with self._records.transaction():
            found = self._records.get(GLOBAL, record.account, "", member["name"])
            if found is None:
                raise AWSError("GlobalClusterNotFoundFault", f"Global cluster {member['name']} not found.")
            found.state["members"].append(name)
            if not member["secondary"]:
                found.state["primary"] = name
            self._records.save(found)
        record.state["global"] = member["name"]
        if member["secondary"]:
            region, _, identifier = member["primary"].partition("/")
            primary = self._records.get(CLUSTER, record.account, region, identifier)
            record.state["replicates"] = member["primary"]
            record.state["initialized"] = True
            if primary:
                for member_name in ("MasterUsername", "DatabaseName"):
                    record.answer[member_name] = primary.answer.get(member_name)


def _matches(record: Record, filters: list[dict[str, Any]]) -> bool:
    """Whether the record is what the filters ask for. Raises AWSError for a filter that RDS has not."""
    for each in filters:
        if each["Name"] not in FILTERS:
            raise invalid(f"Unrecognized filter name: {each['Name']}")
        values = {
            "db-cluster-id": {record.identifier, record.arn},
            "engine": {ENGINE},
            "db-cluster-resource-id": {record.answer["DbClusterResourceId"]},
        }.get(each["Name"], set())
        if not values & set(each["Values"]):
            return False
    return True
