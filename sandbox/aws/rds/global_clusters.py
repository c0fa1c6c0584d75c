"""Aurora global databases: a primary cluster in one region, and secondaries in others that follow it.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html
"""

import uuid
from typing import Any

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds.checks import checked_identifier, contradiction
from sandbox.aws.rds.failovers import ELSEWHERE
from sandbox.aws.rds.pages import page
from sandbox.aws.rds.records import CLUSTER, GLOBAL, Record, Records, tag_list, told
from sandbox.aws.rds.versions import ENGINE, checked_version, supports_global
from sandbox.settings import Settings


class GlobalClusters:
    """The operations on global clusters, which are the same from every region."""

    def __init__(self, records: Records, times: CreationTimes, settings: Settings) -> None:
        self._records = records
        self._times = times
        self._settings = settings

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateGlobalCluster": self.create,
            "DescribeGlobalClusters": self.describe,
            "ModifyGlobalCluster": self.modify,
            "RemoveFromGlobalCluster": self.remove,
            "FailoverGlobalCluster": self.failover,
            "SwitchoverGlobalCluster": self.switchover,
            "DeleteGlobalCluster": self.delete,
        }

    def create(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateGlobalCluster.html"""
        asked = call.parameters
        name = checked_identifier("GlobalClusterIdentifier", asked.get("GlobalClusterIdentifier") or "")
        if self._records.get(GLOBAL, call.account, "", name):
            raise AWSError("GlobalClusterAlreadyExistsFault", f"Global cluster {name} already exists")
        source = self._source(call)
        record = Record(GLOBAL, call.account, "", name, "creating", 0)
        record.answer = {
            "GlobalClusterIdentifier": name,
            "GlobalClusterArn": record.arn,
            "GlobalClusterResourceId": f"cluster-{uuid.uuid4().hex[:16]}",
            "DeletionProtection": asked.get("DeletionProtection", False),
            "Engine": ENGINE,
            "EngineVersion": source.answer["EngineVersion"]
            if source
            else checked_version(asked.get("EngineVersion")),
            "DatabaseName": source.answer.get("DatabaseName") if source else asked.get("DatabaseName"),
            "StorageEncrypted": source.answer["StorageEncrypted"]
            if source
            else asked.get("StorageEncrypted", False),
            "TagList": tag_list(asked),
        }
        member = f"{source.region}/{source.identifier}" if source else None
        record.state = {"members": [member] if member else [], "primary": member, "failover": None}
        record.done_at = self._times.done_at("rds-global-cluster")
        with self._records.transaction():
            self._records.save(record)
            if source:
                source.state["global"] = name
                self._records.save(source)
        return {"GlobalCluster": self._told(record)}

    def _source(self, call: Call) -> Record | None:
        """The cluster that becomes the primary, if the request names one. Raises AWSError."""
        asked = call.parameters
        if not asked.get("SourceDBClusterIdentifier"):
            if asked.get("Engine") != ENGINE:
                raise NotImplementedByEmulator("rds", f"CreateGlobalCluster of {asked.get('Engine')}")
            return None
        if taken := {"Engine", "EngineVersion", "DatabaseName", "StorageEncrypted"} & asked.keys():
            raise contradiction(
                f"{', '.join(sorted(taken))} cannot be specified with SourceDBClusterIdentifier: they are "
                "the source's."
            )
        identifier = asked["SourceDBClusterIdentifier"]
        source = self._records.by_arn(identifier)
        if source is None or source.kind != CLUSTER or source.account != call.account:
            raise AWSError("DBClusterNotFoundFault", f"DBCluster {identifier} not found.")
        if source.status != "available":
            raise AWSError("InvalidDBClusterStateFault", f"DBCluster {source.identifier} is {source.status}.")
        if source.state["global"]:
            raise AWSError(
                "InvalidDBClusterStateFault", f"DBCluster {source.identifier} is in a global cluster already."
            )
        if "MasterUserSecret" in source.answer:
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"The master password of {source.identifier} is managed in Secrets Manager, which isn't "
                "supported for DB clusters that are part of a global database.",
            )
        for instance in self._records.instances(source):
            if not supports_global(instance.answer["DBInstanceClass"]):
                raise contradiction(
                    f"A global database has no instances of class {instance.answer['DBInstanceClass']}."
                )
        return source

    def describe(self, call: Call) -> Result:
        asked = call.parameters
        if name := asked.get("GlobalClusterIdentifier"):
            return {"GlobalClusters": [self._told(self._existing(call, name))]}
        found = self._records.of_region(GLOBAL, call.account, "")
        for each in asked.get("Filters") or []:
            wanted = set(each["Values"])
            found = [
                record
                for record in found
                if wanted & {record.identifier, *record.state["members"], *self._arns(record)}
            ]
        return page([self._told(record) for record in found], asked, "GlobalClusters")

    def modify(self, call: Call) -> Result:
        asked = call.parameters
        if asked.get("NewGlobalClusterIdentifier") or asked.get("EngineVersion"):
            raise NotImplementedByEmulator("rds", "ModifyGlobalCluster's new name or engine version")
        record = self._existing(call, asked["GlobalClusterIdentifier"])
        if "DeletionProtection" in asked:
            record.answer["DeletionProtection"] = asked["DeletionProtection"]
        self._records.save(record)
        return {"GlobalCluster": self._told(record)}

    def remove(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RemoveFromGlobalCluster.html"""
        asked = call.parameters
        record = self._available(call, asked["GlobalClusterIdentifier"])
        cluster = self._member(call, record, asked["DbClusterIdentifier"])
        if cluster.state["replicates"] is None and len(record.state["members"]) > 1:
            raise AWSError(
                "InvalidGlobalClusterStateFault",
                "The primary cluster cannot be removed while the global cluster has secondary clusters.",
            )
        if cluster.status != "available":
            raise AWSError(
                "InvalidDBClusterStateFault", f"DBCluster {cluster.identifier} is {cluster.status}."
            )
        cluster.state["detach"] = True
        if cluster.state["replicates"]:
            cluster.status, cluster.done_at = "promoting", self._times.done_at("rds-global-cluster")
            cluster.state["failover"] = ELSEWHERE
        self._records.save(cluster)
        return {"GlobalCluster": self._told(record)}

    def switchover(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html"""
        return self._switch(call, loss=False)

    def failover(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html"""
        asked = call.parameters
        if asked.get("AllowDataLoss") and asked.get("Switchover"):
            raise contradiction("AllowDataLoss and Switchover cannot be specified together.")
        return self._switch(call, loss=bool(asked.get("AllowDataLoss")))

    def _switch(self, call: Call, *, loss: bool) -> Result:
        asked = call.parameters
        record = self._available(call, asked["GlobalClusterIdentifier"])
        target = self._member(call, record, asked["TargetDbClusterIdentifier"])
        if target.state["replicates"] is None:
            raise AWSError(
                "InvalidDBClusterStateFault", f"{target.identifier} is the primary cluster already."
            )
        writer = self._records.writer(target)
        if target.status != "available" or writer is None or writer.status != "available":
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"{target.identifier} is not available, or has no available instance to become the writer.",
            )
        primary = self._by_name(record, record.state["primary"])
        if primary is None or (not loss and primary.status != "available"):
            raise AWSError("InvalidDBClusterStateFault", "The primary cluster is not available.")
        status = "failing-over" if loss else "switching-over"
        done_at = self._times.done_at("rds-global-cluster-failover")
        record.state["failover"] = {
            "from": record.state["primary"],
            "to": f"{target.region}/{target.identifier}",
            "loss": loss,
            "stopped": False,
        }
        with self._records.transaction():
            record.status, record.done_at = status, done_at
            self._records.save(record)
            for cluster in (primary, target):
                cluster.status, cluster.done_at = "failing-over", done_at
                cluster.state["failover"] = ELSEWHERE
                self._records.save(cluster)
        return {"GlobalCluster": self._told(record)}

    def delete(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteGlobalCluster.html"""
        record = self._existing(call, call.parameters["GlobalClusterIdentifier"])
        if record.answer["DeletionProtection"]:
            raise contradiction(
                "Cannot delete protected Global Cluster, please disable deletion protection and try again."
            )
        if record.state["members"]:
            raise AWSError(
                "InvalidGlobalClusterStateFault", f"Global Cluster {record.identifier} is not empty"
            )
        self._records.delete(record)
        return {"GlobalCluster": self._told(record) | {"Status": "deleting"}}

    def _existing(self, call: Call, name: str) -> Record:
        record = self._records.get(GLOBAL, call.account, "", name.rpartition(":")[2])
        if record is None:
            raise AWSError("GlobalClusterNotFoundFault", f"Global cluster {name} not found.")
        return record

    def _available(self, call: Call, name: str) -> Record:
        record = self._existing(call, name)
        if record.status != "available":
            raise AWSError(
                "InvalidGlobalClusterStateFault", f"Global cluster {record.identifier} is {record.status}."
            )
        return record

    def _member(self, call: Call, record: Record, arn: str) -> Record:
        cluster = self._records.by_arn(arn)
        member = cluster and f"{cluster.region}/{cluster.identifier}" in record.state["members"]
        if cluster is None or cluster.account != call.account or not member:
            raise AWSError("DBClusterNotFoundFault", f"{arn} is no cluster of {record.identifier}.")
        return cluster

    def _by_name(self, record: Record, name: str) -> Record | None:
        region, _, identifier = name.partition("/")
        return self._records.get(CLUSTER, record.account, region, identifier)

    @staticmethod
    def _arn(record: Record, name: str) -> str:
        region, _, identifier = name.partition("/")
        return f"arn:aws:rds:{region}:{record.account}:cluster:{identifier}"

    def _arns(self, record: Record) -> list[str]:
        return [self._arn(record, name) for name in record.state["members"]]

    def _told(self, record: Record) -> dict[str, Any]:
        primary = record.state["primary"]
        members = []
        for name in record.state["members"]:
            others = [self._arn(record, each) for each in record.state["members"] if each != name]
            members.append(
                {
                    "DBClusterArn": self._arn(record, name),
                    "Readers": others if name == primary else [],
                    "IsWriter": name == primary,
                    "GlobalWriteForwardingStatus": "disabled",
                    **({} if name == primary else {"SynchronizationStatus": "connected"}),
                }
            )
        answer = record.answer | {"Status": record.status, "GlobalClusterMembers": members}
        writer = self._by_name(record, primary) if primary else None
        if writer is not None:
            # The name of the global endpoint resolves to the primary's; here, an endpoint is its address.
            answer["Endpoint"] = self._settings.address(writer.state["hosts"][0])
        if failover := record.state["failover"]:
            answer["FailoverState"] = {
                "Status": "failing-over" if failover["loss"] else "switching-over",
                "FromDbClusterArn": self._arn(record, failover["from"]),
                "ToDbClusterArn": self._arn(record, failover["to"]),
                "IsDataLossAllowed": failover["loss"],
            }
        return told(answer)
