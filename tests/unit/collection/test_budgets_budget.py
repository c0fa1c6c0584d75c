"""The module budgets_budget: check, do, check again, do again; drift and refusals."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:notejam-test"
WHICH = {"AccountId": ACCOUNT, "BudgetName": "notejam-test"}


def notification(kind: str, threshold: int, topic: str) -> dict[str, Any]:
    subscriber = {"subscription_type": "SNS", "address": f"{TOPIC}-{topic}"}
    return {"notification_type": kind, "threshold": threshold, "subscribers": [subscriber]}


BUDGET: dict[str, Any] = {
    "name": "notejam-test",
    "account_id": ACCOUNT,
    "limit_amount": 1500000,
    "notifications": [notification("FORECASTED", 100, "warning"), notification("ACTUAL", 80, "critical")],
    "tags": {"platform:component": "observability"},
}


@pytest.fixture(autouse=True)
def _account(strict_account: None) -> None:
    """Every test has an empty account."""


@pytest.fixture
def budgets() -> Any:
    return boto3.client("budgets", "us-east-1")


def test_creates_and_deletes(budgets: Any) -> None:
    run = four_steps("budgets_budget", **BUDGET)
    assert run.writes == ["CreateBudget"]
    assert run.result["budget"]["arn"] == f"arn:aws:budgets::{ACCOUNT}:budget/notejam-test"
    assert budgets.describe_budget(**WHICH)["Budget"]["BudgetLimit"] == {"Amount": "1500000", "Unit": "USD"}
    kinds = {
        one["NotificationType"] for one in budgets.describe_notifications_for_budget(**WHICH)["Notifications"]
    }
    assert kinds == {"ACTUAL", "FORECASTED"}
    four_steps("budgets_budget", name="notejam-test", account_id=ACCOUNT, state="absent")
    assert not budgets.describe_budgets(AccountId=ACCOUNT).get("Budgets")


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"limit_amount": 20.5}, ["UpdateBudget"]),
        ({"time_unit": "QUARTERLY"}, ["UpdateBudget"]),
        ({"cost_filters": {"Service": ["Amazon EC2"]}}, ["UpdateBudget"]),
        ({"notifications": BUDGET["notifications"][:1]}, ["DeleteNotification"]),
        (
            {"notifications": [BUDGET["notifications"][0], notification("ACTUAL", 90, "critical")]},
            ["DeleteNotification", "CreateNotification"],
        ),
        ({"tags": {"owner": "platform"}}, ["TagResource", "UntagResource"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("budgets_budget", **BUDGET)
    assert four_steps("budgets_budget", **BUDGET | change).writes == writes


def test_the_order_of_notifications_does_not_count() -> None:
    run_module("budgets_budget", **BUDGET)
    turned = BUDGET | {"notifications": BUDGET["notifications"][::-1]}
    assert not run_module("budgets_budget", **turned).changed


def test_what_was_changed_by_hand_is_brought_back(budgets: Any) -> None:
    run_module("budgets_budget", **BUDGET)
    told = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80}
    mine = {"SubscriptionType": "EMAIL", "Address": "me@notejam.example.com"}
    budgets.create_subscriber(**WHICH, Notification=told, Subscriber=mine)
    budgets.update_budget(
        AccountId=ACCOUNT,
        NewBudget={
            "BudgetName": "notejam-test",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "9", "Unit": "USD"},
            "CostFilters": {"Service": ["Amazon EC2"]},
        },
    )
    run = four_steps("budgets_budget", **BUDGET)
    assert run.writes == ["UpdateBudget", "DeleteNotification", "CreateNotification"]
    assert run.result["budget"]["cost_filters"] == {}


def test_what_cannot_be_is_refused_before_any_call(subtests: pytest.Subtests) -> None:
    for wrong, words in (
        ({"limit_amount": None}, "limit_amount"),
        ({"notifications": [notification("ACTUAL", n, "a") for n in range(1, 7)]}, "more than the 5"),
        ({"notifications": [{**notification("SPENT", 1, "a")}]}, "notification_type"),
        ({"time_unit": "HOURLY"}, "time_unit"),
    ):
        with subtests.test(words=words):
            given = {key: value for key, value in (BUDGET | wrong).items() if value is not None}
            run = run_module("budgets_budget", **given)
            assert words in run.result["msg"]
            assert run.operations == []


def test_what_aws_refuses_fails_with_its_words() -> None:
    run = run_module("budgets_budget", **BUDGET | {"limit_amount": 0})
    assert run.result["failed"]
    assert "InvalidParameterException" in run.result["msg"]
