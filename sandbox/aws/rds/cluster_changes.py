"""ModifyDBCluster: what is changed at once, what waits for the maintenance window, and what is refused.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
"""

from typing import Any

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds import checks, passwords
from sandbox.aws.rds.checks import contradiction
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.maintenance import take_pending, wait_for_window
from sandbox.aws.rds.parameter_groups import DEFAULT, ParameterGroups
from sandbox.aws.rds.parameters import family_of
from sandbox.aws.rds.records import INSTANCE, Record, Records
from sandbox.aws.rds.versions import check_upgrade, checked_version

# Changed without a wait, whatever ApplyImmediately says.
AT_ONCE = (
    "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DatabaseInsightsMode",
    "DeletionProtection",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "StorageType",
)
NOT_HERE = ("NewDBClusterIdentifier", "EngineMode", "EnableHttpEndpoint", "Domain", "BacktrackWindow")


class ClusterChanges:
    """The modification of DB clusters."""

    def __init__(
        self, records: Records, clusters: Clusters, groups: ParameterGroups, times: CreationTimes
    ) -> None:
        self._records = records
        self._clusters = clusters
        self._groups = groups
        self._times = times

    def handlers(self) -> dict[str, Handler]:
        return {"ModifyDBCluster": self.modify}

    def modify(self, call: Call) -> Result:
        asked = call.parameters
        for member in NOT_HERE:
            if asked.get(member):
                raise NotImplementedByEmulator("rds", f"ModifyDBCluster with {member}")
        record = self._clusters.existing(call, asked["DBClusterIdentifier"])
        if record.status != "available":
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"DB cluster {record.identifier} is not available for modification, it is {record.status}.",
            )
        self._check(call, record)
        version = self._version(record, asked)
        deferred: dict[str, object] = {}
        if version:
            deferred["EngineVersion"] = version
        if "EnableIAMDatabaseAuthentication" in asked:
            wanted = asked["EnableIAMDatabaseAuthentication"]
            if wanted != record.answer["IAMDatabaseAuthenticationEnabled"]:
                deferred["IAMDatabaseAuthenticationEnabled"] = wanted
        password = passwords.change(call, record, asked)
        if password and (asked.get("ApplyImmediately") or "MasterUserSecret" in record.answer):
            record.state["pending_password"] = password
        elif password:
            deferred["MasterUserPassword"] = password
        self._change(call, record)
        if asked.get("ApplyImmediately"):
            deferred = (record.answer.get("PendingModifiedValues") or {}) | deferred
            record.answer["PendingModifiedValues"] = deferred
            upgraded = self.apply(record)
        else:
            wait_for_window(record, deferred)
            upgraded = False
        kind = "rds-cluster-upgrade" if upgraded else "rds-cluster-modify"
        record.status = "upgrading" if upgraded else "modifying"
        record.done_at = self._times.done_at(kind)
        self._records.save(record)
        return {"DBCluster": self._clusters.completed(record)}

    def apply(self, record: Record) -> bool:
        """Give the record what has waited for its window; whether that is an upgrade."""
        pending = take_pending(record)
        if password := record.answer.pop("MasterUserPassword", None):
            record.state["pending_password"] = password
        if "EngineVersion" not in pending:
            return False
        for instance in self._records.instances(record):
            instance.answer["EngineVersion"] = pending["EngineVersion"]
            instance.state["restart"] = True
            self._records.save(instance)
        family = family_of(str(pending["EngineVersion"]))
        if not record.state["parameter_group"].endswith(
            family.removeprefix("aurora-postgresql")
        ) and record.state["parameter_group"].startswith(DEFAULT):
            record.state["parameter_group"] = f"{DEFAULT}{family}"
            record.answer["DBClusterParameterGroup"] = record.state["parameter_group"]
        return True

    def _check(self, call: Call, record: Record) -> None:
        asked = call.parameters
        role = {"MonitoringRoleArn": asked.get("MonitoringRoleArn") or record.answer["MonitoringRoleArn"]}
        checks.check_settings(asked | role)
        daily, weekly = (
            asked.get(name) or record.answer[name]
            for name in ("PreferredBackupWindow", "PreferredMaintenanceWindow")
        )
        checks.check_windows(daily, weekly)
        checks.check_references(call, asked)
        if password := asked.get("MasterUserPassword"):
            checks.check_password(password)
            if record.state["replicates"]:
                raise contradiction("The password of a secondary cluster is its primary's.")

    def _version(self, record: Record, asked: dict[str, Any]) -> str | None:
        """The version to upgrade to, if any. Raises AWSError."""
        if not asked.get("EngineVersion"):
            return None
        version = checked_version(asked["EngineVersion"])
        current = record.answer["EngineVersion"]
        major = bool(asked.get("AllowMajorVersionUpgrade"))
        check_upgrade(current, version, major_allowed=major)
        is_major = family_of(version) != family_of(current)
        own_group = not record.state["parameter_group"].startswith(DEFAULT)
        if is_major and own_group and not asked.get("DBClusterParameterGroupName"):
            raise contradiction(
                f"The current DB cluster parameter group {record.state['parameter_group']} is custom. You "
                "must explicitly specify a new DB cluster parameter group, either default or custom, for the "
                "engine version upgrade."
            )
        return version if version != current else None

    def _change(self, call: Call, record: Record) -> None:
        """What does not wait."""
        asked, answer, state = call.parameters, record.answer, record.state
        for name in AT_ONCE:
            if name in asked:
                answer[name] = asked[name]
        if "EnablePerformanceInsights" in asked:
            answer["PerformanceInsightsEnabled"] = asked["EnablePerformanceInsights"]
        if key := asked.get("PerformanceInsightsKMSKeyId"):
            answer["PerformanceInsightsKMSKeyId"] = checks.key_arn(call, key)
        if capacity := asked.get("ServerlessV2ScalingConfiguration"):
            answer["ServerlessV2ScalingConfiguration"] = (
                answer["ServerlessV2ScalingConfiguration"] or {}
            ) | capacity
            checks.check_capacity(answer["ServerlessV2ScalingConfiguration"])
        if groups := asked.get("VpcSecurityGroupIds"):
            answer["VpcSecurityGroups"] = [
                {"VpcSecurityGroupId": each, "Status": "active"} for each in groups
            ]
        exports = asked.get("CloudwatchLogsExportConfiguration") or {}
        enabled = set(answer["EnabledCloudwatchLogsExports"]) | set(exports.get("EnableLogTypes") or [])
        answer["EnabledCloudwatchLogsExports"] = sorted(enabled - set(exports.get("DisableLogTypes") or []))
        if group := asked.get("DBClusterParameterGroupName"):
            version = asked.get("EngineVersion") or answer["EngineVersion"]
            state["parameter_group"] = self._groups.check(call, group, version)
            answer["DBClusterParameterGroup"] = state["parameter_group"]
        if asked.get("Port") and asked["Port"] != answer["Port"]:
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html: they restart
            answer["Port"] = asked["Port"]
            for instance in self._records.instances(record):
                instance.state["restart"] = True
                self._records.save(instance)
        if group := asked.get("DBInstanceParameterGroupName"):
            for instance in self._records.of_region(INSTANCE, record.account, record.region):
                if instance.state["cluster"] == record.identifier:
                    instance.state["parameter_group"] = group
                    self._records.save(instance)
