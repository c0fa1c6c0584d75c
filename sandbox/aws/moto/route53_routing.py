"""Aliases, failover and health checks of Route 53 as moto differs from AWS.

Sources: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html, and there
API_AliasTarget.html and API_HealthCheckConfig.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-failover-alias.html
"""

from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.route53.exceptions import InvalidInput, NoSuchHealthCheck, Route53ClientError
from moto.route53.models import HealthCheck, Route53Backend

from sandbox.aws.moto.elbv2 import HOSTED_ZONE_IDS
from sandbox.aws.moto.route53 import refuse
from sandbox.aws.patching import replace

REGIONS = {zone: region for region, zone in HOSTED_ZONE_IDS.items()}
POLICIES = ("Failover", "Weight", "Region", "GeoLocation", "MultiValueAnswer")
DUALSTACK = "dualstack."
Found = dict[str, Any]


def install() -> None:
    """Patch moto, once in a process; after `route53`."""

    def change_resource_record_sets(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> Any:
        zone = self.get_hosted_zone(zoneid)
        for each in change_list:
            _check(self, zone, each)
        refuse(zone, change_list)
        _check_sets(zone, change_list)
        # moto would delete each record set of the identifier, whatever its name and type.
        named = [each["ResourceRecordSet"] for each in change_list if _deletes_by_identifier(each)]
        gone = {(_name(each), each["Type"], each["SetIdentifier"]) for each in named}
        zone.rrsets = [
            each for each in zone.rrsets if (each.name, each.type, each.set_identifier) not in gone
        ]
        return change(self, zoneid, [each for each in change_list if not _deletes_by_identifier(each)])

    change = replace(Route53Backend, "change_resource_record_sets", change_resource_record_sets)

    def __init__(self: Any, health_check_id: str, caller_reference: str, arguments: Found) -> None:
        make(self, health_check_id, caller_reference, arguments)
        is_tls = str(self.type_).startswith("HTTPS")
        self.port = arguments.get("port") or (443 if is_tls else self.port)
        if arguments.get("enable_sni") is None:
            self.enable_sni = is_tls

    make = replace(HealthCheck, "__init__", __init__)

    def update_health_check(self: Any, health_check_id: str, arguments: Found) -> HealthCheck:
        updated: HealthCheck = update(self, health_check_id, arguments)
        updated.health_check_version += 1
        return updated

    update = replace(Route53Backend, "update_health_check", update_health_check)


def _batch(message: str) -> Route53ClientError:
    return Route53ClientError("InvalidChangeBatch", f"[{message}]")


def _deletes_by_identifier(change: Found) -> bool:
    return change["Action"] == "DELETE" and "SetIdentifier" in change["ResourceRecordSet"]


def _name(record_set: Found) -> str:
    return str(record_set["Name"]).lower().rstrip(".") + "."


def _check(backend: Any, zone: Any, change: Found) -> None:
    """What is wrong with a record set by itself."""
    wanted = change["ResourceRecordSet"]
    named = f"Change with [Action={change['Action']}, Name={wanted['Name']}, Type={wanted['Type']}]"
    has_policy = [policy for policy in POLICIES if policy in wanted]
    if has_policy and "SetIdentifier" not in wanted:
        raise InvalidInput(f"Invalid request: Missing field 'SetIdentifier' in {named}")
    if "SetIdentifier" in wanted and len(has_policy) != 1:
        raise InvalidInput(
            f"Invalid request: Expected exactly one of {list(POLICIES)}, but found {has_policy} in {named}"
        )
    if change["Action"] == "DELETE":
        return
    if wanted.get("HealthCheckId") and wanted["HealthCheckId"] not in backend.health_checks:
        raise NoSuchHealthCheck(wanted["HealthCheckId"])
    target = wanted.get("AliasTarget")
    if not target:
        if wanted.get("Failover") == "PRIMARY" and not wanted.get("HealthCheckId"):
            raise InvalidInput(f"Invalid request: Missing field 'HealthCheckId' in {named}")
        return
    if "TTL" in wanted or wanted.get("ResourceRecords"):
        raise InvalidInput(f"Invalid request: Expected exactly one of [AliasTarget, TTL] in {named}")
    target["DNSName"] = target["DNSName"].lower().rstrip(".") + "."
    if not _is_there(backend, zone, wanted, target):
        raise _batch(
            f"Tried to create an alias that targets {target['DNSName']}, type {wanted['Type']} in zone "
            f"{target['HostedZoneId']}, but that target was not found"
        )


def _is_there(backend: Any, zone: Any, wanted: Found, target: Found) -> bool:
    """Whether an alias's target exists; of other services' nobody here knows."""
    if region := REGIONS.get(target["HostedZoneId"]):
        name = target["DNSName"].removeprefix(DUALSTACK).rstrip(".")
        balancers = elbv2_backends[backend.account_id][region].load_balancers.values()
        return any(each.dns_name.lower() == name for each in balancers)
    if target["HostedZoneId"] == zone.id.split("/")[-1]:
        return any((each.name, each.type) == (target["DNSName"], wanted["Type"]) for each in zone.rrsets)
    return ".elb." not in target["DNSName"]  # a load balancer's name is in a zone of its region


def _check_sets(zone: Any, change_list: list[Found]) -> None:
    """What the record sets of a name and type would be to each other after the batch."""
    sets: dict[tuple[str, str], dict[str | None, str | None]] = {}
    for each in zone.rrsets:
        sets.setdefault((each.name, each.type), {})[each.set_identifier] = each.failover
    touched = []
    for each in change_list:
        wanted = each["ResourceRecordSet"]
        key, identifier = (_name(wanted), wanted["Type"]), wanted.get("SetIdentifier")
        touched.append(key)
        if each["Action"] == "DELETE":
            sets.get(key, {}).pop(identifier, None)
        else:
            sets.setdefault(key, {})[identifier] = wanted.get("Failover")
    for name, kind in touched:
        after = sets.get((name, kind), {})
        if None in after and len(after) > 1:
            raise _batch(
                f"RRSet with DNS name {name}, type {kind} cannot be created because a record set without "
                "SetIdentifier and one with it cannot share a name and type"
            )
        roles = [role for role in after.values() if role]
        for role in sorted({role for role in roles if roles.count(role) > 1}):
            raise _batch(
                f"RRSet with DNS name {name}, type {kind} cannot be created as a failover {role} because "
                "another one is there"
            )
