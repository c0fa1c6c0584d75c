#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A security group and its rules, each rule by itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_group
short_description: Manage a security group of a VPC, rule by rule
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a security group, found by its name in its VPC, with the declared rules. Missing rules are added
    before others are removed, so no traffic that is meant to flow is cut off in between.
  - A rule that is not declared, such as one added by hand, is removed or only reported; see O(foreign_rules).
  - A new group has no rule at all until one is declared; the one that AWS puts into it is removed.
  - The group C(default) of a VPC can be managed too, but neither made nor deleted.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html).
options:
  name:
    description: Name of the group, unique in its VPC; also its Name tag, unless O(tags) has one.
    type: str
    required: true
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
  description:
    description: What the group is for. It cannot change.
    type: str
    required: true
  ingress:
    description: What may come in. Left out, the rules that are there stay.
    type: list
    elements: dict
    suboptions: &rule
      protocol:
        description: V(tcp), V(udp), V(icmp), V(icmpv6), a protocol's number, or V(-1) for all of them.
        type: str
        default: tcp
      ports:
        description: Ports such as V(443), and ranges such as V(1024-65535). Only V(tcp) and V(udp) have them.
        type: list
        elements: str
        default: []
      cidrs:
        description: IPv4 and IPv6 ranges on the other side.
        type: list
        elements: str
        default: []
      group_ids:
        description: Ids of security groups on the other side.
        type: list
        elements: str
        default: []
      prefix_list_ids:
        description: Ids of prefix lists on the other side.
        type: list
        elements: str
        default: []
      description:
        description: Who is on the other side, in at most 255 characters.
        type: str
        default: ""
  egress:
    description: What may go out. Left out, the rules that are there stay.
    type: list
    elements: dict
    suboptions: *rule
  foreign_rules:
    description:
      - What becomes of rules that are not declared. V(remove) revokes them. V(report) leaves them, warns of
        each, and lists them in the result.
    type: str
    choices: [remove, report]
    default: remove
  state:
    description:
      - V(absent) first revokes the rules of other groups that name this one, because EC2 deletes no group
        that is named.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let in visitors
  notejam.platform.security_group:
    name: notejam-prod-load-balancer
    description: The load balancer, reached by visitors
    vpc_id: vpc-0123456789abcdef0
    ingress:
      - ports: [80, 443]
        cidrs: [0.0.0.0/0, "::/0"]
        description: Visitors
    egress:
      - ports: [8000]
        group_ids: [sg-0123456789abcdef0]
        description: The application
"""

RETURN = r"""
security_group:
  description: The group.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the group.
      type: str
      sample: sg-0123456789abcdef0
    description:
      description: What it is for.
      type: str
    vpc_id:
      description: Id of the VPC.
      type: str
    ingress:
      description: The description of each rule, by what lets in whom, such as C(tcp 443 0.0.0.0/0).
      type: dict
    egress:
      description: The description of each rule, by what leads where.
      type: dict
    foreign_rules:
      description: The rules that are not declared and were left, with their direction and id.
      type: list
      elements: str
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.security_group_rules import (
    OPTIONS,
    Rule,
    declared_rules,
    permission,
    rule_of,
)
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

DEFAULT = "default"
DIRECTIONS = ("ingress", "egress")


class SecurityGroup(Ec2Resource):
    name = "security_group"
    resource_type = "security-group"
    immutable = frozenset({"description"})
    computed = frozenset({"id"})
    comparisons: ClassVar = {"ingress": same, "egress": same}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        # What is there, by direction: the id and the description of each rule.
        self._found: dict[str, dict[Rule, tuple[str, str]]] = {}

    @property
    def desired_tags(self) -> dict[str, str]:
        return {"Name": self.params["name"], **(self.params["tags"] or {})}

    def describe(self) -> State | None:
        group = self.only(self._groups(filters(group_name=self.params["name"], vpc_id=self.params["vpc_id"])))
        if group is None:
            return None
        self._found = self._rules(group["GroupId"])
        foreign = self._foreign()
        state = {
            "id": group["GroupId"],
            "vpc_id": group["VpcId"],
            "description": group["Description"],
            "foreign_rules": foreign,
            "tags": tags_of(group),
        }
        for direction in DIRECTIONS:
            state[direction] = {
                str(rule): description
                for rule, (_id, description) in sorted(self._found[direction].items())
                if not self._left(direction, rule)
            }
        for rule in foreign:
            self.module.warn(
                f"Security group {self.identity} ({group['GroupId']}) has a rule "
                f"that is declared nowhere: {rule}. It was left as it is."
            )
        return state

    def desired(self) -> State:
        rules = {
            direction: {str(rule): description for rule, description in self._declared(direction).items()}
            for direction in DIRECTIONS
            if self.params[direction] is not None
        }
        return {
            "vpc_id": self.params["vpc_id"],
            "description": self.params["description"],
            **rules,
            **({} if self.params["tags"] is None else {"tags": self.desired_tags}),
        }

    def create(self, desired: State) -> None:
        if self.params["name"] == DEFAULT:
            raise AnsibleAWSError(
                message=f"The VPC {desired['vpc_id']} has no group {DEFAULT}, and AWS alone can make one."
            )
        group_id = self.ec2.create_security_group(
            GroupName=self.params["name"],
            Description=desired["description"],
            VpcId=desired["vpc_id"],
            TagSpecifications=self.tag_specifications(),
        )["GroupId"]
        self._found = self._rules(group_id)
        for direction in DIRECTIONS:
            self._change(group_id, direction, self._declared(direction))

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        for direction in changes:
            self._change(current["id"], direction, self._declared(direction))

    def delete(self, current: State) -> None:
        for direction in DIRECTIONS:
            self._revoke_rules_that_name(current["id"], direction)

        def status() -> str:
            try:
                self.ec2.delete_security_group(GroupId=current["id"])
            except is_boto3_error_code("DependencyViolation"):
                # A network interface that AWS is removing still has it.
                return "in use"
            return "absent"

        wait_until(
            f"Security group {self.identity}",
            status,
            ["absent"],
            self.params["wait_timeout"] if self.params["wait"] else 0,
        )

    def _declared(self, direction: str) -> dict[Rule, str]:
        return declared_rules(self.params[direction] or [])

    def _left(self, direction: str, rule: Rule) -> bool:
        """Whether the rule is another's, and is to be left to it."""
        return (
            self.params["foreign_rules"] == "report"
            and self.params[direction] is not None
            and rule not in self._declared(direction)
        )

    def _foreign(self) -> list[str]:
        return [
            f"{direction} {rule} ({rule_id})"
            for direction in DIRECTIONS
            for rule, (rule_id, _description) in sorted(self._found[direction].items())
            if self._left(direction, rule)
        ]

    def _change(self, group_id: str, direction: str, wanted: dict[Rule, str]) -> None:
        found = self._found[direction]
        if missing := {rule: text for rule, text in wanted.items() if rule not in found}:
            self._call("authorize_security_group", direction, group_id, missing)
        if renamed := {
            rule: text for rule, text in wanted.items() if rule in found and found[rule][1] != text
        }:
            self._call("update_security_group_rule_descriptions", direction, group_id, renamed)
        foreign = [
            rule_id
            for rule, (rule_id, _description) in found.items()
            if rule not in wanted and not self._left(direction, rule)
        ]
        if foreign:
            self._revoke(direction, group_id, foreign)

    def _call(self, operation: str, direction: str, group_id: str, rules: dict[Rule, str]) -> None:
        permissions = [permission(rule, description) for rule, description in sorted(rules.items())]
        getattr(self.ec2, f"{operation}_{direction}")(GroupId=group_id, IpPermissions=permissions)

    def _revoke(self, direction: str, group_id: str, rule_ids: list[str]) -> None:
        revoke = getattr(self.ec2, f"revoke_security_group_{direction}")
        revoke(GroupId=group_id, SecurityGroupRuleIds=sorted(rule_ids))

    def _revoke_rules_that_name(self, group_id: str, direction: str) -> None:
        prefix = "" if direction == "ingress" else "egress."
        for other in self._groups([{"Name": f"{prefix}ip-permission.group-id", "Values": [group_id]}]):
            rules = self._rules(other["GroupId"])[direction]
            naming = [rule_id for rule, (rule_id, _description) in rules.items() if rule.source == group_id]
            if naming:
                self._revoke(direction, other["GroupId"], naming)

    def _groups(self, by: list[dict[str, Any]]) -> list[dict[str, Any]]:
        pages = self.ec2.get_paginator("describe_security_groups").paginate(Filters=by)
        return list(pages.build_full_result()["SecurityGroups"])

    def _rules(self, group_id: str) -> dict[str, dict[Rule, tuple[str, str]]]:
        pages = self.ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=filters(group_id=group_id)
        )
        found: dict[str, dict[Rule, tuple[str, str]]] = {direction: {} for direction in DIRECTIONS}
        for answer in pages.build_full_result()["SecurityGroupRules"]:
            direction = "egress" if answer["IsEgress"] else "ingress"
            found[direction][rule_of(answer)] = (
                answer["SecurityGroupRuleId"],
                answer.get("Description", ""),
            )
        return found


def main() -> None:
    rules = {"type": "list", "elements": "dict", "options": OPTIONS}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            vpc_id={"required": True},
            description={"required": True},
            ingress=rules,
            egress=rules,
            foreign_rules={"choices": ["remove", "report"], "default": "remove"},
        ),
        supports_check_mode=True,
    )
    reconcile(SecurityGroup(module))


if __name__ == "__main__":
    main()
