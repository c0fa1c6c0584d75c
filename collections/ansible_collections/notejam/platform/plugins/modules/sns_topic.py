#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topic
version_added: 0.2.0
short_description: Manage an SNS topic with its subscriptions
description:
  - Keeps a standard topic with its KMS key, its access policy, its subscriptions and its tags.
  - Who subscribes by email or HTTPS has to confirm; until then SNS delivers nothing, and the subscription
    cannot be taken away. It goes by itself after 48 hours
    (U(https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html)), and the next run asks anew.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The topic's name.
    type: str
    required: true
  display_name:
    description: The sender's name in emails.
    type: str
  kms_master_key_id:
    description:
      - The ARN, id or alias of the KMS key that encrypts messages; an empty string takes it away.
      - AWS services can publish only to a topic whose key their service principals may use, so not with
        C(alias/aws/sns).
    type: str
  policy:
    description: The topic's access policy. Statements are compared by their meaning.
    type: dict
  subscriptions:
    description:
      - Who gets the messages. Left out, the subscriptions stay as they are.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: How they are delivered.
        type: str
        required: true
        choices: [email, email-json, https, lambda, sqs]
      endpoint:
        description: The address, URL or ARN that they are delivered to.
        type: str
        required: true
  purge_subscriptions:
    description: Whether confirmed subscriptions that are not in O(subscriptions) are removed.
    type: bool
    default: true
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the topic of what must be looked at at once
  notejam.platform.sns_topic:
    name: notejam-prod-critical
    display_name: Notejam
    kms_master_key_id: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    subscriptions:
      - {protocol: email, endpoint: on-call@notejam.example.com}
"""

RETURN = r"""
sns_topic:
  description: The topic; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The topic's ARN.
      type: str
      sample: arn:aws:sns:eu-west-1:123456789012:notejam-prod-critical
    display_name:
      description: The sender's name in emails.
      type: str
    kms_master_key_id:
      description: The KMS key; empty when messages are not encrypted with one.
      type: str
    name:
      description: The topic's name.
      type: str
    pending_subscriptions:
      description: Those of the subscriptions that nobody has confirmed yet, as C(protocol:endpoint).
      type: list
      elements: str
    policy:
      description: The topic's access policy.
      type: dict
    subscriptions:
      description: Who gets the messages.
      type: list
      elements: dict
      contains:
        endpoint:
          description: The address, URL or ARN.
          type: str
        protocol:
          description: How messages are delivered.
          type: str
    tags:
      description: The topic's tags.
      type: dict
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items, same_policy
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html: what stands where the ARN will.
PENDING = "PendingConfirmation"
ATTRIBUTES = {"display_name": "DisplayName", "kms_master_key_id": "KmsMasterKeyId", "policy": "Policy"}


class SnsTopic(Resource):
    """A topic: https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html."""

    name = "sns_topic"
    computed = frozenset({"arn", "pending_subscriptions", "policy"})
    comparisons: ClassVar = {"policy": same_policy, "subscriptions": same_items}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.sns = self.client("sns")
        self._arns: dict[tuple[str, str], str] = {}

    def desired(self) -> dict[str, Any]:
        keys = ("name", "display_name", "kms_master_key_id", "policy", "tags")
        desired = self.declared(*keys)
        if self.params["subscriptions"] is not None:
            desired["subscriptions"] = sorted(self.params["subscriptions"], key=_key)
        return desired

    def describe(self) -> dict[str, Any] | None:
        arn = self._arn()
        if arn is None:
            return None
        try:
            attributes = self.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        except is_boto3_error_code("NotFound"):
            return None
        return {
            "arn": arn,
            "display_name": attributes.get("DisplayName", ""),
            "kms_master_key_id": attributes.get("KmsMasterKeyId", ""),
            "name": self.identity,
            "policy": json.loads(attributes["Policy"]),
            "subscriptions": self._subscriptions(arn),
            "pending_subscriptions": sorted(
                ":".join(key) for key, found in self._arns.items() if found == PENDING
            ),
            "tags": as_dict(self.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        }

    def create(self, desired: dict[str, Any]) -> None:
        attributes = {ATTRIBUTES[key]: _text(desired[key]) for key in ATTRIBUTES if desired.get(key)}
        arn = self.sns.create_topic(
            Name=self.identity, Attributes=attributes, Tags=as_list(desired.get("tags", {}))
        )["TopicArn"]
        for subscription in desired.get("subscriptions", []):
            self._subscribe(arn, subscription)

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        arn = current["arn"]
        for key in ATTRIBUTES.keys() & changes.keys():
            self.sns.set_topic_attributes(
                TopicArn=arn, AttributeName=ATTRIBUTES[key], AttributeValue=_text(changes[key][1])
            )
        if "subscriptions" in changes:
            old, new = changes["subscriptions"]
            for subscription in new:
                if subscription not in old:
                    self._subscribe(arn, subscription)
            for subscription in old:
                if subscription not in new:
                    self.sns.unsubscribe(SubscriptionArn=self._arns[_key(subscription)])

    def delete(self, current: dict[str, Any]) -> None:
        self.sns.delete_topic(TopicArn=current["arn"])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.sns.tag_resource(ResourceArn=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.sns.untag_resource(ResourceArn=current["arn"], TagKeys=keys)

    def _arn(self) -> str | None:
        for page in self.sns.get_paginator("list_topics").paginate():
            for topic in page["Topics"]:
                if topic["TopicArn"].rpartition(":")[2] == self.identity:
                    return str(topic["TopicArn"])
        return None

    def _subscriptions(self, arn: str) -> list[dict[str, str]]:
        """Those that the task can have an opinion on: one that is pending and not declared goes by itself."""
        declared = self.params["subscriptions"] or []
        wanted = set(map(_key, declared))
        self._arns.clear()
        shown = []
        for page in self.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn):
            for found in page["Subscriptions"]:
                one = {"protocol": found["Protocol"], "endpoint": found["Endpoint"]}
                self._arns[_key(one)] = found["SubscriptionArn"]
                removable = self.params["purge_subscriptions"] and found["SubscriptionArn"] != PENDING
                if self.params["subscriptions"] is None or _key(one) in wanted or removable:
                    shown.append(one)
        return sorted(shown, key=_key)

    def _subscribe(self, arn: str, subscription: dict[str, str]) -> None:
        self.sns.subscribe(TopicArn=arn, Protocol=subscription["protocol"], Endpoint=subscription["endpoint"])


def _key(subscription: dict[str, str]) -> tuple[str, str]:
    return subscription["protocol"], subscription["endpoint"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            display_name={},
            kms_master_key_id={},
            policy={"type": "dict"},
            subscriptions={
                "type": "list",
                "elements": "dict",
                "options": {
                    "protocol": {
                        "required": True,
                        "choices": ["email", "email-json", "https", "lambda", "sqs"],
                    },
                    "endpoint": {"required": True},
                },
            },
            purge_subscriptions={"type": "bool", "default": True},
        ),
        supports_check_mode=True,
    )
    reconcile(SnsTopic(module))


if __name__ == "__main__":
    main()
