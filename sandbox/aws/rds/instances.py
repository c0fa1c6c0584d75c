"""Aurora's DB instances: the first of a cluster is its writer, the others read.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
"""

import uuid
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds import checks
from sandbox.aws.rds.checks import checked_identifier, contradiction, invalid
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.maintenance import take_pending, wait_for_window
from sandbox.aws.rds.pages import page
from sandbox.aws.rds.parameter_groups import ParameterGroups
from sandbox.aws.rds.parameters import family_of
from sandbox.aws.rds.records import INSTANCE, Record, Records, tag_list, told
from sandbox.aws.rds.versions import (
    ENGINE,
    SERVERLESS,
    check_certificate,
    check_class,
    supports_global,
)
from sandbox.settings import Settings

PROMOTION_TIER = 1
TIERS = range(16)
MOST_READERS = 15
IN_SYNC = "in-sync"
# Members of a request that the instance is described with, with AWS's defaults.
KEPT: dict[str, Any] = {
    "AutoMinorVersionUpgrade": True,
    "CopyTagsToSnapshot": False,
    "DatabaseInsightsMode": "standard",
    "MonitoringInterval": 0,
    "MonitoringRoleArn": None,
    "PerformanceInsightsRetentionPeriod": None,
    "PreferredMaintenanceWindow": None,
    "PubliclyAccessible": False,
}
# An instance shares its cluster's: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
SHARED = (
    "BackupRetentionPeriod",
    "DeletionProtection",
    "EnabledCloudwatchLogsExports",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "KmsKeyId",
    "MasterUsername",
    "NetworkType",
    "PreferredBackupWindow",
    "StorageEncrypted",
    "StorageType",
    "VpcSecurityGroups",
)
FILTERS = ("db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine")


class Instances:
    """The operations on DB instances of Aurora clusters."""

    def __init__(
        self,
        records: Records,
        clusters: Clusters,
        groups: ParameterGroups,
        times: CreationTimes,
        settings: Settings,
    ) -> None:
        self._records = records
        self._clusters = clusters
        self._groups = groups
        self._times = times
        self._settings = settings

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateDBInstance": self.create,
            "DescribeDBInstances": self.describe,
            "ModifyDBInstance": self.modify,
            "RebootDBInstance": self.reboot,
            "DeleteDBInstance": self.delete,
        }

    def create(self, call: Call) -> Result:
        asked = call.parameters
        identifier = checked_identifier("DBInstanceIdentifier", asked["DBInstanceIdentifier"])
        if "DBClusterIdentifier" not in asked:
            raise NotImplementedByEmulator("rds", "CreateDBInstance without an Aurora cluster")
        if self._records.get(INSTANCE, call.account, call.region, identifier):
            raise AWSError("DBInstanceAlreadyExists", "DB instance already exists")
        cluster = self._clusters.existing(call, asked["DBClusterIdentifier"])
        if cluster.status not in ("available", "modifying", "backing-up"):
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"DB cluster {cluster.identifier} is not available: {cluster.status}",
            )
        self._check(call, cluster)
        group = checks.subnet_group(call, cluster.answer["DBSubnetGroup"])
        zone = self._zone(asked, group, cluster)
        record = Record(INSTANCE, call.account, call.region, identifier, "creating", 0)
        record.answer = {
            **{name: asked.get(name, default) for name, default in KEPT.items()},
            "DBInstanceIdentifier": identifier,
            "DBInstanceArn": record.arn,
            "DbiResourceId": f"db-{uuid.uuid4().hex[:26].upper()}",
            "DBClusterIdentifier": cluster.identifier,
            "DBInstanceClass": asked["DBInstanceClass"],
            "Engine": ENGINE,
            "EngineVersion": cluster.answer["EngineVersion"],
            "AvailabilityZone": zone,
            "DBSubnetGroup": group,
            "InstanceCreateTime": clock.now(),
            "CACertificateIdentifier": check_certificate(asked.get("CACertificateIdentifier")),
            "LicenseModel": "postgresql-license",
            "MultiAZ": False,
            "AllocatedStorage": 1,
            "TagList": tag_list(asked),
            **_insights(call, cluster),
        }
        if record.answer["PreferredMaintenanceWindow"] is None:
            record.answer["PreferredMaintenanceWindow"] = cluster.answer["PreferredMaintenanceWindow"]
        record.state = {
            "cluster": cluster.identifier,
            "promotion_tier": asked.get("PromotionTier", PROMOTION_TIER),
            "parameter_group": self._group(call, asked, cluster),
            "group_status": IN_SYNC,
            "cluster_group_status": IN_SYNC,
            "applied": {},  # the parameters that the server has
            "started": False,  # whether its server has ever been started
            "restart": False,
            "rebuild": False,  # whether its data are to be copied from the writer's anew
            "pending_at": None,
        }
        with self._records.transaction():
            others = self._records.instances(cluster)
            if len(others) > MOST_READERS:
                raise AWSError("InstanceQuotaExceeded", f"A cluster has up to {MOST_READERS} readers.")
            record.state["writer"] = not any(other.state["writer"] for other in others)
            record.state["host"] = self._records.free_hosts(1)[0]
            record.done_at = self._times.done_at("rds-instance")
            self._records.save(record)
        return {"DBInstance": self.completed(record)}

    def describe(self, call: Call) -> Result:
        asked = call.parameters
        if identifier := asked.get("DBInstanceIdentifier"):
            return {"DBInstances": [self.completed(self.existing(call, identifier))]}
        found = [
            self.completed(record)
            for record in self._records.of_region(INSTANCE, call.account, call.region)
            if _matches(record, asked.get("Filters") or [])
        ]
        return page(found, asked, "DBInstances")

    def modify(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html"""
        asked = call.parameters
        record = self._available(call, asked["DBInstanceIdentifier"])
        cluster = self._records.cluster(record)
        if cluster is None or asked.get("NewDBInstanceIdentifier"):
            raise NotImplementedByEmulator("rds", "ModifyDBInstance with NewDBInstanceIdentifier")
        if "BackupRetentionPeriod" in asked or "DeletionProtection" in asked or "EngineVersion" in asked:
            raise contradiction("This is a setting of the DB cluster: use ModifyDBCluster.")
        self._check(call, cluster, record)
        changed = {name: asked[name] for name in KEPT if name in asked}
        record.answer |= changed | _insights(call, cluster, record.answer)
        record.state["promotion_tier"] = asked.get("PromotionTier", record.state["promotion_tier"])
        if asked.get("DBParameterGroupName"):
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html:
            # another group is applied by a reboot, even where each of its parameters is dynamic.
            group = self._group(call, asked, cluster)
            if group != record.state["parameter_group"]:
                record.state |= {"parameter_group": group, "group_status": "pending-reboot"}
        deferred: dict[str, object] = {
            name: asked[name]
            for name in ("DBInstanceClass", "CACertificateIdentifier")
            if name in asked and asked[name] != record.answer[name]
        }
        if asked.get("ApplyImmediately"):
            waiting = record.answer.get("PendingModifiedValues") or {}
            record.answer["PendingModifiedValues"] = waiting | deferred
            apply(record)
        else:
            wait_for_window(record, deferred)
        record.status, record.done_at = "modifying", self._times.done_at("rds-instance-modify")
        self._records.save(record)
        return {"DBInstance": self.completed(record)}

    def reboot(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html"""
        record = self._available(call, call.parameters["DBInstanceIdentifier"])
        if call.parameters.get("ForceFailover"):
            raise contradiction("Cannot reboot with failover an instance of an Aurora DB cluster.")
        record.state["restart"] = True
        record.status, record.done_at = "rebooting", self._times.done_at("rds-instance-reboot")
        self._records.save(record)
        return {"DBInstance": self.completed(record)}

    def delete(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html"""
        asked = call.parameters
        record = self.existing(call, asked["DBInstanceIdentifier"])
        if record.status == "deleting":
            raise AWSError(
                "InvalidDBInstanceState", f"Instance {record.identifier} is already being deleted."
            )
        if asked.get("FinalDBSnapshotIdentifier"):
            raise contradiction(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance: the "
                "snapshot is the cluster's."
            )
        record.status, record.done_at = "deleting", self._times.done_at("rds-instance-delete")
        self._records.save(record)
        return {"DBInstance": self.completed(record)}

    def completed(self, record: Record) -> dict[str, Any]:
        """AWS's answer, with what is the cluster's, and what is the sandbox's own."""
        cluster = self._records.cluster(record)
        shared = {name: cluster.answer.get(name) for name in SHARED} if cluster else {}
        port = cluster.answer["Port"] if cluster else 0
        endpoint = {
            "Address": self._settings.address(record.state["host"]),
            "Port": port,
            "HostedZoneId": "Z29XKXDKYMONMX",
        }
        known = record.status != "creating"
        return told(
            {
                **shared,
                "DBName": cluster.answer.get("DatabaseName") if cluster else None,
                **record.answer,
                **({"Endpoint": endpoint} if known else {}),
                "DBInstanceStatus": record.status,
                "DbInstancePort": 0,  # of Aurora: the cluster's is in the endpoint
                "DBParameterGroups": [
                    {
                        "DBParameterGroupName": record.state["parameter_group"],
                        "ParameterApplyStatus": record.state["group_status"],
                    }
                ],
                "PromotionTier": record.state["promotion_tier"],
                **_measured(record),
            }
        )

    def existing(self, call: Call, identifier: str) -> Record:
        """The instance, by its identifier or its ARN. Raises AWSError."""
        name = identifier.rpartition(":")[2] if identifier.startswith("arn:") else identifier
        record = self._records.get(INSTANCE, call.account, call.region, name)
        if record is None:
            raise AWSError("DBInstanceNotFound", f"DBInstance {identifier} not found.")
        return record

    def _available(self, call: Call, identifier: str) -> Record:
        record = self.existing(call, identifier)
        if record.status != "available":
            raise AWSError(
                "InvalidDBInstanceState", f"Instance {record.identifier} is not in available state."
            )
        return record

    def _check(self, call: Call, cluster: Record, record: Record | None = None) -> None:
        """What AWS refuses of the request. Raises AWSError."""
        asked = call.parameters
        if (tier := asked.get("PromotionTier", PROMOTION_TIER)) not in TIERS:
            raise invalid(f"Invalid promotion tier: {tier}. Valid values are 0 to 15.")
        if asked.get("Engine", ENGINE) != ENGINE:
            raise contradiction(f"The engine of {cluster.identifier} is {ENGINE}, not {asked['Engine']}.")
        if asked.get("MasterUsername") or asked.get("MasterUserPassword"):
            raise contradiction("The master user is the DB cluster's.")
        check_certificate(asked.get("CACertificateIdentifier"))
        kept = record.answer if record else {}
        checks.check_insights(kept | asked)
        checks.check_windows(cluster.answer["PreferredBackupWindow"], asked.get("PreferredMaintenanceWindow"))
        checks.check_references(call, asked)
        if name := asked.get("DBInstanceClass"):
            check_class(name)
            if name == SERVERLESS and not cluster.answer["ServerlessV2ScalingConfiguration"]:
                raise AWSError(
                    "InvalidDBClusterStateFault",
                    "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a "
                    "Serverless v2 DB instance.",
                )
            if cluster.state["global"] and not supports_global(name):
                raise contradiction(f"A global database has no instances of class {name}.")

    @staticmethod
    def _zone(asked: dict[str, Any], group: dict[str, Any], cluster: Record) -> str:
        """The zone asked for, which a subnet of the group must be in, or the cluster's first."""
        zones = sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]})
        zone = asked.get("AvailabilityZone")
        if zone and zone not in zones:
            raise AWSError(
                "InvalidVPCNetworkStateFault",
                f"The DB subnet group of {cluster.identifier} has no subnet in {zone}.",
            )
        return str(zone or zones[0])

    def _group(self, call: Call, asked: dict[str, Any], cluster: Record) -> str:
        version = cluster.answer["EngineVersion"]
        name = asked.get("DBParameterGroupName") or f"default.{family_of(version)}"
        return self._groups.check(call, name, version)


def apply(record: Record) -> None:
    """Give the instance what has waited; another class is another machine."""
    pending = take_pending(record)
    if "DBInstanceClass" in pending:
        record.state["restart"] = True


def _insights(call: Call, cluster: Record, kept: dict[str, Any] | None = None) -> dict[str, Any]:
    """The members about Performance Insights: the cluster's setting unless the request has one.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_PerfInsights.Enabling.html
    """
    asked, kept = call.parameters, kept or {}
    before = kept.get("PerformanceInsightsEnabled", cluster.answer.get("PerformanceInsightsEnabled") or False)
    if not asked.get("EnablePerformanceInsights", before):
        if asked.get("PerformanceInsightsKMSKeyId") or asked.get("PerformanceInsightsRetentionPeriod"):
            raise contradiction("Performance Insights' key and retention need EnablePerformanceInsights.")
        return {
            "PerformanceInsightsEnabled": False,
            "PerformanceInsightsKMSKeyId": None,
            "PerformanceInsightsRetentionPeriod": None,
        }
    key = (
        asked.get("PerformanceInsightsKMSKeyId")
        or kept.get("PerformanceInsightsKMSKeyId")
        or cluster.answer.get("PerformanceInsightsKMSKeyId")
        or "alias/aws/rds"
    )
    days = (
        asked.get("PerformanceInsightsRetentionPeriod")
        or kept.get("PerformanceInsightsRetentionPeriod")
        or cluster.answer.get("PerformanceInsightsRetentionPeriod")
    )
    return {
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKMSKeyId": checks.key_arn(call, key),
        "PerformanceInsightsRetentionPeriod": days or 7,
    }


def _matches(record: Record, filters: list[dict[str, Any]]) -> bool:
    """Whether the record is what the filters ask for. Raises AWSError for a filter that RDS has not."""
    for each in filters:
        if each["Name"] not in FILTERS:
            raise invalid(f"Unrecognized filter name: {each['Name']}")
        region, account = record.region, record.account
        cluster = record.state["cluster"]
        values = {
            "db-cluster-id": {cluster, f"arn:aws:rds:{region}:{account}:cluster:{cluster}"},
            "db-instance-id": {record.identifier, record.arn},
            "dbi-resource-id": {record.answer["DbiResourceId"]},
            "engine": {ENGINE},
        }.get(each["Name"], set())
        if not values & set(each["Values"]):
            return False
    return True


def _measured(record: Record) -> dict[str, str]:
    """Where enhanced monitoring writes, if it does: a stream for each instance in a group of the account.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Monitoring.OS.CloudWatchLogs.html
    """
    if not record.answer["MonitoringInterval"]:
        return {}
    group = f"arn:aws:logs:{record.region}:{record.account}:log-group:RDSOSMetrics"
    return {"EnhancedMonitoringResourceArn": f"{group}:log-stream:{record.answer['DbiResourceId']}"}
