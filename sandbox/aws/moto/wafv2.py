"""AWS WAF as moto differs from it: capacity, associations, managed rule groups, IP sets and logging.

Source: each operation's page below https://docs.aws.amazon.com/waf/latest/APIReference/
"""

import copy
import ipaddress
import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.elbv2.models import ELBv2Backend, elbv2_backends
from moto.logs.models import logs_backends
from moto.wafv2 import models
from moto.wafv2.models import FakeIPSet, FakeWebACL, WAFV2Backend
from moto.wafv2.responses import WAFV2Response

from sandbox.aws.moto import waf_rules
from sandbox.aws.moto.waf_rules import invalid, nonexistent
from sandbox.aws.patching import add, replace

LOG_PREFIX = "aws-waf-logs-"
REDACTABLE = {"UriPath", "QueryString", "SingleHeader", "Method"}
LOAD_BALANCER = "APPLICATION_LOAD_BALANCER"


def install() -> None:
    """Patch moto, once in a process."""
    _name_errors()
    _check_web_acls()
    _check_ip_sets()
    _answer_capacity()
    _list_managed_rule_groups()
    _check_associations()
    _check_log_destinations()


def _associated() -> JsonRESTError:
    return JsonRESTError(
        "WAFAssociatedItemException",
        "AWS WAF couldn't perform the operation because your resource is being used by another resource or "
        "it's associated with another resource.",
    )


def _duplicate() -> JsonRESTError:
    return JsonRESTError(
        "WAFDuplicateItemException",
        "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an "
        "existing one.",
    )


def _name_errors() -> None:
    """The error's name: https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html."""

    replace(models, "WAFV2DuplicateItemException", _duplicate)


def _capacity_of(backend: Any, rules: list[dict[str, Any]]) -> int:
    def group_capacity(arn: str) -> int:
        if arn not in backend.rule_groups:
            raise nonexistent(arn)
        return int(backend.rule_groups[arn].capacity)

    return waf_rules.capacity(rules, group_capacity)


def _checked_capacity(backend: Any, rules: list[dict[str, Any]], bodies: dict[str, Any] | None) -> int:
    """WCUs of the rules. Raises WAF's error for rules that it refuses."""
    waf_rules.check(rules, bodies or {}, set(backend.ip_sets))
    units = _capacity_of(backend, rules)
    if units > waf_rules.LARGEST_CAPACITY:
        raise JsonRESTError(
            "WAFLimitsExceededException",
            f"AWS WAF couldn't perform the operation because you exceeded your resource limit: {units} of "
            f"{waf_rules.LARGEST_CAPACITY} WCUs.",
        )
    return units


def _check_web_acls() -> None:
    """A web ACL's rules are checked and counted; an update replaces all that can change.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html
    """

    def create_web_acl(
        self: Any,
        name: str,
        visibility_config: Any,
        default_action: Any,
        scope: str,
        description: str,
        tags: Any,
        rules: list[dict[str, Any]],
        association_config: Any,
        captcha_config: Any,
        challenge_config: Any,
        custom_response_bodies: dict[str, Any] | None,
        token_domains: Any,
    ) -> FakeWebACL:
        rules = copy.deepcopy(rules)
        units = _checked_capacity(self, rules, custom_response_bodies)
        acl: FakeWebACL = create(
            self,
            name,
            visibility_config,
            default_action,
            scope,
            description,
            tags,
            rules,
            association_config,
            captcha_config,
            challenge_config,
            custom_response_bodies,
            token_domains,
        )
        acl.capacity = units
        return acl

    create = replace(WAFV2Backend, "create_web_acl", create_web_acl)

    def update_web_acl(
        self: Any,
        name: str,
        _id: str,
        default_action: Any,
        rules: list[dict[str, Any]] | None,
        description: str | None,
        visibility_config: Any,
        lock_token: str,
        custom_response_bodies: dict[str, Any] | None,
        *rest: Any,
    ) -> str:
        rules = copy.deepcopy(rules or [])
        units = _checked_capacity(self, rules, custom_response_bodies)
        token = str(
            update(
                self,
                name,
                _id,
                default_action,
                rules,
                description or "",
                visibility_config,
                lock_token,
                custom_response_bodies or {},
                *rest,
            )
        )
        acl = self.get_web_acl(None, name, _id)
        if not rules:
            acl.rules = []
        acl.capacity = units
        return token

    update = replace(WAFV2Backend, "update_web_acl", update_web_acl)

    def delete_web_acl(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        acl = self.get_web_acl(None, name, _id)
        if acl.lock_token == lock_token and acl.associated_resources:
            raise _associated()
        delete(self, name, scope, _id, lock_token)
        self.logging_configurations.pop(acl.arn, None)

    delete = replace(WAFV2Backend, "delete_web_acl", delete_web_acl)


def _check_ip_sets() -> None:
    """Ranges are of the set's own version; a set that a rule names stays.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html
    """

    def check(version: str, addresses: list[str]) -> None:
        for address in addresses:
            try:
                network = ipaddress.ip_network(address, strict=False)
            except ValueError:
                network = None
            is_range = network is not None and "/" in address and network.prefixlen > 0
            if network is None or not is_range or f"IPV{network.version}" != version:
                raise invalid(
                    f"The address is no {version} range in CIDR notation, field: IP_ADDRESS, {address}"
                )

    def create_ip_set(
        self: Any, name: str, scope: str, description: str, version: str, addresses: list[str], tags: Any
    ) -> FakeIPSet:
        check(version, addresses)
        if any(each.name == name and each.scope == scope for each in self.ip_sets.values()):
            raise _duplicate()
        made: FakeIPSet = create(self, name, scope, description or "", version, addresses, tags or [])
        return made

    create = replace(WAFV2Backend, "create_ip_set", create_ip_set)

    def update_ip_set(
        self: Any, name: str, scope: str, _id: str, description: str | None, addresses: list[str], token: str
    ) -> FakeIPSet:
        check(self.get_ip_set(name, scope, _id).ip_address_version, addresses)
        updated: FakeIPSet = update(self, name, scope, _id, description or "", addresses, token)
        return updated

    update = replace(WAFV2Backend, "update_ip_set", update_ip_set)

    def delete_ip_set(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        arn = self.get_ip_set(name, scope, _id).arn
        for acl in self.wacls.values():
            for rule in acl.rules:
                for kind, body in waf_rules.statements(rule.statement):
                    if kind == "IPSetReferenceStatement" and body["ARN"] == arn:
                        raise _associated()
        delete(self, name, scope, _id, lock_token)

    delete = replace(WAFV2Backend, "delete_ip_set", delete_ip_set)


def _answer_capacity() -> None:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_CheckCapacity.html"""

    def check_capacity(self: Any) -> tuple[int, dict[str, str], str]:
        rules = json.loads(self.body)["Rules"]
        keys = {
            (rule.get("Action") or {}).get("Block", {}).get("CustomResponse", {}).get("CustomResponseBodyKey")
            for rule in rules
        }
        units = _checked_capacity(self.wafv2_backend, rules, dict.fromkeys(filter(None, keys)))
        return 200, {}, json.dumps({"Capacity": units})

    add(WAFV2Response, "check_capacity", check_capacity)


def _list_managed_rule_groups() -> None:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_ListAvailableManagedRuleGroups.html"""

    def list_available_managed_rule_groups(self: Any) -> tuple[int, dict[str, str], str]:
        groups = [
            {"VendorName": "AWS", "Name": name, "VersioningSupported": False}
            for name in waf_rules.MANAGED_RULE_GROUPS
        ]
        return 200, {}, json.dumps({"ManagedRuleGroups": groups})

    add(WAFV2Response, "list_available_managed_rule_groups", list_available_managed_rule_groups)

    def describe_managed_rule_group(self: Any) -> tuple[int, dict[str, str], str]:
        asked = json.loads(self.body)
        units = waf_rules.managed_capacity(asked["VendorName"], asked["Name"])
        return 200, {}, json.dumps({"Capacity": units, "Rules": [], "AvailableLabels": []})

    add(WAFV2Response, "describe_managed_rule_group", describe_managed_rule_group)


def _load_balancers(backend: Any) -> dict[str, Any]:
    return dict(elbv2_backends[backend.account_id][backend.region_name].load_balancers)


def _check_associations() -> None:
    """A resource has one web ACL, and only resources that exist have one.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
    """

    def associate_web_acl(self: Any, web_acl_arn: str, resource_arn: str) -> None:
        if web_acl_arn not in self.wacls:
            raise nonexistent(web_acl_arn)
        if ":loadbalancer/app/" in resource_arn and resource_arn not in _load_balancers(self):
            raise nonexistent(resource_arn)
        self.disassociate_web_acl(resource_arn)
        associate(self, web_acl_arn, resource_arn)

    associate = replace(WAFV2Backend, "associate_web_acl", associate_web_acl)

    def list_resources_for_web_acl(self: Any) -> tuple[int, dict[str, str], str]:
        asked = json.loads(self.body)
        acl = self.wafv2_backend.get_web_acl(asked["WebACLArn"], None, None)
        is_wanted = asked.get("ResourceType", LOAD_BALANCER) == LOAD_BALANCER
        arns = [arn for arn in acl.associated_resources if (":loadbalancer/app/" in arn) == is_wanted]
        return 200, {}, json.dumps({"ResourceArns": arns})

    add(WAFV2Response, "list_resources_for_web_acl", list_resources_for_web_acl)

    def delete_load_balancer(self: Any, arn: str) -> None:
        delete(self, arn)
        models.wafv2_backends[self.account_id][self.region_name].disassociate_web_acl(arn)

    delete = replace(ELBv2Backend, "delete_load_balancer", delete_load_balancer)


def _check_log_destinations() -> None:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingConfiguration.html"""

    def put_logging_configuration(
        self: Any, arn: str, destinations: list[str], redacted: list[dict[str, Any]] | None, *rest: Any
    ) -> Any:
        if arn not in self.wacls:
            raise nonexistent(arn)
        if len(destinations) != 1:
            raise invalid("There is exactly one destination, field: LOG_DESTINATION")
        _check_destination(self, destinations[0])
        for field in redacted or []:
            if len(field) != 1 or not field.keys() <= REDACTABLE:
                raise invalid(f"The field cannot be redacted, field: REDACTED_FIELDS, {sorted(field)}")
        return put(self, arn, destinations, redacted, *rest)

    put = replace(WAFV2Backend, "put_logging_configuration", put_logging_configuration)


def _check_destination(backend: Any, destination: str) -> None:
    service, name = destination.split(":")[2], destination.split(":")[-1].split("/")[-1]
    if not name.startswith(LOG_PREFIX):
        raise invalid(
            f"The destination's name does not begin with {LOG_PREFIX}, field: LOG_DESTINATION, {destination}"
        )
    if service == "logs":
        groups = logs_backends[backend.account_id][backend.region_name].groups
        if destination.split(":log-group:")[-1].removesuffix(":*") not in groups:
            raise nonexistent(destination)
