"""prowler on prod, in both regions: what must pass, and nothing that fails without an explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.environments.conftest import ENVIRONMENT, NAME, Site
from tests.prowler import explanations
from tests.prowler.scan import SERVICES, Scan, scan

OURS = {"Name": "tag:platform:environment", "Values": [ENVIRONMENT]}


def pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterable[Any]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[key]


def ec2_arn(site: Site, kind: str, identifier: str) -> str:
    return f"arn:aws:ec2:{site.region}:{site.account}:{kind}/{identifier}"


def networks(site: Site) -> set[str]:
    return {vpc["VpcId"] for vpc in pages(site.aws("ec2"), "describe_vpcs", "Vpcs", Filters=[OURS])}


def groups(site: Site, name: str = "*") -> set[str]:
    filters = [
        {"Name": "vpc-id", "Values": sorted(networks(site))},
        {"Name": "group-name", "Values": [name]},
    ]
    found = pages(site.aws("ec2"), "describe_security_groups", "SecurityGroups", Filters=filters)
    return {ec2_arn(site, "security-group", group["GroupId"]) for group in found}


def certificates(site: Site) -> set[str]:
    """Those in use: prowler leaves the others out."""
    acm = site.aws("acm")
    arns = [one["CertificateArn"] for one in pages(acm, "list_certificates", "CertificateSummaryList")]
    described = [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]
    return {one["CertificateArn"] for one in described if one.get("InUseBy")}


def keys(site: Site) -> set[str]:
    kms = site.aws("kms")
    aliases = [one["AliasName"] for one in pages(kms, "list_aliases", "Aliases")]
    ours = [alias for alias in aliases if alias.startswith(f"alias/{NAME}-")]
    return {kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] for alias in ours}


def buckets(site: Site) -> set[str]:
    names = (bucket["Name"] for bucket in site.aws("s3").list_buckets()["Buckets"])
    return {f"arn:aws:s3:::{name}" for name in names if name.endswith(site.region)}


def log_groups(site: Site) -> set[str]:
    return {group["arn"] for group in pages(site.aws("logs"), "describe_log_groups", "logGroups")}


def alarms(site: Site) -> set[str]:
    return {alarm["AlarmArn"] for alarm in pages(site.aws("cloudwatch"), "describe_alarms", "MetricAlarms")}


def trails(site: Site) -> set[str]:
    return {trail["TrailARN"] for trail in site.aws("cloudtrail").describe_trails()["trailList"]}


def vaults(site: Site) -> set[str]:
    return {vault["BackupVaultArn"] for vault in site.aws("backup").list_backup_vaults()["BackupVaultList"]}


def repositories(site: Site) -> set[str]:
    return {one["repositoryArn"] for one in pages(site.aws("ecr"), "describe_repositories", "repositories")}


def clusters(site: Site) -> set[str]:
    eks = site.aws("eks")
    names = pages(eks, "list_clusters", "clusters")
    return {eks.describe_cluster(name=name)["cluster"]["arn"] for name in names}


def launch_templates(site: Site) -> set[str]:
    found = pages(site.aws("ec2"), "describe_launch_templates", "LaunchTemplates")
    return {ec2_arn(site, "launch-template", one["LaunchTemplateId"]) for one in found}


def balancers(site: Site) -> set[str]:
    elbv2 = site.aws("elbv2")
    return {one["LoadBalancerArn"] for one in pages(elbv2, "describe_load_balancers", "LoadBalancers")}


def functions(site: Site) -> set[str]:
    return {one["FunctionArn"] for one in pages(site.aws("lambda"), "list_functions", "Functions")}


def roles(site: Site) -> set[str]:
    """Those that an AWS service takes."""
    found = pages(site.aws("iam"), "list_roles", "Roles")
    return {
        role["Arn"]
        for role in found
        if role["RoleName"].startswith(NAME) and "amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    }


def zones(site: Site) -> set[str]:
    found = pages(site.aws("route53"), "list_hosted_zones", "HostedZones")
    return {f"arn:aws:route53:::{zone['Id'].lstrip('/')}" for zone in found}


def databases(site: Site) -> set[str]:
    """Those of the database."""
    return {one["DBClusterArn"] for one in pages(site.aws("rds"), "describe_db_clusters", "DBClusters")}


def database_instances(site: Site) -> set[str]:
    """Those of the database."""
    return {one["DBInstanceArn"] for one in pages(site.aws("rds"), "describe_db_instances", "DBInstances")}


def secrets(site: Site) -> set[str]:
    return {secret["ARN"] for secret in pages(site.aws("secretsmanager"), "list_secrets", "SecretList")}


def topics(site: Site) -> set[str]:
    return {topic["TopicArn"] for topic in pages(site.aws("sns"), "list_topics", "Topics")}


def firewalls(site: Site) -> set[str]:
    return {acl["ARN"] for acl in site.aws("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]}


# What a site has of each service, as AWS itself lists it.
RESOURCES: dict[str, Callable[[Site], set[str]]] = {
    "acm": certificates,
    "awslambda": functions,
    "backup": vaults,
    "cloudtrail": trails,
    "cloudwatch": lambda site: alarms(site) | log_groups(site),
    "ec2": lambda site: groups(site) | launch_templates(site),
    "ecr": repositories,
    "eks": clusters,
    "elbv2": balancers,
    "iam": roles,
    "kms": keys,
    "rds": lambda site: databases(site) | database_instances(site),
    "route53": zones,
    "s3": buckets,
    "secretsmanager": secrets,
    "sns": topics,
    "vpc": lambda site: {ec2_arn(site, "vpc", identifier) for identifier in networks(site)},
    "wafv2": firewalls,
}
PASSING: dict[str, Callable[[Site], set[str]]] = {
    "vpc_flow_logs_enabled": RESOURCES["vpc"],
    "ec2_securitygroup_default_restrict_traffic": lambda site: groups(site, "default"),
    "ecr_repositories_scan_images_on_push_enabled": repositories,
    "ecr_repositories_tag_immutability": repositories,
    "ec2_launch_template_imdsv2_required": launch_templates,
    "eks_cluster_deletion_protection_enabled": clusters,
    "eks_cluster_kms_cmk_encryption_in_secrets_enabled": clusters,
    "eks_cluster_network_policy_enabled": clusters,
    "eks_cluster_not_publicly_accessible": clusters,
    "eks_cluster_private_nodes_enabled": clusters,
    "eks_cluster_uses_a_supported_version": clusters,
    "eks_cluster_vpc_cni_network_policy_enforced": clusters,
    "eks_control_plane_logging_all_types_enabled": clusters,
    "elbv2_logging_enabled": balancers,
    "elbv2_ssl_listeners": balancers,
    "elbv2_waf_acl_attached": balancers,
    "kms_cmk_rotation_enabled": keys,
    "rds_cluster_deletion_protection": databases,
    "rds_cluster_iam_authentication_enabled": databases,
    "rds_cluster_integration_cloudwatch_logs": databases,
    "rds_cluster_multi_az": databases,
    "rds_cluster_protected_by_backup_plan": databases,
    "rds_cluster_storage_encrypted": databases,
    "rds_instance_no_public_access": database_instances,
    "secretsmanager_automatic_rotation_enabled": secrets,
    "wafv2_webacl_logging_enabled": firewalls,
}


@pytest.fixture(scope="module")
def found(
    primary: Site, standby: Site, account: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Scan:
    """What prowler says of the account in both regions."""
    return scan([primary.region, standby.region], account, tmp_path_factory.mktemp("prowler"))


@pytest.mark.parametrize("check", PASSING)
def test_a_check_passes_for_each_resource(check: str, found: Scan, primary: Site, standby: Site) -> None:
    for site in (primary, standby):
        wanted = PASSING[check](site)
        assert wanted, f"{site.region} has nothing to check"
        told = {
            finding.resource: finding.status
            for finding in found.findings
            if (finding.check, finding.region) == (check, site.region)
        }
        assert told == dict.fromkeys(wanted, "PASS")


@pytest.mark.parametrize("service", SERVICES)
def test_prowler_saw_every_resource(service: str, found: Scan, primary: Site, standby: Site) -> None:
    told = {finding.resource.removesuffix(":*") for finding in found.findings}
    for site in (primary, standby):
        assert {arn.removesuffix(":*") for arn in RESOURCES[service](site)} <= told


def test_every_check_that_fails_is_explained(found: Scan) -> None:
    missing = explanations.read().missing(found)
    assert not missing, "\n".join(missing)


def test_every_explanation_is_needed(found: Scan) -> None:
    needless = explanations.read().needless(found)
    assert not needless, "\n".join(needless)
