"""What RDS checks of a request before it does anything."""

import re
from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.errors import AWSError

IDENTIFIER = re.compile(r"[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
LONGEST_IDENTIFIER = 63
USERNAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.IGNORECASE)
DATABASE = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.IGNORECASE)
PASSWORD = re.compile(r"[!-~]{8,128}")
RETENTION_DAYS = range(1, 36)
PORTS = range(1150, 65536)
LOG_TYPES = frozenset({"instance", "postgresql", "iam-db-auth-error"})
STORAGE_TYPES = frozenset({"aurora", "aurora-iopt1"})
WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = "|".join(DAYS)
WEEKLY_WINDOW = re.compile(
    rf"({DAY}):([01]\d|2[0-3]):([0-5]\d)-({DAY}):([01]\d|2[0-3]):([0-5]\d)", re.IGNORECASE
)
SHORTEST_WINDOW = 30  # minutes
DAY_MINUTES, WEEK_MINUTES = 1440, 10080
MOST_CAPACITY = 256


def checked_identifier(member: str, identifier: str) -> str:
    """The identifier in lower case, as RDS keeps it. Raises AWSError when it is none."""
    if not IDENTIFIER.fullmatch(identifier) or len(identifier) > LONGEST_IDENTIFIER:
        raise invalid(
            f"The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must "
            "contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
            "consecutive hyphens."
        )
    return identifier.lower()


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message)


def contradiction(message: str) -> AWSError:
    return AWSError("InvalidParameterCombination", message)


def check_master(asked: dict[str, Any]) -> None:
    """The master user of a new cluster.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
    """
    if not asked.get("MasterUsername"):
        raise invalid("The parameter MasterUsername must be provided and must not be blank.")
    if not USERNAME.fullmatch(asked["MasterUsername"]):
        raise invalid("MasterUsername must begin with a letter and contain only letters, digits and _.")
    if asked["MasterUsername"].lower() in ("rdsadmin", "admin", "postgres_admin") or asked[
        "MasterUsername"
    ].lower().startswith("pg_"):
        raise invalid(f"MasterUsername {asked['MasterUsername']} cannot be used as it is a reserved word.")
    if asked.get("ManageMasterUserPassword"):
        if asked.get("MasterUserPassword"):
            raise contradiction("You can't specify both MasterUserPassword and ManageMasterUserPassword.")
        return
    if asked.get("MasterUserSecretKmsKeyId"):
        raise contradiction("MasterUserSecretKmsKeyId needs ManageMasterUserPassword.")
    check_password(asked.get("MasterUserPassword") or "")


def check_password(password: str) -> None:
    if len(password) < 8:
        raise invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 "
            "characters."
        )
    if not PASSWORD.fullmatch(password) or set('/@"') & set(password):
        raise invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters "
            "besides '/', '@', '\"', ' ' may be used."
        )


def check_settings(asked: dict[str, Any]) -> None:
    """Values that a cluster is created, restored or modified with."""
    if (days := asked.get("BackupRetentionPeriod", 1)) not in RETENTION_DAYS:
        raise invalid(f"Invalid backup retention period: {days}. Retention period must be between 1 and 35.")
    if (port := asked.get("Port", 5432)) not in PORTS:
        raise invalid(f"The port {port} is not between {PORTS[0]} and {PORTS[-1]}.")
    if (name := asked.get("DatabaseName")) and not DATABASE.fullmatch(name):
        raise invalid("DatabaseName must begin with a letter and contain only letters, digits and _.")
    if (storage := asked.get("StorageType", "aurora")) not in STORAGE_TYPES:
        raise invalid(f"Invalid storage type for DB engine aurora-postgresql: {storage}")
    check_windows(asked.get("PreferredBackupWindow"), asked.get("PreferredMaintenanceWindow"))
    configuration = asked.get("CloudwatchLogsExportConfiguration") or {}
    types = {
        *(asked.get("EnableCloudwatchLogsExports") or []),
        *configuration.get("EnableLogTypes", []),
        *configuration.get("DisableLogTypes", []),
    }
    if wrong := types - LOG_TYPES:
        raise contradiction(
            f"You cannot use the log types '{', '.join(sorted(wrong))}' with engine version "
            "aurora-postgresql. For supported log types, see the documentation."
        )
    if capacity := asked.get("ServerlessV2ScalingConfiguration"):
        check_capacity(capacity)
    check_insights(asked)


def check_capacity(capacity: dict[str, Any]) -> None:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html"""
    least, most = capacity.get("MinCapacity"), capacity.get("MaxCapacity")
    for value in (least, most):
        if value is not None and (value * 2 % 1 or not 0 <= value <= MOST_CAPACITY):
            raise invalid(f"Capacity is given in half ACUs from 0 to {MOST_CAPACITY}, not {value}")
    if most is not None and most < 1:
        raise invalid("Serverless v2 maximum capacity must be at least 1.")
    if least is not None and most is not None and least > most:
        raise invalid(f"Serverless v2 maximum capacity {most} isn't valid. It must be at least {least}.")
    pause = capacity.get("SecondsUntilAutoPause")
    if pause is not None and not 300 <= pause <= 86400:
        raise invalid("SecondsUntilAutoPause must be between 300 and 86400.")
    if pause is not None and least:
        raise contradiction("SecondsUntilAutoPause needs a MinCapacity of 0.")


def check_insights(asked: dict[str, Any]) -> None:
    """Performance Insights and enhanced monitoring.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    days = asked.get("PerformanceInsightsRetentionPeriod")
    if days is not None and days not in {7, 731, *(months * 31 for months in range(1, 24))}:
        raise invalid(
            f"Invalid Performance Insights retention period: {days}. Valid values are 7, months * 31 for 1 "
            "to 23 months, and 731."
        )
    interval = asked.get("MonitoringInterval") or 0
    if interval not in (0, 1, 5, 10, 15, 30, 60):
        raise invalid(f"Invalid monitoring interval: {interval}. Valid values are 0, 1, 5, 10, 15, 30, 60.")
    if interval and not asked.get("MonitoringRoleArn"):
        raise contradiction(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."
        )
    insights = asked.get("DatabaseInsightsMode")
    if insights not in (None, "standard", "advanced"):
        raise invalid(f"Invalid database insights mode: {insights}")
    if insights == "advanced" and (days or 0) < 465:
        raise contradiction(
            "Advanced Database Insights needs Performance Insights kept for 465 days or more."
        )


def check_windows(daily: str | None, weekly: str | None) -> None:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.Maintenance.html"""
    for window, length in ((daily, DAY_MINUTES), (weekly, WEEK_MINUTES)):
        if window is None:
            continue
        start, end = minutes(window, weekly=length == WEEK_MINUTES)
        if (end - start) % length < SHORTEST_WINDOW:
            raise invalid(f"The window {window} must be at least {SHORTEST_WINDOW} minutes.")
    if daily and weekly:
        start, end = minutes(daily)
        first, last = minutes(weekly, weekly=True)
        taken = {
            minute % DAY_MINUTES for minute in range(first, last if last > first else last + WEEK_MINUTES)
        }
        if taken & {
            minute % DAY_MINUTES for minute in range(start, end if end > start else end + DAY_MINUTES)
        }:
            raise invalid("The backup window and maintenance window must not overlap.")


def minutes(window: str, *, weekly: bool = False) -> tuple[int, int]:
    """When a window begins and ends, from the beginning of the day, or of Monday. Raises AWSError."""
    match = (WEEKLY_WINDOW if weekly else WINDOW).fullmatch(window)
    if not match:
        form = "ddd:hh24:mi-ddd:hh24:mi" if weekly else "hh24:mi-hh24:mi"
        raise invalid(f"Invalid window format: {window}. Should be specified as a range {form}.")
    if not weekly:
        first_hour, first, last_hour, last = map(int, match.groups())
        return first_hour * 60 + first, last_hour * 60 + last
    start_day, *start, end_day = match[1], match[2], match[3], match[4]
    begin = DAYS.index(start_day.lower()) * DAY_MINUTES + int(start[0]) * 60 + int(start[1])
    end = DAYS.index(end_day.lower()) * DAY_MINUTES + int(match[5]) * 60 + int(match[6])
    return begin, end


def check_references(call: Call, asked: dict[str, Any]) -> None:
    """What the request names must be there: security groups, keys, and a role for monitoring."""
    if groups := asked.get("VpcSecurityGroupIds"):
        ec2 = call.client("ec2")
        try:
            ec2.describe_security_groups(GroupIds=groups)
        except ec2.exceptions.ClientError as error:
            raise invalid(f"Invalid security group: {error.response['Error']['Message']}") from None
    for member in ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId"):
        if key := asked.get(member):
            key_arn(call, key)


def key_arn(call: Call, key: str) -> str:
    """The ARN of a usable KMS key of the call's region. Raises AWSError."""
    kms = call.client("kms")
    try:
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    except kms.exceptions.ClientError:
        metadata = {}
    # A key is its region's: what names another region's is not found there.
    elsewhere = key.startswith("arn:") and key.split(":")[3] != call.region
    if not metadata or elsewhere or metadata["KeyState"] != "Enabled":
        raise AWSError(
            "KMSKeyNotAccessibleFault",
            f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to "
            "access it.",
        )
    return str(metadata["Arn"])


def subnet_group(call: Call, name: str) -> dict[str, Any]:
    """The DB subnet group. Raises AWSError."""
    rds = call.client("rds")
    try:
        return dict(rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0])
    except rds.exceptions.DBSubnetGroupNotFoundFault:
        raise AWSError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.") from None
