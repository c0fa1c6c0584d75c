"""The account's identities as IAM tells of them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

GITHUB = "token.actions.githubusercontent.com"


@pytest.fixture(scope="module")
def iam() -> Any:
    return boto3.client("iam")


@pytest.fixture(scope="module")
def boundary(iam: Any) -> dict[str, Any]:
    policies = iam.list_policies(Scope="Local")["Policies"]
    return next(each for each in policies if each["PolicyName"] == "notejam-sandbox-boundary-global")


def role(iam: Any, name: str) -> dict[str, Any]:
    return dict(iam.get_role(RoleName=f"notejam-sandbox-{name}-global")["Role"])


def trust(iam: Any, name: str) -> dict[str, Any]:
    (statement,) = role(iam, name)["AssumeRolePolicyDocument"]["Statement"]
    return dict(statement)


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("github-push-notejam", ["notejam:ref:refs/heads/main"]),
        (
            "github-plan-notejam-platform",
            ["notejam-platform:ref:refs/heads/main", "notejam-platform:pull_request"],
        ),
        ("github-apply-notejam-platform", ["notejam-platform:environment:sandbox"]),
    ],
)
def test_a_repository_is_trusted_for_its_purpose_only_and_within_the_boundary(
    iam: Any, boundary: dict[str, Any], name: str, subjects: list[str]
) -> None:
    statement = trust(iam, name)
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{GITHUB}")
    assert statement["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": [f"repo:notejam-developers/{subject}" for subject in subjects],
        }
    }
    assert role(iam, name)["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary["Arn"]


def test_people_need_a_second_factor_and_an_hour_is_enough(iam: Any) -> None:
    for name in ("read-only", "break-glass"):
        assert trust(iam, name)["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}
        assert role(iam, name)["MaxSessionDuration"] == 3600


def test_the_boundary_lets_no_user_be_made_and_no_audit_be_stopped(
    iam: Any, boundary: dict[str, Any]
) -> None:
    version = iam.get_policy_version(PolicyArn=boundary["Arn"], VersionId=boundary["DefaultVersionId"])
    statements = version["PolicyVersion"]["Document"]["Statement"]
    denied = {
        action
        for statement in statements
        if statement["Effect"] == "Deny" and "Condition" not in statement
        for action in statement.get("Action", [])
    }
    assert {
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "iam:DeleteRolePermissionsBoundary",
        "cloudtrail:StopLogging",
        "kms:ScheduleKeyDeletion",
        "s3:BypassGovernanceRetention",
    } <= denied
    allowed = [each["Action"] for each in statements if each["Effect"] == "Allow"]
    assert ["*"] not in allowed


def test_passwords_are_long(iam: Any) -> None:
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] >= 14
