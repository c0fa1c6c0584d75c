"""What an account has in a region, as AWS's own lists tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.environments.conftest import Site

# What AWS gives every account.
GIVEN_ROLES = ("OrganizationAccountAccessRole", "AWSServiceRole")


def every(site: Site, service: str, operation: str, key: str, **asked: Any) -> Iterable[dict[str, Any]]:
    """All pages of a list call."""
    client = site.aws(service)
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**asked):
            yield from page.get(key, ())
    else:
        yield from getattr(client, operation)(**asked)[key]


def listed(service: str, operation: str, key: str, name: str, **asked: Any) -> Callable[[Site], list[str]]:
    """A list call whose items all count."""
    return lambda site: [each[name] for each in every(site, service, operation, key, **asked)]


def ec2(operation: str, key: str, name: str, **asked: Any) -> Callable[[Site], list[str]]:
    """Of EC2, without what belongs to a default VPC, or is gone and only told for a while."""

    def found(site: Site) -> list[str]:
        asked_vpcs = every(site, "ec2", "describe_vpcs", "Vpcs")
        defaults = {vpc["VpcId"] for vpc in asked_vpcs if vpc["IsDefault"]}
        return [
            each[name]
            for each in every(site, "ec2", operation, key, **asked)
            if not defaults & {each.get("VpcId"), *(at.get("VpcId") for at in each.get("Attachments", ()))}
            and state(each) not in ("deleted", "deleting", "terminated")
        ]

    return found


def state(each: dict[str, Any]) -> str:
    told = each.get("State", "")
    return str(told["Name"] if isinstance(told, dict) else told).lower()


def instances(site: Site) -> list[str]:
    reservations = every(site, "ec2", "describe_instances", "Reservations")
    found = [each for reservation in reservations for each in reservation["Instances"]]
    return [each["InstanceId"] for each in found if state(each) != "terminated"]


def snapshots(site: Site) -> list[str]:
    found = every(site, "ec2", "describe_snapshots", "Snapshots", OwnerIds=[site.account])
    return [each["SnapshotId"] for each in found]


def parameter_groups(site: Site) -> list[str]:
    kinds = (
        ("describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName"),
        ("describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    )
    names = [each[name] for call, key, name in kinds for each in every(site, "rds", call, key)]
    return [name for name in names if not name.startswith("default.")]


def alarms(site: Site) -> list[str]:
    asked = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    keys = ("MetricAlarms", "CompositeAlarms")
    return [
        each["AlarmName"]
        for key in keys
        for each in every(site, "cloudwatch", "describe_alarms", key, **asked)
    ]


def secrets(site: Site) -> list[str]:
    """Those that can be read; one in its recovery window cannot."""
    found = every(site, "secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    return [each["Name"] for each in found if "DeletedDate" not in each]


def replication(site: Site) -> list[str]:
    rules = site.aws("ecr").describe_registry()["replicationConfiguration"]["rules"]
    return [each["filter"] for rule in rules for each in rule["repositoryFilters"]]


def roles(site: Site) -> list[str]:
    names = [each["RoleName"] for each in every(site, "iam", "list_roles", "Roles")]
    return [name for name in names if not name.startswith(GIVEN_ROLES)]


def queues(site: Site) -> list[str]:
    return list(site.aws("sqs").list_queues().get("QueueUrls", ()))


def budgets(site: Site) -> list[str]:
    asked = {"AccountId": site.account}
    return [each["BudgetName"] for each in site.aws("budgets").describe_budgets(**asked).get("Budgets", ())]


def firewalls(site: Site) -> list[str]:
    waf = site.aws("wafv2")
    acls = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    return [each["Name"] for each in (*acls, *waf.list_ip_sets(Scope="REGIONAL")["IPSets"])]


def trails(site: Site) -> list[str]:
    return [each["Name"] for each in site.aws("cloudtrail").describe_trails()["trailList"]]


def classic(site: Site) -> list[str]:
    """Of the Elastic Load Balancers of the first kind."""
    key, name = "LoadBalancerDescriptions", "LoadBalancerName"
    return [each[name] for each in every(site, "elb", "describe_load_balancers", key)]


# Of each service that the platform uses, everything that an empty account does not have.
LISTS: dict[str, Callable[[Site], list[str]]] = {
    "addresses": ec2("describe_addresses", "Addresses", "AllocationId"),
    "alarms": alarms,
    "auto scaling groups": listed(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"
    ),
    "backup plans": listed("backup", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
    "budgets": budgets,
    "certificates": listed("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    "classic load balancers": classic,
    "clusters": lambda site: list(site.aws("eks").list_clusters()["clusters"]),
    "dashboards": listed("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "databases": listed("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    "database instances": listed("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    "database parameter groups": parameter_groups,
    "database subnet groups": listed(
        "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"
    ),
    "endpoints": ec2("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "event rules": listed("events", "list_rules", "Rules", "Name"),
    "firewalls": firewalls,
    "flow logs": listed("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    "functions": listed("lambda", "list_functions", "Functions", "FunctionName"),
    "global databases": listed(
        "rds", "describe_global_clusters", "GlobalClusters", "GlobalClusterIdentifier"
    ),
    "health checks": listed("route53", "list_health_checks", "HealthChecks", "Id"),
    "instance profiles": listed("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    "instances": instances,
    "interfaces": ec2("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    "internet gateways": ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "launch templates": ec2("describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    "load balancers": listed("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    "log groups": listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "NAT gateways": ec2("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    "networks": ec2("describe_vpcs", "Vpcs", "VpcId"),
    "open id connect providers": listed(
        "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"
    ),
    "policies": listed("iam", "list_policies", "Policies", "PolicyName", Scope="Local"),
    "pull through caches": listed(
        "ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules", "ecrRepositoryPrefix"
    ),
    "queues": queues,
    "replication of images": replication,
    "repositories": listed("ecr", "describe_repositories", "repositories", "repositoryName"),
    "roles": roles,
    "schedules": listed("scheduler", "list_schedules", "Schedules", "Name"),
    "secrets": secrets,
    "security groups": ec2("describe_security_groups", "SecurityGroups", "GroupId"),
    "subnets": ec2("describe_subnets", "Subnets", "SubnetId"),
    "target groups": listed("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    "topics": listed("sns", "list_topics", "Topics", "TopicArn"),
    "trails": trails,
    "volume snapshots": snapshots,
    "volumes": ec2("describe_volumes", "Volumes", "VolumeId"),
    "zones": listed("route53", "list_hosted_zones", "HostedZones", "Name"),
}
