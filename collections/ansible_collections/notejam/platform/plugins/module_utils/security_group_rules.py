# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of security groups: what a task declares, what EC2 answers and what EC2 is asked for.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from itertools import chain, product
from typing import Any, NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

OPTIONS: dict[str, dict[str, Any]] = {
    "protocol": {"type": "str", "default": "tcp"},
    "ports": {"type": "list", "elements": "str", "default": []},
    "cidrs": {"type": "list", "elements": "str", "default": []},
    "group_ids": {"type": "list", "elements": "str", "default": []},
    "prefix_list_ids": {"type": "list", "elements": "str", "default": []},
    "description": {"type": "str", "default": ""},
}
EVERY_PROTOCOL = "-1"
WITH_PORTS = ("tcp", "udp")
WHOLE = (-1, -1)
PROTOCOL = re.compile(r"tcp|udp|icmp|icmpv6|-1|\d{1,3}")
PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
DESCRIPTION = re.compile(r"[A-Za-z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


class Rule(NamedTuple):
    """What makes a rule the same as another; its description is no part of it."""

    protocol: str
    from_port: int
    to_port: int
    source: str
    """A range, or the id of a group or of a prefix list."""

    def __str__(self) -> str:
        if (self.from_port, self.to_port) == WHOLE:
            ports = ""
        elif self.from_port == self.to_port:
            ports = f" {self.from_port}"
        else:
            ports = f" {self.from_port}-{self.to_port}"
        return f"{'all' if self.protocol == EVERY_PROTOCOL else self.protocol}{ports} {self.source}"


def declared_rules(options: Iterable[Mapping[str, Any]]) -> dict[Rule, str]:
    """The description of each rule that the options stand for: one for each pair of ports and other side.

    Raises AnsibleAWSError for a rule that EC2 would refuse, and for one that is declared twice.
    """
    rules: dict[Rule, str] = {}
    for option in options:
        if not DESCRIPTION.fullmatch(option["description"]):
            raise AnsibleAWSError(
                message=f"'{option['description']}' cannot describe a rule: EC2 takes up to 255 of the "
                "characters a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*."
            )
        for (first, last), source in product(_ports(option), _sources(option)):
            rule = Rule(option["protocol"], first, last, source)
            if rule in rules:
                raise AnsibleAWSError(message=f"The rule '{rule}' is declared twice; declare it once.")
            rules[rule] = option["description"]
    return rules


def _ports(option: Mapping[str, Any]) -> list[tuple[int, int]]:
    protocol, ports = option["protocol"], option["ports"]
    if not PROTOCOL.fullmatch(protocol):
        raise AnsibleAWSError(
            message=f"'{protocol}' is no protocol of a rule: give tcp, udp, icmp, icmpv6, a number, "
            "or -1 for all."
        )
    if (protocol in WITH_PORTS) != bool(ports):
        need = "needs ports, such as [443]" if protocol in WITH_PORTS else "has no ports"
        raise AnsibleAWSError(message=f"A rule of protocol {protocol} {need}: {dict(option)}.")
    return [_range(port) for port in ports] or [WHOLE]


def _range(text: str) -> tuple[int, int]:
    match = PORTS.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= first <= last <= 65535:
        raise AnsibleAWSError(
            message=f"'{text}' is neither a port nor a range of ports, such as 443 or 1024-65535."
        )
    return first, last


def _sources(option: Mapping[str, Any]) -> list[str]:
    sources = [*chain(option["cidrs"], option["group_ids"], option["prefix_list_ids"])]
    if not sources:
        raise AnsibleAWSError(
            message=f"A rule has no other side: give cidrs, group_ids or prefix_list_ids: {dict(option)}."
        )
    for cidr in option["cidrs"]:
        try:
            canonical = str(ip_network(cidr))
        except ValueError as error:
            raise AnsibleAWSError(message=f"'{cidr}' is no range of addresses: {error}.") from error
        if canonical != cidr:
            raise AnsibleAWSError(message=f"EC2 would store '{cidr}' as '{canonical}': write it so.")
    return sources


def rule_of(answer: Mapping[str, Any]) -> Rule:
    """The rule in an answer of DescribeSecurityGroupRules."""
    source = (
        answer.get("CidrIpv4")
        or answer.get("CidrIpv6")
        or answer.get("PrefixListId")
        or answer.get("ReferencedGroupInfo", {}).get("GroupId", "")
    )
    return Rule(answer["IpProtocol"], answer.get("FromPort", -1), answer.get("ToPort", -1), source)


def permission(rule: Rule, description: str) -> dict[str, Any]:
    """The rule as an IpPermission: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html"""
    if rule.source.startswith("sg-"):
        side, key = "UserIdGroupPairs", "GroupId"
    elif rule.source.startswith("pl-"):
        side, key = "PrefixListIds", "PrefixListId"
    elif ":" in rule.source:
        side, key = "Ipv6Ranges", "CidrIpv6"
    else:
        side, key = "IpRanges", "CidrIp"
    ports = {} if rule.protocol == EVERY_PROTOCOL else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    described = {"Description": description} if description else {}
    return {"IpProtocol": rule.protocol, **ports, side: [{key: rule.source, **described}]}
