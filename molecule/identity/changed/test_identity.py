"""The account's identities after the inventory asks for others."""

from __future__ import annotations

import boto3


def test_another_branch_may_push_and_passwords_are_longer() -> None:
    iam = boto3.client("iam")
    role = iam.get_role(RoleName="notejam-sandbox-github-push-notejam-global")["Role"]
    condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == [
        "repo:notejam-developers/notejam:ref:refs/heads/main",
        "repo:notejam-developers/notejam:ref:refs/heads/release",
    ]
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 24


def test_a_role_that_is_declared_no_more_is_gone() -> None:
    roles = [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]]
    github = [name for name in roles if name.startswith("notejam-sandbox-github-")]
    assert github == ["notejam-sandbox-github-push-notejam-global"]
