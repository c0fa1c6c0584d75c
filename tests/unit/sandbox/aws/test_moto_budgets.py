"""AWS Budgets where moto would let pass, or lack, what AWS does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.aws.conftest import ACCOUNT

BUDGET = {
    "BudgetName": "notejam",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "500", "Unit": "USD"},
}
WHICH = {"AccountId": ACCOUNT, "BudgetName": "notejam"}
TOPIC = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"}


def spent(percent: float) -> dict[str, Any]:
    return {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": percent}


def email(number: int) -> dict[str, str]:
    return {"SubscriptionType": "EMAIL", "Address": f"{number}@notejam.example.com"}


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def budgets(client: Any) -> Any:
    made = client("budgets", "us-east-1")
    made.create_budget(
        AccountId=ACCOUNT,
        Budget=BUDGET,
        NotificationsWithSubscribers=[{"Notification": spent(80), "Subscribers": [TOPIC]}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    return made


def test_a_budget_is_changed_and_keeps_its_beginning_and_its_notifications(budgets: Any) -> None:
    before = budgets.describe_budget(**WHICH)["Budget"]
    new = {**BUDGET, "BudgetLimit": {"Amount": "900", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=new)
    after = budgets.describe_budget(**WHICH)["Budget"]
    assert after["BudgetLimit"]["Amount"].startswith("900")
    assert after["TimePeriod"] == before["TimePeriod"]
    assert len(budgets.describe_notifications_for_budget(**WHICH)["Notifications"]) == 1
    refused(
        "NotFoundException", budgets.update_budget, AccountId=ACCOUNT, NewBudget={**BUDGET, "BudgetName": "x"}
    )
    wrong = {**BUDGET, "BudgetLimit": {"Amount": "0", "Unit": "USD"}}
    refused("InvalidParameterException", budgets.update_budget, AccountId=ACCOUNT, NewBudget=wrong)


def test_notifications_are_told_by_what_they_watch(budgets: Any) -> None:
    (told,) = budgets.describe_notifications_for_budget(**WHICH)["Notifications"]
    assert (told["ThresholdType"], told["NotificationState"]) == ("PERCENTAGE", "OK")
    asked = {**WHICH, "Notification": spent(80.0)}
    assert budgets.describe_subscribers_for_notification(**asked)["Subscribers"] == [TOPIC]
    refused("DuplicateRecordException", budgets.create_notification, **asked, Subscribers=[TOPIC])
    budgets.update_notification(**WHICH, OldNotification=spent(80), NewNotification=spent(70))
    refused("NotFoundException", budgets.describe_subscribers_for_notification, **asked)
    budgets.delete_notification(**WHICH, Notification={**spent(70), "ThresholdType": "PERCENTAGE"})
    assert budgets.describe_notifications_for_budget(**WHICH).get("Notifications", []) == []
    other = {**WHICH, "BudgetName": "other"}
    refused("NotFoundException", budgets.describe_notifications_for_budget, **other)


def test_a_budget_has_five_notifications(budgets: Any) -> None:
    for percent in (10, 20, 30, 40):
        budgets.create_notification(**WHICH, Notification=spent(percent), Subscribers=[TOPIC])
    sixth = {**WHICH, "Notification": spent(50), "Subscribers": [TOPIC]}
    refused("CreationLimitExceededException", budgets.create_notification, **sixth)


def test_a_notification_has_a_topic_and_ten_addresses(budgets: Any) -> None:
    asked = {**WHICH, "Notification": spent(80)}
    second = {**TOPIC, "Address": TOPIC["Address"] + "2"}
    refused("CreationLimitExceededException", budgets.create_subscriber, **asked, Subscriber=second)
    refused("DuplicateRecordException", budgets.create_subscriber, **asked, Subscriber=TOPIC)
    for number in range(10):
        budgets.create_subscriber(**asked, Subscriber=email(number))
    refused("CreationLimitExceededException", budgets.create_subscriber, **asked, Subscriber=email(10))
    budgets.delete_subscriber(**asked, Subscriber=TOPIC)
    refused("NotFoundException", budgets.delete_subscriber, **asked, Subscriber=TOPIC)
    for number in range(9):
        budgets.delete_subscriber(**asked, Subscriber=email(number))
    refused("InvalidParameterException", budgets.delete_subscriber, **asked, Subscriber=email(9))


def test_tags_go_with_the_budget(budgets: Any) -> None:
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/notejam"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "c", "Value": "d"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["a"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "c", "Value": "d"}]
    budgets.delete_budget(**WHICH)
    refused("NotFoundException", budgets.list_tags_for_resource, ResourceARN=arn)


def test_impossible_budgets_are_refused(budgets: Any, subtests: pytest.Subtests) -> None:
    other = {**BUDGET, "BudgetName": "other"}
    six = [{"Notification": spent(n), "Subscribers": [TOPIC]} for n in range(1, 7)]
    for code, budget, notifications in (
        ("InvalidParameterException", {**BUDGET, "BudgetName": "a:b"}, []),
        ("InvalidParameterException", other, [{"Notification": spent(0), "Subscribers": [TOPIC]}]),
        ("CreationLimitExceededException", other, six),
        ("DuplicateRecordException", other, [six[0], six[0]]),
    ):
        with subtests.test(code=code, budget=budget):
            given = {"Budget": budget, "NotificationsWithSubscribers": notifications}
            refused(code, budgets.create_budget, AccountId=ACCOUNT, **given)
