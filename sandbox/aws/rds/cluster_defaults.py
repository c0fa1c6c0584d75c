"""What a new cluster has where the request does not say."""

from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.checks import check_windows, invalid

# Times at which AWS might begin its windows, where the request leaves them to it.
BACKUP_WINDOWS = ("22:14-22:44", "04:03-04:33")
MAINTENANCE_WINDOWS = ("mon:03:08-mon:03:38", "mon:23:20-mon:23:50")


def windows(daily: str | None, weekly: str | None) -> dict[str, str]:
    """The two windows, those that are not given chosen so that they do not overlap."""
    for backup in [daily] if daily else BACKUP_WINDOWS:
        for maintenance in [weekly] if weekly else MAINTENANCE_WINDOWS:
            try:
                check_windows(backup, maintenance)
            except AWSError:
                continue
            return {"PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance}
    raise invalid("The backup window and maintenance window must not overlap.")


def zones(group: dict[str, Any]) -> list[str]:
    """Aurora's storage is in three zones, those of the subnets first."""
    region = str(group["Subnets"][0]["SubnetAvailabilityZone"]["Name"])[:-1]
    own = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]}
    return sorted(own | {f"{region}{letter}" for letter in "abc"})[:3]


def default_group(call: Call, vpc: str) -> list[str]:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups = call.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return [group["GroupId"] for group in groups]
