# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the variables of the inventory must be beyond their types, each with the document that says so.

A variable that a role has no longer is simply not looked at; what several variables must be together is in
contradictions.py.
"""

from __future__ import annotations

from ansible_collections.notejam.platform.plugins.plugin_utils import events
from ansible_collections.notejam.platform.plugins.plugin_utils.checks import (
    Rule,
    anything,
    arn,
    at_least,
    between,
    each,
    empty_or,
    ipv4,
    ipv6,
    like,
    network,
    one_of,
    region,
    resource_tags,
    single,
    tag_pattern,
)
from ansible_collections.notejam.platform.plugins.plugin_utils.cluster_rules import CLUSTER_RULES
from ansible_collections.notejam.platform.plugins.plugin_utils.database_rules import DATABASE_RULES
from ansible_collections.notejam.platform.plugins.plugin_utils.observability_rules import OBSERVABILITY_RULES
from ansible_collections.notejam.platform.plugins.plugin_utils.values import (
    account_id,
    endpoint,
    environment,
    github_roles,
    host,
    principal,
    repository_url,
)

AWS = "https://docs.aws.amazon.com"
DOMAIN = r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
LOG_DAYS = frozenset(
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
)
LOG_RETENTION = Rule(
    single(one_of(LOG_DAYS, "number of days that CloudWatch Logs allows")),
    f"{AWS}/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
PORT = between(1, 65535, "(ports)")
PORT_SOURCE = f"{AWS}/AWSEC2/latest/APIReference/API_IpPermission.html"
PRINCIPALS = f"{AWS}/IAM/latest/UserGuide/reference_policies_elements_principal.html"
TAG_PATTERN = Rule(single(tag_pattern), f"{AWS}/AmazonECR/latest/userguide/lifecycle_policy_parameters.html")
ECR_DAYS = Rule(
    single(at_least(1, "(days)")), f"{AWS}/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"
)
LIFECYCLE_DAYS = Rule(single(at_least(1, "(days)")), f"{AWS}/AmazonS3/latest/API/API_Transition.html")
REGIONS = Rule(each(region), f"{AWS}/global-infrastructure/latest/regions/aws-regions.html")
ADDRESSES = f"{AWS}/waf/latest/APIReference/API_CreateIPSet.html"
RATES = Rule(
    single(between(10, 2_000_000_000, "requests")),
    f"{AWS}/waf/latest/APIReference/API_RateBasedStatement.html",
)
DOMAIN_NAME = single(like(DOMAIN, "domain name, such as notejam.example.com"))
BRANCH = Rule(single(like(r"(?!.*(?:\.\.|//|@\{))[A-Za-z0-9][\w./-]*(?<![./])", "name of a branch")))
REPOSITORY = Rule(empty_or(single(repository_url)))
TAGS = Rule(resource_tags, f"{AWS}/tag-editor/latest/userguide/best-practices-and-strats.html")

RULES: dict[str, Rule] = {
    **CLUSTER_RULES,
    **DATABASE_RULES,
    **OBSERVABILITY_RULES,
    "platform_account_id": Rule(single(account_id)),
    "platform_domain": Rule(DOMAIN_NAME),
    "platform_environment": Rule(single(environment)),
    "platform_events": Rule(
        events.problem, f"{AWS}/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html"
    ),
    "platform_region": Rule(single(region), REGIONS.source),
    "platform_standby_regions": REGIONS,
    "backups_retention_years": Rule(
        single(between(1, 100, "years")), f"{AWS}/AmazonS3/latest/userguide/object-lock-managing.html"
    ),
    "backups_instant_archive_days": LIFECYCLE_DAYS,
    "backups_deep_archive_days": LIFECYCLE_DAYS,
    "backups_noncurrent_days": LIFECYCLE_DAYS,
    "backups_deleter_arns": Rule(each(arn("root|(?:user|role)/.+"), filled=True), PRINCIPALS),
    "container_registry_images": Rule(
        each(like(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*", "name of an image"), filled=True),
        f"{AWS}/AmazonECR/latest/APIReference/API_CreateRepository.html",
    ),
    "container_registry_in_use_tag_pattern": TAG_PATTERN,
    "container_registry_release_tag_pattern": TAG_PATTERN,
    "container_registry_kept_releases": Rule(single(at_least(1, "(releases)")), TAG_PATTERN.source),
    "container_registry_untagged_days": ECR_DAYS,
    "container_registry_other_days": ECR_DAYS,
    "container_registry_replication_regions": REGIONS,
    "container_registry_pull_principal_arns": Rule(each(principal), PRINCIPALS),
    "container_registry_push_principal_arns": Rule(each(principal), PRINCIPALS),
    "edge_hosted_zone_id": Rule(
        empty_or(single(like(r"Z[A-Z0-9]{1,31}", "id of a hosted zone, such as Z0123456789ABCDEFGHIJ"))),
        f"{AWS}/Route53/latest/APIReference/API_GetHostedZone.html",
    ),
    "edge_hosted_zone_name": Rule(DOMAIN_NAME),
    "edge_domain_name": Rule(DOMAIN_NAME),
    "edge_alternative_names": Rule(
        each(like(rf"(?:\*\.)?{DOMAIN}", "domain name")),
        f"{AWS}/acm/latest/APIReference/API_RequestCertificate.html",
    ),
    "edge_certificate_wait_timeout": Rule(single(at_least(1, "(seconds)"))),
    "encryption_keys_rotation_period": Rule(
        single(between(90, 2560, "days")), f"{AWS}/kms/latest/APIReference/API_EnableKeyRotation.html"
    ),
    "encryption_keys_deletion_window": Rule(
        single(between(7, 30, "days")), f"{AWS}/kms/latest/APIReference/API_ScheduleKeyDeletion.html"
    ),
    "gitops_flux_install_checksum": Rule(
        empty_or(single(like(r"[0-9a-f]{64}", "SHA-256 digest of 64 hexadecimal digits")))
    ),
    "gitops_repository_url": REPOSITORY,
    "gitops_repository_branch": BRANCH,
    "identity_regions": REGIONS,
    "identity_github_organization": Rule(
        empty_or(
            single(like(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?", "name of a GitHub organization"))
        )
    ),
    "identity_github_roles": Rule(github_roles),
    "identity_read_only_principals": Rule(each(principal), PRINCIPALS),
    "identity_break_glass_principals": Rule(each(principal, filled=True), PRINCIPALS),
    # IAM allows 6; 14 is what the benchmarks ask for.
    "identity_password_length": Rule(
        single(between(14, 128, "characters")),
        f"{AWS}/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html",
    ),
    # The subnets of a smaller one would be smaller than AWS's /28 (the filter `subnets`).
    "network_vpc_cidr": Rule(
        single(ipv4(shortest=16, longest=22)), f"{AWS}/vpc/latest/userguide/vpc-cidr-blocks.html"
    ),
    "network_excluded_zone_ids": Rule(
        each(like(r"[a-z]{2,4}[0-9]-az[0-9]", "id of an availability zone, such as use1-az3")),
        f"{AWS}/global-infrastructure/latest/regions/az-ids.html",
    ),
    "network_gateway_endpoints": Rule(each(anything)),
    "network_interface_endpoints": Rule(
        each(endpoint), f"{AWS}/vpc/latest/privatelink/aws-services-privatelink-support.html"
    ),
    "network_flow_logs_retention": LOG_RETENTION,
    "notejam_allowed_hosts": Rule(each(host, filled=True)),
    "notejam_image_wait_timeout": Rule(single(at_least(1, "(seconds)"))),
    "notejam_in_use_tag": Rule(
        single(like(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", "beginning of an image's tag"))
    ),
    "notejam_release": Rule(
        empty_or(
            single(like(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,62}", "tag of an image, of 63 characters at most"))
        )
    ),
    "notejam_repository_url": REPOSITORY,
    "notejam_repository_branch": BRANCH,
    "secrets_replica_regions": REGIONS,
    "secrets_deployer_arns": Rule(each(arn("(?:user|role)/.+"), filled=True), PRINCIPALS),
    "secrets_application_role_arns": Rule(each(arn("role/.+"), filled=True), PRINCIPALS),
    "secrets_replica_kms_key_id": Rule(
        single(like(r"alias/[\w/-]+", "alias of a key, which alone has the same name in every region")),
        f"{AWS}/secretsmanager/latest/apireference/API_ReplicaRegionType.html",
    ),
    "secrets_recovery_window_days": Rule(
        single(between(7, 30, "days")), f"{AWS}/secretsmanager/latest/apireference/API_DeleteSecret.html"
    ),
    "secrets_database_role": Rule(
        single(
            like(
                r"(?!pg_|rds|public$|none$)[a-z_][a-z0-9_]{0,60}",
                "name of a role of PostgreSQL, of 61 lower-case letters, digits and underscores at most",
            )
        ),
        "https://www.postgresql.org/docs/current/sql-createrole.html",
    ),
    "secrets_rotation_days": Rule(
        single(between(1, 1000, "days")),
        f"{AWS}/secretsmanager/latest/apireference/API_RotationRulesType.html",
    ),
    # Django verifies by one after the other.
    "secrets_rotation_kept_keys": Rule(
        single(between(1, 10, "keys")), "https://docs.djangoproject.com/en/5.2/ref/settings/"
    ),
    "secrets_rotation_log_retention_days": LOG_RETENTION,
    "security_groups_visitor_ports": Rule(each(PORT, filled=True), PORT_SOURCE),
    "security_groups_visitor_cidrs": Rule(each(ipv4()), PORT_SOURCE),
    "security_groups_visitor_ipv6_cidrs": Rule(each(ipv6()), PORT_SOURCE),
    "security_groups_application_port": Rule(single(PORT), PORT_SOURCE),
    "security_groups_database_port": Rule(single(PORT), PORT_SOURCE),
    "security_groups_database_client_ids": Rule(
        each(like(r"sg-(?:[0-9a-f]{8}|[0-9a-f]{17})", "id of a security group")), PORT_SOURCE
    ),
    "web_firewall_allowed_cidrs": Rule(each(ipv4(shortest=1)), ADDRESSES),
    "web_firewall_allowed_ipv6_cidrs": Rule(each(ipv6(shortest=1)), ADDRESSES),
    "web_firewall_blocked_cidrs": Rule(each(ipv4(shortest=1)), ADDRESSES),
    "web_firewall_blocked_ipv6_cidrs": Rule(each(ipv6(shortest=1)), ADDRESSES),
    "web_firewall_rate_limit": RATES,
    "web_firewall_sign_in_rate_limit": RATES,
    "web_firewall_body_digits": Rule(single(between(1, 12, "digits"))),
    "web_firewall_capacity_limit": Rule(
        single(between(1, 5000, "WCUs")), f"{AWS}/waf/latest/developerguide/aws-waf-capacity-units.html"
    ),
    "web_firewall_redacted_headers": Rule(
        each(like(r"[a-z0-9-]+", "header in lower case")),
        f"{AWS}/waf/latest/APIReference/API_SingleHeader.html",
    ),
}


def rule_for(name: str) -> Rule | None:
    """The rule of a variable, by its name or by how the name ends."""
    if name in RULES:
        return RULES[name]
    if name.endswith("_tags"):
        return TAGS
    if name.endswith("_cidrs"):
        return Rule(each(network))
    return Rule(single(network)) if name.endswith("_cidr") else None
