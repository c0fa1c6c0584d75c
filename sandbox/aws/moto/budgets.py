"""AWS Budgets as moto differs from AWS.

Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

import copy
import json
import re
from types import SimpleNamespace
from typing import Any

import moto.budgets.models
from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, BudgetsBackend, Notification
from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError
from moto.utilities.tagging_service import TaggingService

from sandbox.aws import clock
from sandbox.aws.patching import add, replace

NAME = re.compile(r"(?![^:\\]*/action/)[^:\\]{1,100}")
# API_CreateBudget.html (NotificationsWithSubscribers)
MOST_NOTIFICATIONS = 5
MOST_OF = {"SNS": 1, "EMAIL": 10}
DEFAULTS = {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
IDENTITY = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
CHOICES = {
    "NotificationType": {"ACTUAL", "FORECASTED"},
    "ComparisonOperator": {"GREATER_THAN", "LESS_THAN", "EQUAL_TO"},
    "ThresholdType": {"PERCENTAGE", "ABSOLUTE_VALUE"},
}
SNS = re.compile(r"arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}")


def install() -> None:
    """Patch moto, once in a process."""
    # A budget without a beginning begins with the month, which must be the same when the journal is replayed.
    replace(moto.budgets.models, "datetime", SimpleNamespace(now=clock.utcnow))
    _refuse_impossible_budgets()
    _change_budgets()
    _keep_notifications_and_subscribers()
    _keep_tags()


def _refuse_impossible_budgets() -> None:
    """API_CreateBudget.html, API_Budget.html, API_Spend.html"""

    def create_budget(self: Any, account_id: str, budget: Any, notifications: Any) -> None:
        _check(budget)
        if len(notifications) > MOST_NOTIFICATIONS:
            raise _error(
                "CreationLimitExceededException", f"A budget has {MOST_NOTIFICATIONS} notifications."
            )
        for each in notifications:
            each["Notification"] = _checked(each["Notification"])
            _check_subscribers(each["Subscribers"])
        if len({_identity(each["Notification"]) for each in notifications}) < len(notifications):
            raise DuplicateRecordException(record_type="notification", record_name=budget["BudgetName"])
        create(self, account_id, budget, notifications)

    create = replace(BudgetsBackend, "create_budget", create_budget)


def _change_budgets() -> None:
    """API_UpdateBudget.html: the budget is written as a whole, but for its notifications and its spend."""

    def update_budget(self: Any) -> str:
        new = self._get_param("NewBudget")
        _check(new)
        budget = _budget(self, new["BudgetName"])
        fresh = Budget(copy.deepcopy(new), [])
        if "TimePeriod" not in new:
            fresh.budget["TimePeriod"] = budget.budget["TimePeriod"]
        budget.budget = fresh.budget
        return json.dumps({})

    add(BudgetsResponse, "update_budget", update_budget)


def _keep_notifications_and_subscribers() -> None:
    """API_CreateNotification.html and its neighbours"""

    def create_notification(self: Any) -> str:
        budget = _budget(self, self._get_param("BudgetName"))
        details = _checked(self._get_param("Notification"))
        subscribers = self._get_param("Subscribers")
        _check_subscribers(subscribers)
        if len(budget.notifications) >= MOST_NOTIFICATIONS:
            raise _error(
                "CreationLimitExceededException", f"A budget has {MOST_NOTIFICATIONS} notifications."
            )
        if any(_identity(one.details) == _identity(details) for one in budget.notifications):
            raise DuplicateRecordException(
                record_type="notification", record_name=details["NotificationType"]
            )
        budget.notifications.append(Notification(details, subscribers))
        return json.dumps({})

    def update_notification(self: Any) -> str:
        notification = _notification(self, "OldNotification")
        notification.details = _checked(self._get_param("NewNotification"))
        return json.dumps({})

    def delete_notification(self: Any) -> str:
        budget, doomed = _budget(self, self._get_param("BudgetName")), _notification(self)
        budget.notifications.remove(doomed)
        return json.dumps({})

    def describe_notifications_for_budget(self: Any) -> str:
        budget = _budget(self, self._get_param("BudgetName"))
        return json.dumps({"Notifications": [one.details for one in budget.notifications]})

    def describe_subscribers_for_notification(self: Any) -> str:
        return json.dumps({"Subscribers": _notification(self).subscribers})

    def create_subscriber(self: Any) -> str:
        notification, new = _notification(self), self._get_param("Subscriber")
        if new in notification.subscribers:
            raise DuplicateRecordException(record_type="subscriber", record_name=new["Address"])
        _check_subscribers([*notification.subscribers, new])
        notification.subscribers = [*notification.subscribers, new]
        return json.dumps({})

    def delete_subscriber(self: Any) -> str:
        notification, doomed = _notification(self), self._get_param("Subscriber")
        if doomed not in notification.subscribers:
            raise NotFoundException("Unable to delete subscriber - the subscriber doesn't exist.")
        if len(notification.subscribers) == 1:
            raise _error("InvalidParameterException", "A notification needs a subscriber.")
        notification.subscribers = [one for one in notification.subscribers if one != doomed]
        return json.dumps({})

    replace(BudgetsResponse, "create_notification", create_notification)
    replace(BudgetsResponse, "delete_notification", delete_notification)
    replace(BudgetsResponse, "describe_notifications_for_budget", describe_notifications_for_budget)
    for each in (
        update_notification,
        describe_subscribers_for_notification,
        create_subscriber,
        delete_subscriber,
    ):
        add(BudgetsResponse, each.__name__, each)


def _keep_tags() -> None:
    """API_TagResource.html, API_UntagResource.html, API_ListTagsForResource.html of Budgets"""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.tagger = TaggingService()

    def create_budget(self: Any) -> str:
        answer: str = create(self)
        name = self._get_param("Budget")["BudgetName"]
        self.backend.tagger.tag_resource(_arn(self, name), self._get_param("ResourceTags", []))
        return answer

    def delete_budget(self: Any) -> str:
        answer: str = delete(self)
        self.backend.tagger.delete_all_tags_for_resource(_arn(self, self._get_param("BudgetName")))
        return answer

    def tagged(self: Any) -> str:
        arn: str = self._get_param("ResourceARN")
        if arn not in {_arn(self, name) for name in self.backend.budgets[self.current_account]}:
            raise NotFoundException(f"{arn} does not exist.")
        return arn

    def tag_resource(self: Any) -> str:
        self.backend.tagger.tag_resource(tagged(self), self._get_param("ResourceTags"))
        return json.dumps({})

    def untag_resource(self: Any) -> str:
        self.backend.tagger.untag_resource_using_names(tagged(self), self._get_param("ResourceTagKeys"))
        return json.dumps({})

    def list_tags_for_resource(self: Any) -> str:
        tags = self.backend.tagger.list_tags_for_resource(tagged(self))["Tags"]
        return json.dumps({"ResourceTags": tags})

    original = replace(BudgetsBackend, "__init__", __init__)
    create = replace(BudgetsResponse, "create_budget", create_budget)
    delete = replace(BudgetsResponse, "delete_budget", delete_budget)
    for each in (tag_resource, untag_resource, list_tags_for_resource):
        add(BudgetsResponse, each.__name__, each)


def _budget(response: Any, name: str) -> Any:
    """It is looked for in the account that the request names."""
    budget = response.backend.budgets[response._get_param("AccountId")].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budget


def _notification(response: Any, parameter: str = "Notification") -> Any:
    wanted = _identity(response._get_param(parameter))
    for one in _budget(response, response._get_param("BudgetName")).notifications:
        if _identity(one.details) == wanted:
            return one
    raise NotFoundException("Unable to get notification - the notification doesn't exist.")


def _identity(notification: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(({**DEFAULTS, **notification})[key] for key in IDENTITY)


def _check(budget: dict[str, Any]) -> None:
    if not NAME.fullmatch(budget["BudgetName"]):
        raise _error("InvalidParameterException", "The name of a budget has no colon and no backslash.")
    amount = budget.get("BudgetLimit", {}).get("Amount", "1")
    if not re.fullmatch(r"([0-9]*\.)?[0-9]+", amount) or float(amount) <= 0:
        raise _error("InvalidParameterException", f"The amount {amount} is no number above zero.")


def _checked(notification: dict[str, Any]) -> dict[str, Any]:
    whole = {**DEFAULTS, **notification}
    for key, choices in CHOICES.items():
        if whole.get(key) not in choices:
            raise _error("InvalidParameterException", f"{key} is one of {sorted(choices)}.")
    if not 0 < float(whole["Threshold"]) <= 15_000_000_000_000:
        raise _error("InvalidParameterException", f"The threshold {whole['Threshold']} is out of range.")
    return whole


def _check_subscribers(subscribers: list[dict[str, str]]) -> None:
    if not subscribers:
        raise _error("InvalidParameterException", "A notification needs a subscriber.")
    for kind, most in MOST_OF.items():
        addresses = [one["Address"] for one in subscribers if one["SubscriptionType"] == kind]
        if len(addresses) > most:
            raise _error("CreationLimitExceededException", f"A notification has {most} {kind} subscribers.")
        if len(set(addresses)) < len(addresses):
            raise DuplicateRecordException(record_type="subscriber", record_name=addresses[0])
        for address in addresses:
            if not (SNS.fullmatch(address) if kind == "SNS" else "@" in address):
                raise _error("InvalidParameterException", f"{address} is no address of {kind}.")


def _arn(response: Any, name: str) -> str:
    return f"arn:{response.partition}:budgets::{response.current_account}:budget/{name}"


def _error(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)
