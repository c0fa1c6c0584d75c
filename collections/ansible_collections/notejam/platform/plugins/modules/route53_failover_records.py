#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_failover_records
version_added: 0.2.0
short_description: Manage the failover alias records of several sites
description:
  - Keeps all failover alias records of a hosted zone that belong to the sites, whatever their names, and
    changes what differs in one batch, so that Route 53 never answers with half of a change. A swap of the
    primary and the secondary site is such a change.
  - With O(state=absent), all records of the named sites are removed.
author:
  - Notejam platform contributors (@notejam)
options:
  hosted_zone_id:
    description: Id of the hosted zone.
    type: str
    required: true
  names:
    description: The DNS names that lead to the sites. Names that are declared no more lead nowhere.
    type: list
    elements: str
    default: []
  types:
    description: The types of the records of each name.
    type: list
    elements: str
    choices: [A, AAAA]
    default: [A, AAAA]
  primary:
    description: The site that answers. Its name is the set identifier of its records.
    type: str
    required: true
  secondary:
    description: The site that answers when the primary one is not healthy.
    type: str
  targets:
    description:
      - The sites' load balancers. A site without one keeps the records that it has, in the role that it has
        now, as when nobody can ask its region.
    type: list
    elements: dict
    default: []
    suboptions:
      site:
        description: The site; O(primary) or O(secondary).
        type: str
        required: true
      dns_name:
        description: DNS name of its load balancer.
        type: str
        required: true
      hosted_zone_id:
        description: The hosted zone of the load balancer's DNS name.
        type: str
        required: true
      health_check_id:
        description: The health check that decides together with the load balancer's own targets.
        type: str
  wait:
    description: Whether to wait until all of Route 53's servers know of a change.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 300
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Lead visitors to the site that serves
  notejam.platform.route53_failover_records:
    hosted_zone_id: Z0123456789ABCDEFGHIJ
    names: [notejam.example.com, grafana.notejam.example.com]
    primary: prod_eu_west_1
    secondary: prod_eu_central_1
    targets:
      - site: prod_eu_west_1
        dns_name: "{{ load_balancer.dns_name }}"
        hosted_zone_id: "{{ load_balancer.canonical_hosted_zone_id }}"
        health_check_id: "{{ health_check.id }}"
"""

RETURN = r"""
records:
  description: The records; none with O(state=absent).
  returned: success
  type: dict
  contains:
    record_sets:
      description: Each record.
      type: list
      elements: dict
      contains:
        alias_hosted_zone_id:
          description: The hosted zone of the load balancer's DNS name.
          type: str
        alias_target:
          description: DNS name of the load balancer.
          type: str
        evaluates_target:
          description: Whether the load balancer's targets decide, too.
          type: bool
        failover:
          description: V(PRIMARY) or V(SECONDARY).
          type: str
        health_check_id:
          description: The health check; none when there is none.
          type: str
        name:
          description: The DNS name.
          type: str
        set_identifier:
          description: The site.
          type: str
        type:
          description: The record's type.
          type: str
"""

import itertools
import operator
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

KEY = ("name", "type", "set_identifier")
DUALSTACK = "dualstack."  # the console writes it before a load balancer's name


def plain(name: str) -> str:
    """The name as people write it; Route 53 writes an asterisk by its code."""
    return name.lower().rstrip(".").replace("\\052", "*")


def normalised(record: dict[str, Any]) -> dict[str, Any]:
    """A failover alias record of Route 53's as the module's options have it."""
    target = record["AliasTarget"]
    return {
        "name": plain(record["Name"]),
        "type": record["Type"],
        "set_identifier": record["SetIdentifier"],
        "failover": record["Failover"],
        "alias_target": plain(target["DNSName"]).removeprefix(DUALSTACK),
        "alias_hosted_zone_id": target["HostedZoneId"],
        "evaluates_target": target["EvaluateTargetHealth"],
        "health_check_id": record.get("HealthCheckId"),
    }


def as_record(record: dict[str, Any]) -> dict[str, Any]:
    """The record as ChangeResourceRecordSets takes it."""
    made = {
        "Name": record["name"],
        "Type": record["type"],
        "SetIdentifier": record["set_identifier"],
        "Failover": record["failover"],
        "AliasTarget": {
            "HostedZoneId": record["alias_hosted_zone_id"],
            "DNSName": record["alias_target"],
            "EvaluateTargetHealth": record["evaluates_target"],
        },
    }
    return made | ({"HealthCheckId": record["health_check_id"]} if record["health_check_id"] else {})


def key(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(record[each] for each in KEY)


class Records(Resource):
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html"""

    name = "records"
    comparisons: ClassVar = {"record_sets": operator.eq}
    change_id = ""

    @property
    def identity(self) -> str:
        return str(self.params["hosted_zone_id"])

    @property
    def route53(self) -> Any:
        return self.client("route53")

    def listed(self) -> list[dict[str, Any]]:
        """The sites' records as Route 53 tells of them."""
        pages = self.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.identity)
        sets = pages.build_full_result()["ResourceRecordSets"]
        return [
            each
            for each in sets
            if each.get("SetIdentifier") in self.roles and "Failover" in each and "AliasTarget" in each
        ]

    @property
    def roles(self) -> dict[str, str]:
        """PRIMARY or SECONDARY, by site."""
        named = {self.params["primary"]: "PRIMARY", self.params["secondary"]: "SECONDARY"}
        return {site: role for site, role in named.items() if site}

    def desired(self) -> dict[str, Any]:
        present = {key(each): each for each in map(normalised, self.listed())}
        targets = {each["site"]: each for each in self.params["targets"]}
        wanted = []
        for site, role in self.roles.items():
            for name, kind in itertools.product(self.params["names"], self.params["types"]):
                record = {"name": plain(name), "type": kind, "set_identifier": site, "failover": role}
                if target := targets.get(site):
                    record |= {
                        "alias_target": plain(target["dns_name"]),
                        "alias_hosted_zone_id": target["hosted_zone_id"],
                        "evaluates_target": True,
                        "health_check_id": target["health_check_id"],
                    }
                elif kept := present.get(key(record)):
                    record = kept | record
                else:
                    continue
                wanted.append(record)
        return {"record_sets": sorted(wanted, key=key)}

    def describe(self) -> dict[str, Any] | None:
        found = sorted(map(normalised, self.listed()), key=key)
        if not found and self.params["state"] == "absent":
            return None
        return {"record_sets": found}

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.change(changes["record_sets"][1])

    def delete(self, current: dict[str, Any]) -> None:
        self.change([])

    def change(self, wanted: list[dict[str, Any]]) -> None:
        """One batch from what is there to what is wanted."""
        kept = {key(each): each for each in wanted}
        raw = self.listed()
        present = {key(normalised(each)): normalised(each) for each in raw}
        batch = [
            {"Action": "DELETE", "ResourceRecordSet": each}
            for each in raw
            if key(normalised(each)) not in kept
        ]
        batch += [
            {"Action": "UPSERT", "ResourceRecordSet": as_record(each)}
            for each in wanted
            if present.get(key(each)) != each
        ]
        answer = self.route53.change_resource_record_sets(
            HostedZoneId=self.identity, ChangeBatch={"Changes": batch}
        )
        self.change_id = answer["ChangeInfo"]["Id"]

    def settled(self, current: dict[str, Any]) -> bool:
        return True

    def wait(self, state: str) -> None:
        if self.change_id:
            wait_until(
                f"The change of the records in {self.identity}",
                lambda: self.route53.get_change(Id=self.change_id)["ChangeInfo"]["Status"],
                ["INSYNC"],
                self.params["wait_timeout"],
            )


def main() -> None:
    target = {
        "site": {"required": True},
        "dns_name": {"required": True},
        "hosted_zone_id": {"required": True},
        "health_check_id": {},
    }
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            hosted_zone_id={"required": True},
            names={"type": "list", "elements": "str", "default": []},
            types={"type": "list", "elements": "str", "choices": ["A", "AAAA"], "default": ["A", "AAAA"]},
            primary={"required": True},
            secondary={},
            targets={"type": "list", "elements": "dict", "default": [], "options": target},
            wait={"type": "bool", "default": True},
            wait_timeout={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    sites = [module.params["primary"], module.params["secondary"]]
    if sites[0] == sites[1]:
        module.fail_json(msg=f"{sites[0]} cannot be the primary and the secondary site.")
    for each in module.params["targets"]:
        if each["site"] not in sites:
            module.fail_json(
                msg=f"The target of {each['site']} is of neither the primary nor the secondary site."
            )
    reconcile(Records(module))


if __name__ == "__main__":
    main()
