#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: budgets_budget
version_added: 0.2.0
short_description: Manage a cost budget of AWS Budgets with its notifications
description:
  - Keeps a budget of costs with its notifications, their subscribers, and its tags.
  - A budget belongs to the account and has no region.
  - A forecast needs about five weeks of usage; until then those notifications are silent
    (U(https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html)).
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The budget's name, without C(:) and C(\\).
    type: str
    required: true
  account_id:
    description: The AWS account whose costs are watched.
    type: str
    required: true
  limit_amount:
    description: How much may be spent in O(time_unit). Required with O(state=present).
    type: float
  limit_unit:
    description: The currency of O(limit_amount), which is the account's.
    type: str
    default: USD
  time_unit:
    description: After what time spending is counted anew.
    type: str
    choices: [DAILY, MONTHLY, QUARTERLY, ANNUALLY]
    default: MONTHLY
  cost_filters:
    description:
      - Which costs count, lists of values by dimension, see
        U(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html).
        All of the account by default.
    type: dict
    default: {}
  notifications:
    description:
      - When who is told, five at most. Others are removed. Left out, they stay as they are.
    type: list
    elements: dict
    suboptions:
      notification_type:
        description: Whether what was spent counts, or what will be by AWS's forecast.
        type: str
        choices: [ACTUAL, FORECASTED]
        required: true
      comparison_operator:
        description: How that and the threshold compare where somebody is told.
        type: str
        choices: [GREATER_THAN, LESS_THAN, EQUAL_TO]
        default: GREATER_THAN
      threshold:
        description: What it is compared with.
        type: float
        required: true
      threshold_type:
        description: Whether O(notifications[].threshold) is in percent of the limit, or an amount.
        type: str
        choices: [PERCENTAGE, ABSOLUTE_VALUE]
        default: PERCENTAGE
      subscribers:
        description: Who is told, one topic and ten email addresses at most.
        type: list
        elements: dict
        required: true
        suboptions:
          subscription_type:
            description: How they are told.
            type: str
            choices: [EMAIL, SNS]
            required: true
          address:
            description: The email address, or the ARN of a topic that lets C(budgets.amazonaws.com) publish.
            type: str
            required: true
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell when the account will cost too much
  notejam.platform.budgets_budget:
    name: notejam-prod
    account_id: "123456789012"
    limit_amount: 3000
    notifications:
      - notification_type: FORECASTED
        threshold: 100
        subscribers:
          - {subscription_type: SNS, address: "arn:aws:sns:eu-west-1:123456789012:notejam-prod-warning"}
"""

RETURN = r"""
budget:
  description: The budget; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The budget's ARN.
      type: str
      sample: arn:aws:budgets::123456789012:budget/notejam-prod
    cost_filters:
      description: Which costs count.
      type: dict
    limit_amount:
      description: How much may be spent.
      type: float
    limit_unit:
      description: Its currency.
      type: str
    name:
      description: The budget's name.
      type: str
    notifications:
      description: When who is told.
      type: list
      elements: dict
    tags:
      description: The budget's tags.
      type: dict
    time_unit:
      description: After what time spending is counted anew.
      type: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

NOTIFICATION = {
    "notification_type": "NotificationType",
    "comparison_operator": "ComparisonOperator",
    "threshold": "Threshold",
    "threshold_type": "ThresholdType",
}
SUBSCRIBER = {"subscription_type": "SubscriptionType", "address": "Address"}
MOST_NOTIFICATIONS = 5


class Budget(Resource):
    """A budget: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html."""

    name = "budget"
    comparisons: ClassVar = {"notifications": same_items, "cost_filters": same}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.budgets = self.client("budgets")
        self.which = {"AccountId": self.params["account_id"], "BudgetName": self.params["name"]}
        self.arn = (
            f"arn:{self.budgets.meta.partition}:budgets::{self.params['account_id']}:budget/{self.identity}"
        )

    def desired(self) -> dict[str, Any]:
        keys = ("name", "limit_amount", "limit_unit", "time_unit", "cost_filters", "notifications", "tags")
        desired = self.declared(*keys) | {"arn": self.arn}
        if "notifications" in desired:
            desired["notifications"] = _in_order(desired["notifications"])
        return desired

    def describe(self) -> dict[str, Any] | None:
        try:
            budget = self.budgets.describe_budget(**self.which)["Budget"]
        except is_boto3_error_code("NotFoundException"):
            return None
        limit = budget.get("BudgetLimit") or {}
        return {
            "arn": self.arn,
            # What is filtered in another way is no less a filter.
            "cost_filters": budget.get("CostFilters") or budget.get("FilterExpression") or {},
            "limit_amount": float(limit["Amount"]) if limit else None,
            "limit_unit": limit.get("Unit"),
            "name": budget["BudgetName"],
            "notifications": _in_order(self._notifications()),
            "tags": as_dict(self.budgets.list_tags_for_resource(ResourceARN=self.arn).get("ResourceTags")),
            "time_unit": budget["TimeUnit"],
        }

    def create(self, desired: dict[str, Any]) -> None:
        notifications = [
            {"Notification": _given(one), "Subscribers": _subscribers(one)}
            for one in desired.get("notifications", [])
        ]
        self.budgets.create_budget(
            AccountId=self.params["account_id"],
            Budget=self._body(desired),
            NotificationsWithSubscribers=notifications,
            ResourceTags=as_list(desired.get("tags", {})),
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        if changes.keys() - {"notifications"}:
            self.budgets.update_budget(
                AccountId=self.params["account_id"], NewBudget=self._body(self.desired())
            )
        if "notifications" in changes:
            old, new = changes["notifications"]
            # Removed first, so that there never are more than AWS allows.
            for one in old:
                if one not in new:
                    self.budgets.delete_notification(**self.which, Notification=_given(one))
            for one in new:
                if one not in old:
                    self.budgets.create_notification(
                        **self.which, Notification=_given(one), Subscribers=_subscribers(one)
                    )

    def delete(self, current: dict[str, Any]) -> None:
        self.budgets.delete_budget(**self.which)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.budgets.tag_resource(ResourceARN=self.arn, ResourceTags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.budgets.untag_resource(ResourceARN=self.arn, ResourceTagKeys=keys)

    def _notifications(self) -> list[dict[str, Any]]:
        pages = self.budgets.get_paginator("describe_notifications_for_budget").paginate(**self.which)
        found = [one for page in pages for one in page.get("Notifications", [])]
        return [
            {key: one.get(member, "PERCENTAGE") for key, member in NOTIFICATION.items()}
            | {"threshold": float(one["Threshold"]), "subscribers": self._subscribers_of(one)}
            for one in found
        ]

    def _subscribers_of(self, notification: dict[str, Any]) -> list[dict[str, str]]:
        asked = {member: notification[member] for member in NOTIFICATION.values() if member in notification}
        pages = self.budgets.get_paginator("describe_subscribers_for_notification").paginate(
            **self.which, Notification=asked
        )
        found = [one for page in pages for one in page.get("Subscribers", [])]
        return [{key: one[member] for key, member in SUBSCRIBER.items()} for one in found]

    def _body(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {
            "BudgetName": self.identity,
            "BudgetType": "COST",
            "BudgetLimit": {"Amount": _decimal(desired["limit_amount"]), "Unit": desired["limit_unit"]},
            "CostFilters": desired["cost_filters"],
            "TimeUnit": desired["time_unit"],
        }


def _decimal(amount: float) -> str:
    """Without an exponent, which Budgets does not read."""
    return f"{amount:f}".rstrip("0").rstrip(".")


def _given(notification: dict[str, Any]) -> dict[str, Any]:
    return {member: notification[key] for key, member in NOTIFICATION.items()}


def _subscribers(notification: dict[str, Any]) -> list[dict[str, str]]:
    return [{SUBSCRIBER[key]: one[key] for key in SUBSCRIBER} for one in notification["subscribers"]]


def _in_order(notifications: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same list for the same notifications and subscribers in any order."""
    for one in notifications:
        one["subscribers"] = sorted(one["subscribers"], key=lambda each: sorted(each.values()))
    return sorted(notifications, key=lambda one: [str(one[key]) for key in NOTIFICATION])


def main() -> None:
    subscriber = {
        "subscription_type": {"choices": ["EMAIL", "SNS"], "required": True},
        "address": {"required": True},
    }
    notification = {
        "notification_type": {"choices": ["ACTUAL", "FORECASTED"], "required": True},
        "comparison_operator": {
            "choices": ["GREATER_THAN", "LESS_THAN", "EQUAL_TO"],
            "default": "GREATER_THAN",
        },
        "threshold": {"type": "float", "required": True},
        "threshold_type": {"choices": ["PERCENTAGE", "ABSOLUTE_VALUE"], "default": "PERCENTAGE"},
        "subscribers": {"type": "list", "elements": "dict", "options": subscriber, "required": True},
    }
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            account_id={"required": True},
            limit_amount={"type": "float"},
            limit_unit={"default": "USD"},
            time_unit={"choices": ["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"], "default": "MONTHLY"},
            cost_filters={"type": "dict", "default": {}},
            notifications={"type": "list", "elements": "dict", "options": notification},
        ),
        required_if=[("state", "present", ["limit_amount"])],
        supports_check_mode=True,
    )
    if len(module.params["notifications"] or []) > MOST_NOTIFICATIONS:
        module.fail_json(msg=f"notifications has more than the {MOST_NOTIFICATIONS} that a budget can have.")
    reconcile(Budget(module))


if __name__ == "__main__":
    main()
