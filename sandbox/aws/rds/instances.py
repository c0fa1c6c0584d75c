"""Aurora's DB instances: the first of a cluster is its writer, the others read.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
"""

import re
from typing import Any

from sandbox.aws.calls import Call, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds.clusters import Clusters, checked_identifier
from sandbox.aws.rds.records import INSTANCE, Record, Records
from sandbox.settings import Settings

CLASS = re.compile(r"db\.[a-z0-9]+\.[a-z0-9]+")
PROMOTION_TIER = 1


class Instances:
    """The operations on DB instances of Aurora clusters."""

    def __init__(
        self, records: Records, clusters: Clusters, times: CreationTimes, settings: Settings
    ) -> None:
        self._records = records
        self._clusters = clusters
        self._times = times
        self._settings = settings

    def create(self, call: Call) -> Result:
        asked = call.parameters
        identifier = checked_identifier("DBInstanceIdentifier", asked["DBInstanceIdentifier"])
        if "DBClusterIdentifier" not in asked:
            raise NotImplementedByEmulator("rds", "CreateDBInstance without an Aurora cluster")
        if self._records.get(INSTANCE, call.account, call.region, identifier):
            raise AWSError("DBInstanceAlreadyExists", "DB instance already exists")
        cluster = self._clusters.existing(call, asked["DBClusterIdentifier"])
        if cluster.status not in ("available", "modifying"):
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"DB cluster {cluster.identifier} is not available: {cluster.status}",
            )
        if not CLASS.fullmatch(asked["DBInstanceClass"]):
            raise AWSError("InvalidParameterValue", f"Invalid DB Instance class: {asked['DBInstanceClass']}")
        zone = asked.get("AvailabilityZone")
        if zone and zone not in self._zones(call):
            raise AWSError(
                "InvalidVPCNetworkStateFault",
                f"The DB subnet group of {cluster.identifier} has no subnet in {zone}.",
            )
        instance = call.client("rds").create_db_instance(**asked)["DBInstance"]
        with self._records.transaction():
            others = self._records.instances(cluster)
            reserved = [
                host for host in cluster.state["hosts"] if all(o.state["host"] != host for o in others)
            ]
            writer = not any(other.state["writer"] for other in others)
            record = Record(
                INSTANCE,
                call.account,
                call.region,
                identifier,
                "creating",
                self._times.done_at("rds-instance"),
                answer={"PubliclyAccessible": False, **_kept(asked)},
                state={
                    "cluster": cluster.identifier,
                    "writer": writer,
                    "host": reserved[0] if reserved else self._records.free_host(),
                    "port": cluster.state["port"],
                    "promotion_tier": asked.get("PromotionTier", PROMOTION_TIER),
                },
            )
            self._records.save(record)
        return {"DBInstance": self.completed(call, instance, record)}

    def describe(self, call: Call) -> Result:
        result = call.forward()
        instances = []
        for instance in result["DBInstances"]:
            record = self._records.get(INSTANCE, call.account, call.region, instance["DBInstanceIdentifier"])
            instances.append(self.completed(call, instance, record) if record else instance)
        return {**result, "DBInstances": instances}

    def modify(self, call: Call) -> Result:
        asked = call.parameters
        record = self._existing(call, asked["DBInstanceIdentifier"])
        if record.status != "available":
            raise AWSError(
                "InvalidDBInstanceState", f"Instance {record.identifier} is not in available state."
            )
        forwarded = dict(asked)
        if "DBInstanceClass" in asked and not asked.get("ApplyImmediately"):
            pending = record.answer.setdefault("PendingModifiedValues", {})
            pending["DBInstanceClass"] = forwarded.pop("DBInstanceClass")
        instance = call.client("rds").modify_db_instance(**forwarded)["DBInstance"]
        record.answer |= _kept(asked)
        record.state["promotion_tier"] = asked.get("PromotionTier", record.state["promotion_tier"])
        record.status, record.done_at = "modifying", self._times.done_at("rds-instance-modify")
        self._records.save(record)
        return {"DBInstance": self.completed(call, instance, record)}

    def delete(self, call: Call) -> Result:
        record = self._existing(call, call.parameters["DBInstanceIdentifier"])
        cluster = self._records.cluster(record)
        others = [] if cluster is None else self._records.instances(cluster)
        staying = [o for o in others if o.identifier != record.identifier and o.status != "deleting"]
        if record.state["writer"] and staying:
            raise NotImplementedByEmulator(
                "rds", "DeleteDBInstance of a writer that has readers (a failover)"
            )
        if record.status == "deleting":
            raise AWSError(
                "InvalidDBInstanceState", f"Instance {record.identifier} is already being deleted."
            )
        [instance] = call.client("rds").describe_db_instances(DBInstanceIdentifier=record.identifier)[
            "DBInstances"
        ]
        record.status, record.done_at = "deleting", self._times.done_at("rds-instance-delete")
        self._records.save(record)
        return {"DBInstance": self.completed(call, instance, record)}

    def completed(self, call: Call, instance: dict[str, Any], record: Record) -> dict[str, Any]:
        """The emulator's answer with what is the sandbox's own."""
        cluster = self._records.cluster(record)
        endpoint = {"Address": self._settings.address(record.state["host"]), "Port": record.state["port"]}
        known = record.status != "creating"
        return {
            **{name: value for name, value in instance.items() if name != "Endpoint"},
            **record.answer,
            **({"Endpoint": endpoint} if known else {}),
            "DBInstanceStatus": record.status,
            "DBSubnetGroup": self._subnet_group(call, cluster),
            "PromotionTier": record.state["promotion_tier"],
            "StorageType": "aurora",
        }

    @staticmethod
    def _subnet_group(call: Call, cluster: Record | None) -> dict[str, Any]:
        if cluster is None:
            return {}
        rds = call.client("rds")
        [described] = rds.describe_db_clusters(DBClusterIdentifier=cluster.identifier)["DBClusters"]
        groups = rds.describe_db_subnet_groups(DBSubnetGroupName=described["DBSubnetGroup"])
        return dict(groups["DBSubnetGroups"][0])

    def _existing(self, call: Call, identifier: str) -> Record:
        record = self._records.get(INSTANCE, call.account, call.region, identifier)
        if record is None:
            raise AWSError("DBInstanceNotFound", f"DBInstance {identifier} not found.")
        return record

    @staticmethod
    def _zones(call: Call) -> set[str]:
        zones = call.client("ec2").describe_availability_zones()["AvailabilityZones"]
        return {zone["ZoneName"] for zone in zones}


KEPT = frozenset(
    {
        "PubliclyAccessible",
        "PerformanceInsightsKMSKeyId",
        "PerformanceInsightsRetentionPeriod",
        "MonitoringInterval",
        "MonitoringRoleArn",
    }
)


def _kept(asked: dict[str, Any]) -> dict[str, Any]:
    """What the emulator forgets, with AWS's defaults."""
    kept = {name: asked[name] for name in KEPT & asked.keys()}
    if "EnablePerformanceInsights" in asked:
        kept["PerformanceInsightsEnabled"] = asked["EnablePerformanceInsights"]
    return kept
