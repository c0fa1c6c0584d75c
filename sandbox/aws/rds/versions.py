"""The versions of Aurora PostgreSQL, where each may be upgraded to, and the instance classes offered.

A selection of what AWS offers, with its rules: a minor version is upgraded to any newer one of its major
version, and to a newer major version's minor that was released with it or later.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html,
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html
"""

import datetime
from typing import Any

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.checks import contradiction, invalid
from sandbox.aws.rds.pages import page

ENGINE = "aurora-postgresql"
# By release: the minor versions that PostgreSQL released together, newest last.
RELEASES = (
    {13: 18, 14: 15, 15: 10, 16: 6, 17: 4},
    {13: 20, 14: 17, 15: 12, 16: 8, 17: 4},
    {13: 21, 14: 18, 15: 13, 16: 9, 17: 5},
    {13: 22, 14: 19, 15: 14, 16: 10, 17: 6},
)
VERSIONS = sorted({(major, minor) for release in RELEASES for major, minor in release.items()})
DEFAULT = "17.5"
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html
CERTIFICATES = {
    "rds-ca-rsa2048-g1": "2061-05-22T00:00:00Z",
    "rds-ca-rsa4096-g1": "2121-05-22T00:00:00Z",
    "rds-ca-ecc384-g1": "2121-05-22T00:00:00Z",
}
DEFAULT_CERTIFICATE = "rds-ca-rsa2048-g1"
_SIZES = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_FAMILIES = {
    "r5": _SIZES,
    "r6g": _SIZES[:-1],
    "r6gd": ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "r6i": (*_SIZES, "32xlarge"),
    "r7g": _SIZES[:-1],
    "r7i": (*_SIZES, "48xlarge"),
    "r8g": (*_SIZES, "48xlarge"),
    "x2g": _SIZES[:-1],
    "t3": ("medium", "large"),
    "t4g": ("medium", "large"),
}
SERVERLESS = "db.serverless"
CLASSES = (SERVERLESS, *(f"db.{name}.{size}" for name, sizes in _FAMILIES.items() for size in sizes))
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.limitations.html
_NOT_GLOBAL = ("db.t3.", "db.t4g.")


def supports_global(instance_class: str) -> bool:
    return not instance_class.startswith(_NOT_GLOBAL)


def checked_version(asked: str | None) -> str:
    """The full version that is meant; a major version alone means its newest. Raises AWSError."""
    if not asked:
        return DEFAULT
    major, _, minor = asked.partition(".")
    found = [each for each in VERSIONS if str(each[0]) == major and minor in ("", str(each[1]))]
    if not found:
        raise contradiction(f"Cannot find version {asked} for {ENGINE}")
    return _text(found[-1])


def upgrade_targets(version: str) -> list[tuple[str, bool]]:
    """The versions that this one can be upgraded to, each with whether that is another major version."""
    major, minor = _numbers(version)
    oldest = max((number for number, each in enumerate(RELEASES) if each.get(major, 99) <= minor), default=0)
    since = RELEASES[oldest]
    return [
        (_text(each), each[0] != major)
        for each in VERSIONS
        if (each[0] == major and each[1] > minor) or (each[0] > major and each[1] >= since.get(each[0], 0))
    ]


def check_upgrade(current: str, wanted: str, *, major_allowed: bool) -> None:
    """Raises AWSError for a version that the current one cannot be upgraded to."""
    if wanted == current:
        return
    targets = dict(upgrade_targets(current))
    if wanted not in targets:
        raise contradiction(f"Cannot upgrade {ENGINE} from {current} to {wanted}")
    if targets[wanted] and not major_allowed:
        raise contradiction(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )


def check_class(instance_class: str) -> None:
    """Raises AWSError for a class that AWS has not, or not for Aurora PostgreSQL."""
    parts = instance_class.split(".")
    if parts[0] != "db" or len(parts) not in (2, 3):
        raise invalid(f"Invalid DB Instance class: {instance_class}")
    if instance_class not in CLASSES:
        raise contradiction(
            f"RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={instance_class}, Engine={ENGINE}. For supported combinations of instance "
            "class and database engine version, see the documentation."
        )


def check_certificate(identifier: str | None) -> str:
    if identifier not in (None, *CERTIFICATES):
        raise AWSError("CertificateNotFound", f"CertificateIdentifier {identifier} not found.")
    return identifier or DEFAULT_CERTIFICATE


def handlers() -> dict[str, Handler]:
    return {
        "DescribeDBEngineVersions": describe_engine_versions,
        "DescribeOrderableDBInstanceOptions": describe_orderable_options,
        "DescribeCertificates": describe_certificates,
    }


def describe_engine_versions(call: Call) -> Result:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html"""
    asked = call.parameters
    family, wanted = asked.get("DBParameterGroupFamily"), asked.get("EngineVersion")
    if asked.get("Engine") not in (None, ENGINE):
        return {"DBEngineVersions": []}
    found = []
    for major, minor in VERSIONS:
        version = _text((major, minor))
        if wanted not in (None, version, str(major)) or family not in (None, f"{ENGINE}{major}"):
            continue
        if asked.get("DefaultOnly") and version != DEFAULT:
            continue
        found.append(_described(version, str(major)))
    return page(found, asked, "DBEngineVersions")


def _described(version: str, major: str) -> dict[str, Any]:
    targets = [
        {
            "Engine": ENGINE,
            "EngineVersion": target,
            "Description": f"Aurora PostgreSQL (Compatible with PostgreSQL {target})",
            "AutoUpgrade": False,
            "IsMajorVersionUpgrade": is_major,
            "SupportsGlobalDatabases": True,
        }
        for target, is_major in upgrade_targets(version)
    ]
    return {
        "Engine": ENGINE,
        "MajorEngineVersion": major,
        "EngineVersion": version,
        "DBParameterGroupFamily": f"{ENGINE}{major}",
        "DBEngineDescription": "Aurora PostgreSQL",
        "DBEngineVersionDescription": f"Aurora PostgreSQL (Compatible with PostgreSQL {version})",
        "ValidUpgradeTarget": targets,
        "ExportableLogTypes": ["iam-db-auth-error", "instance", "postgresql"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportedEngineModes": ["provisioned"],
        "SupportsGlobalDatabases": True,
        "SupportsParallelQuery": False,
        "SupportsReadReplica": False,
        "Status": "available",
        "SupportedCACertificateIdentifiers": list(CERTIFICATES),
        "SupportsCertificateRotationWithoutRestart": True,
    }


def describe_orderable_options(call: Call) -> Result:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html"""
    asked = call.parameters
    if asked["Engine"] != ENGINE:
        return {"OrderableDBInstanceOptions": []}
    wanted, version = asked.get("DBInstanceClass"), asked.get("EngineVersion")
    zones = [
        {"Name": zone["ZoneName"]}
        for zone in call.client("ec2").describe_availability_zones()["AvailabilityZones"]
    ]
    found = [
        {
            "Engine": ENGINE,
            "EngineVersion": _text(each),
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": zones,
            "MultiAZCapable": False,
            "ReadReplicaCapable": False,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "aurora",
            "SupportsIops": False,
            "SupportsEnhancedMonitoring": True,
            "SupportsIAMDatabaseAuthentication": True,
            "SupportsPerformanceInsights": True,
            "SupportedEngineModes": ["provisioned"],
            "SupportsGlobalDatabases": supports_global(name),
            "SupportsClusters": True,
            "SupportedNetworkTypes": ["IPV4", "DUAL"],
        }
        for each in VERSIONS
        for name in CLASSES
        if wanted in (None, name) and version in (None, _text(each))
    ]
    return page(found, asked, "OrderableDBInstanceOptions")


def describe_certificates(call: Call) -> Result:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeCertificates.html"""
    wanted = call.parameters.get("CertificateIdentifier")
    check_certificate(wanted)
    found = [
        {
            "CertificateIdentifier": name,
            "CertificateType": "CA",
            "CertificateArn": f"arn:aws:rds:{call.region}::cert:{name}",
            "ValidFrom": datetime.datetime.fromisoformat("2021-05-25T00:00:00Z"),
            "ValidTill": datetime.datetime.fromisoformat(until),
            "CustomerOverride": False,
        }
        for name, until in CERTIFICATES.items()
        if wanted in (None, name)
    ]
    return page(found, call.parameters, "Certificates") | {
        "DefaultCertificateForNewLaunches": DEFAULT_CERTIFICATE
    }


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
