# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What several variables must be together, each with the document that says so.

A contradiction is looked for only where all its variables are there, can be worked out and are possible by
themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils import events
from ansible_collections.notejam.platform.plugins.plugin_utils.checks import window_minutes
from ansible_collections.notejam.platform.plugins.plugin_utils.database_rules import SERVERLESS
from ansible_collections.notejam.platform.plugins.plugin_utils.rules import AWS


@dataclass(frozen=True)
class Contradiction:
    """Variables, and what is wrong with their values together (in their order), or None."""

    names: tuple[str, ...]
    problem: Callable[..., str | None]
    source: str = ""


def _archive(instant: int, deep: int) -> str | None:
    return None if instant < deep else "a dump would go to the deep archive before the instant one."


def _expiry(deep: int, years: int) -> str | None:
    days = years * 366
    return None if deep < days else f"a dump would be gone after {days} days, before it is archived."


def _trail_archive(archive: int, retention: int) -> str | None:
    return None if archive < retention else "what the trail recorded would be gone before it is archived."


def _own_region(regions: list[str], own: str) -> str | None:
    return f"what is in {own} cannot be replicated to where it is." if own in regions else None


def _master_user(role: str, master: str) -> str | None:
    taken = master.lower() in (role, f"{role}_a", f"{role}_b")
    return "the application would sign in as the master user, and lock it out." if taken else None


def _in_use(pattern: str, tag: str, release: str) -> str | None:
    whole = f"{tag}-{release}"
    if fnmatchcase(whole, pattern):
        return None
    return f"the tag {whole} does not match, so the image that runs would be removed one day."


def _service_range(services: str, vpc: str) -> str | None:
    return "the two ranges overlap." if ip_network(services).overlaps(ip_network(vpc)) else None


def _kube_proxy(version: str, addons: dict[str, str]) -> str | None:
    """https://kubernetes.io/releases/version-skew-policy/#kube-proxy"""
    proxy, minor = (int(text.lstrip("v").split(".")[1]) for text in (addons["kube-proxy"], version))
    if proxy > minor:
        return f"kube-proxy 1.{proxy} would be newer than the control plane."
    return f"kube-proxy 1.{proxy} is more than three versions behind." if proxy < minor - 3 else None


def _by_ipv6(visitors: bool, network: bool) -> str | None:
    return "visitors would come by IPv6 to a VPC that has none." if visitors and not network else None


def _port(database: int, group: int) -> str | None:
    return None if database == group else "nobody would reach the database through its security group."


def _no_tls(parameters: dict[str, Any], mode: str) -> str | None:
    forced = str(parameters.get("rds.force_ssl", "1")) == "1"
    return (
        "the database would turn Notejam away, which comes without TLS."
        if forced and mode == "disable"
        else None
    )


def _certificates(mode: str, path: str) -> str | None:
    wanted = mode in ("verify-ca", "verify-full") and not path
    return "the certificates to verify the database's by are missing." if wanted else None


def _capacity(kind: str, capacity: dict[str, Any]) -> str | None:
    given = any(end is not None for end in capacity.values())
    if kind == SERVERLESS and not given:
        return "an instance of that class needs a range to move in."
    if kind != SERVERLESS and given:
        return f"instances of a fixed class have no range. Have either, or the class {SERVERLESS}."
    return None


def _global_class(follows: bool, kind: str) -> str | None:
    if not follows or not kind.startswith("db.t"):
        return None
    return "AWS takes no burstable class in a global database."


def _global_readers(follows: bool, count: int, regions: list[str]) -> str | None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-attaching.html"""
    if not follows:
        return None
    if not regions:
        return "there is no standby site that could follow."
    if count - 1 + len(regions) > MOST_FOLLOWERS:
        return f"its readers and the sites that follow are more than {MOST_FOLLOWERS} together."
    return None


def _windows(backup: str, maintenance: str) -> str | None:
    """Both start once a day at most, so that each day's backup is compared with the week's maintenance."""
    daily, weekly = window_minutes(backup, weekly=False), window_minutes(maintenance, weekly=True)
    if daily is None or weekly is None:
        return None
    day, week = 24 * 60, 7 * 24 * 60
    length = (daily[1] - daily[0]) % day
    maintained = (weekly[1] - weekly[0]) % week
    for start in range(daily[0], daily[0] + week, day):
        if (weekly[0] - start) % week < length or (start - weekly[0]) % week < maintained:
            return "the two windows overlap."
    return None


def _within_zone(zone: str, zone_id: str, name: str, others: list[str]) -> str | None:
    if zone_id:
        return None  # The zone's name is the zone's own then.
    for host in (name, *others):
        if host != zone and not host.endswith(f".{zone}"):
            return f"{host} lies outside the hosted zone {zone}."
    return None


def _certificate_names(name: str, others: list[str]) -> str | None:
    names = {name, *others}
    if len(names) > 10:
        return f"the certificate would have {len(names)} names, but ACM takes 10."
    return "the name is there twice." if name in others else None


def _visitors(name: str, hosts: list[str]) -> str | None:
    answered = any(name == host or (host.startswith(".") and f".{name}".endswith(host)) for host in hosts)
    return None if answered else f"Notejam would turn away everybody who comes to {name}."


def _both_lists(allowed: list[str], blocked: list[str]) -> str | None:
    for one in allowed:
        for other in blocked:
            if one == other:
                return f"{one} is in both lists."
    return None


def _rates(everything: int, sign_in: int) -> str | None:
    return None if sign_in <= everything else "the limit for signing in would never be reached."


def _kept_out(regions: list[str], own: str) -> str | None:
    return None if own in regions else f"the permissions boundary would let no role do anything in {own}."


def _access_twice(*lists: list[str]) -> str | None:
    for index, members in enumerate(lists):
        for other in lists[index + 1 :]:
            if both := sorted(set(members) & set(other)):
                return f"{both[0]} is in two of them, but has one access entry."
    return None


MOST_FOLLOWERS = 15
GLOBAL = f"{AWS}/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-getting-started.html"
S3 = f"{AWS}/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
WINDOWS = f"{AWS}/AmazonRDS/latest/APIReference/API_CreateDBCluster.html"
ACL = f"{AWS}/waf/latest/developerguide/web-acl-processing.html"
CONTRADICTIONS = (
    Contradiction(("backups_instant_archive_days", "backups_deep_archive_days"), _archive, S3),
    Contradiction(("backups_deep_archive_days", "backups_retention_years"), _expiry, S3),
    Contradiction(
        ("observability_trail_archive_days", "observability_trail_retention_days"), _trail_archive, S3
    ),
    Contradiction(
        ("container_registry_replication_regions", "platform_region"),
        _own_region,
        f"{AWS}/AmazonECR/latest/userguide/replication.html",
    ),
    Contradiction(
        ("secrets_replica_regions", "platform_region"),
        _own_region,
        f"{AWS}/secretsmanager/latest/userguide/replicate-secrets.html",
    ),
    Contradiction(
        ("secrets_database_role", "database_master_username"),
        _master_user,
        f"{AWS}/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html",
    ),
    Contradiction(
        ("container_registry_in_use_tag_pattern", "notejam_in_use_tag", "notejam_release"),
        _in_use,
        f"{AWS}/AmazonECR/latest/userguide/lifecycle_policy_parameters.html",
    ),
    Contradiction(
        ("cluster_service_cidr", "network_vpc_cidr"),
        _service_range,
        f"{AWS}/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html",
    ),
    Contradiction(
        ("cluster_version", "cluster_addon_versions"),
        _kube_proxy,
        f"{AWS}/eks/latest/userguide/managing-kube-proxy.html",
    ),
    Contradiction(
        ("security_groups_ipv6_visitors", "network_ipv6"),
        _by_ipv6,
        f"{AWS}/vpc/latest/userguide/vpc-migrate-ipv6.html",
    ),
    Contradiction(
        ("cluster_administrators", "cluster_deployers", "cluster_viewers"),
        _access_twice,
        f"{AWS}/eks/latest/APIReference/API_CreateAccessEntry.html",
    ),
    Contradiction(("database_port", "security_groups_database_port"), _port),
    Contradiction(
        ("database_parameters", "notejam_database_sslmode"),
        _no_tls,
        f"{AWS}/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html",
    ),
    Contradiction(("notejam_database_sslmode", "notejam_database_sslrootcert"), _certificates),
    Contradiction(
        ("database_instance_class", "database_serverless_capacity"),
        _capacity,
        f"{AWS}/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html",
    ),
    Contradiction(("database_global", "database_instance_class"), _global_class, GLOBAL),
    Contradiction(
        ("database_global", "database_instance_count", "database_standby_regions"), _global_readers, GLOBAL
    ),
    Contradiction(("database_backup_window", "database_maintenance_window"), _windows, WINDOWS),
    Contradiction(
        ("edge_hosted_zone_name", "edge_hosted_zone_id", "edge_domain_name", "edge_alternative_names"),
        _within_zone,
        f"{AWS}/acm/latest/userguide/dns-validation.html",
    ),
    Contradiction(
        ("edge_domain_name", "edge_alternative_names"),
        _certificate_names,
        f"{AWS}/acm/latest/userguide/acm-limits.html",
    ),
    Contradiction(("edge_domain_name", "notejam_allowed_hosts"), _visitors),
    Contradiction(("identity_regions", "platform_region"), _kept_out),
    Contradiction(("platform_events", "cluster_node_groups"), events.beyond),
    Contradiction(("platform_events", "database_serverless_capacity"), events.beyond_database),
    Contradiction(("web_firewall_allowed_cidrs", "web_firewall_blocked_cidrs"), _both_lists, ACL),
    Contradiction(("web_firewall_allowed_ipv6_cidrs", "web_firewall_blocked_ipv6_cidrs"), _both_lists, ACL),
    Contradiction(("web_firewall_rate_limit", "web_firewall_sign_in_rate_limit"), _rates, ACL),
)
