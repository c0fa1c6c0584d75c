"""Aurora DB clusters: the emulator's records, AWS's rules, and addresses of the sandbox.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
"""

import json
import re
import uuid
from typing import Any

from sandbox.aws.calls import Call, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.rds.postgresql import new_password
from sandbox.aws.rds.records import CLUSTER, Record, Records
from sandbox.settings import Settings

ENGINE = "aurora-postgresql"
VERSION = re.compile(r"1[3-7]\.\d+")
IDENTIFIER = re.compile(r"[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
LONGEST_IDENTIFIER = 63
RETENTION_DAYS = range(1, 36)
# What the emulator takes and forgets, or takes for something else.
KEPT_HERE = ("IAMDatabaseAuthenticationEnabled", "EnabledCloudwatchLogsExports")


class Clusters:
    """The operations on DB clusters."""

    def __init__(self, records: Records, times: CreationTimes, settings: Settings) -> None:
        self._records = records
        self._times = times
        self._settings = settings

    def create(self, call: Call) -> Result:
        asked = call.parameters
        identifier = checked_identifier("DBClusterIdentifier", asked["DBClusterIdentifier"])
        if asked["Engine"] != ENGINE:
            raise NotImplementedByEmulator("rds", f"CreateDBCluster of the engine {asked['Engine']}")
        if self._records.get(CLUSTER, call.account, call.region, identifier):
            raise AWSError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        _check_creation(asked)
        _check_references(call, asked)
        managed = asked.get("ManageMasterUserPassword", False)
        kept = {name: value for name, value in asked.items() if not name.startswith("M") or name in FORWARDED}
        kept["MasterUserPassword"] = "kept-by-the-sandbox"  # the emulator needs one, and shows none
        cluster = call.client("rds").create_db_cluster(**kept)["DBCluster"]
        password = new_password() if managed else asked["MasterUserPassword"]
        record = Record(CLUSTER, call.account, call.region, identifier, "creating", 0)
        record.answer = {
            "IAMDatabaseAuthenticationEnabled": asked.get("EnableIAMDatabaseAuthentication", False),
            "EnabledCloudwatchLogsExports": sorted(asked.get("EnableCloudwatchLogsExports", [])),
        }
        if managed:
            record.answer["MasterUserSecret"] = self._create_secret(call, asked, cluster, password)
        with self._records.transaction():
            writer = self._records.free_host()
            record.state = {
                "hosts": [writer, writer + 1],
                "port": asked.get("Port", 5432),
                "username": asked["MasterUsername"],
                "database": asked.get("DatabaseName"),
                "parameter_group": asked.get("DBClusterParameterGroupName"),
                "pending_password": password,
                "deletion": None,
            }
            record.done_at = self._times.done_at("rds-cluster")
            self._records.save(record)
        return {"DBCluster": self.completed(cluster, record)}

    def describe(self, call: Call) -> Result:
        result = call.forward()
        clusters = []
        for cluster in result["DBClusters"]:
            record = self._records.get(CLUSTER, call.account, call.region, cluster["DBClusterIdentifier"])
            clusters.append(self.completed(cluster, record) if record else cluster)
        return {**result, "DBClusters": clusters}

    def modify(self, call: Call) -> Result:
        asked = call.parameters
        record = self.existing(call, asked["DBClusterIdentifier"])
        if record.status != "available":
            raise AWSError(
                "InvalidDBClusterStateFault",
                f"DB cluster {record.identifier} is not available for modification.",
            )
        if asked.get("MasterUserPassword") and "MasterUserSecret" in record.answer:
            raise AWSError(
                "InvalidParameterCombination",
                "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
            )
        forwarded = {
            name: value
            for name, value in asked.items()
            if name not in ("CloudwatchLogsExportConfiguration", "EnableIAMDatabaseAuthentication")
            and (not name.startswith("M") or name in FORWARDED)
            and name != "RotateMasterUserPassword"
        }
        pending = record.answer.setdefault("PendingModifiedValues", {})
        if "EngineVersion" in asked and not asked.get("ApplyImmediately"):
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
            pending["EngineVersion"] = forwarded.pop("EngineVersion")
        cluster = call.client("rds").modify_db_cluster(**forwarded)["DBCluster"]
        if "EnableIAMDatabaseAuthentication" in asked:
            record.answer["IAMDatabaseAuthenticationEnabled"] = asked["EnableIAMDatabaseAuthentication"]
        exports = asked.get("CloudwatchLogsExportConfiguration", {})
        enabled = set(record.answer["EnabledCloudwatchLogsExports"]) | set(exports.get("EnableLogTypes", []))
        record.answer["EnabledCloudwatchLogsExports"] = sorted(
            enabled - set(exports.get("DisableLogTypes", []))
        )
        if asked.get("RotateMasterUserPassword"):
            record.state["pending_password"] = self._rotate(call, record)
        elif asked.get("MasterUserPassword"):
            record.state["pending_password"] = asked["MasterUserPassword"]
        record.state["parameter_group"] = asked.get(
            "DBClusterParameterGroupName", record.state["parameter_group"]
        )
        record.status, record.done_at = "modifying", self._times.done_at("rds-cluster-modify")
        self._records.save(record)
        return {"DBCluster": self.completed(cluster, record)}

    def delete(self, call: Call) -> Result:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html"""
        asked = call.parameters
        record = self.existing(call, asked["DBClusterIdentifier"])
        [cluster] = call.client("rds").describe_db_clusters(DBClusterIdentifier=record.identifier)[
            "DBClusters"
        ]
        if cluster.get("DeletionProtection"):
            raise AWSError(
                "InvalidParameterCombination",
                "Cannot delete protected Cluster, please disable deletion protection and try again.",
            )
        snapshot = asked.get("FinalDBSnapshotIdentifier")
        if bool(snapshot) == bool(asked.get("SkipFinalSnapshot", False)):
            raise AWSError(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and only then.",
            )
        if any(instance.status != "deleting" for instance in self._records.instances(record)):
            raise AWSError(
                "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            )
        record.status, record.done_at = "deleting", self._times.done_at("rds-cluster-delete")
        record.state["deletion"] = {"snapshot": snapshot}
        self._records.save(record)
        return {"DBCluster": self.completed(cluster, record)}

    def existing(self, call: Call, identifier: str) -> Record:
        record = self._records.get(CLUSTER, call.account, call.region, identifier)
        if record is None:
            raise AWSError("DBClusterNotFoundFault", f"DBCluster {identifier} not found.")
        return record

    def completed(self, cluster: dict[str, Any], record: Record) -> dict[str, Any]:
        """The emulator's answer with what is the sandbox's own."""
        writer, reader = record.state["hosts"]
        members = [
            {
                "DBInstanceIdentifier": instance.identifier,
                "IsClusterWriter": instance.state["writer"],
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": instance.state["promotion_tier"],
            }
            for instance in self._records.instances(record)
        ]
        return {
            **{name: value for name, value in cluster.items() if name not in KEPT_HERE},
            **record.answer,
            "Status": record.status,
            "Endpoint": self._settings.address(writer),
            "ReaderEndpoint": self._settings.address(reader),
            "Port": record.state["port"],
            "MasterUsername": record.state["username"],
            "AllocatedStorage": 1,
            "StorageType": "aurora",
            "DBClusterMembers": members,
        }

    @staticmethod
    def _create_secret(
        call: Call, asked: dict[str, Any], cluster: dict[str, Any], password: str
    ) -> dict[str, Any]:
        """Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"""
        key = asked.get("MasterUserSecretKmsKeyId", "alias/aws/secretsmanager")
        described = call.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        secret = call.client("secretsmanager").create_secret(
            Name=f"rds!cluster-{uuid.uuid4()}",
            Description=f"The secret associated with the primary RDS DB cluster: {cluster['DBClusterArn']}",
            KmsKeyId=described["Arn"],
            SecretString=json.dumps({"username": asked["MasterUsername"], "password": password}),
            Tags=[{"Key": "aws:rds:primaryDBClusterArn", "Value": cluster["DBClusterArn"]}],
        )
        return {"SecretArn": secret["ARN"], "SecretStatus": "active", "KmsKeyId": described["Arn"]}

    @staticmethod
    def _rotate(call: Call, record: Record) -> str:
        if "MasterUserSecret" not in record.answer:
            raise AWSError(
                "InvalidParameterCombination", "You can't rotate a password that RDS does not manage."
            )
        password = new_password()
        call.client("secretsmanager").put_secret_value(
            SecretId=record.answer["MasterUserSecret"]["SecretArn"],
            SecretString=json.dumps({"username": record.state["username"], "password": password}),
        )
        return password


FORWARDED = frozenset({"MasterUsername"})  # of the members that start with M, what the emulator needs


def checked_identifier(member: str, identifier: str) -> str:
    """The identifier in lower case, as RDS keeps it. Raises AWSError when it is none."""
    if not IDENTIFIER.fullmatch(identifier) or len(identifier) > LONGEST_IDENTIFIER:
        raise AWSError(
            "InvalidParameterValue",
            f"The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must "
            "contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
            "consecutive hyphens.",
        )
    return identifier.lower()


def _check_creation(asked: dict[str, Any]) -> None:
    if not asked.get("MasterUsername"):
        raise AWSError(
            "InvalidParameterValue", "The parameter MasterUsername must be provided and must not be blank."
        )
    if asked.get("ManageMasterUserPassword") and asked.get("MasterUserPassword"):
        raise AWSError(
            "InvalidParameterCombination",
            "You can't specify both MasterUserPassword and ManageMasterUserPassword.",
        )
    if not asked.get("ManageMasterUserPassword") and len(asked.get("MasterUserPassword", "")) < 8:
        raise AWSError(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 "
            "characters.",
        )
    version = asked.get("EngineVersion", "17.5")
    if not VERSION.fullmatch(version):
        raise AWSError("InvalidParameterCombination", f"Cannot find version {version} for {ENGINE}")
    if asked.get("BackupRetentionPeriod", 1) not in RETENTION_DAYS:
        raise AWSError(
            "InvalidParameterValue",
            f"Invalid backup retention period: {asked['BackupRetentionPeriod']}. Retention period must be "
            "between 1 and 35.",
        )


def _check_references(call: Call, asked: dict[str, Any]) -> None:
    """What the request names must be there; the emulator would take anything."""
    rds = call.client("rds")
    group = asked.get("DBSubnetGroupName", "default")
    try:
        rds.describe_db_subnet_groups(DBSubnetGroupName=group)
    except rds.exceptions.DBSubnetGroupNotFoundFault:
        raise AWSError("DBSubnetGroupNotFoundFault", f"DB subnet group '{group}' does not exist.") from None
    if group := asked.get("DBClusterParameterGroupName"):
        try:
            rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=group)
        except rds.exceptions.DBParameterGroupNotFoundFault:
            raise AWSError(
                "DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {group}"
            ) from None
    if groups := asked.get("VpcSecurityGroupIds"):
        ec2 = call.client("ec2")
        try:
            ec2.describe_security_groups(GroupIds=groups)
        except ec2.exceptions.ClientError as error:
            raise AWSError(
                "InvalidParameterValue", f"Invalid security group: {error.response['Error']['Message']}"
            ) from None
    for member in ("KmsKeyId", "MasterUserSecretKmsKeyId"):
        if key := asked.get(member):
            kms = call.client("kms")
            try:
                kms.describe_key(KeyId=key)
            except kms.exceptions.ClientError:
                raise AWSError(
                    "KMSKeyNotAccessibleFault",
                    f"The specified KMS key [{key}] does not exist, is not enabled or you do not have "
                    "permissions to access it.",
                ) from None
