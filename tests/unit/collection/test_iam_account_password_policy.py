"""The module iam_account_password_policy: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

MODULE = "iam_account_password_policy"


@pytest.fixture
def iam() -> Any:
    return boto3.client("iam")


def test_sets_the_policy(iam: Any) -> None:
    run = four_steps(MODULE, minimum_password_length=16, require_symbols=True, password_reuse_prevention=24)
    assert run.writes == ["UpdateAccountPasswordPolicy"]
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy["MinimumPasswordLength"] == 16
    assert policy["RequireSymbols"]
    assert policy["PasswordReusePrevention"] == 24


def test_what_is_not_declared_is_as_iam_has_it(iam: Any) -> None:
    iam.update_account_password_policy(MinimumPasswordLength=20, RequireNumbers=True)
    four_steps(MODULE, minimum_password_length=16)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireNumbers"]) == (16, False)


def test_removes_the_policy(iam: Any) -> None:
    iam.update_account_password_policy(MinimumPasswordLength=20)
    four_steps(MODULE, state="absent")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()


def test_a_length_that_iam_refuses_is_told(iam: Any) -> None:
    run = run_module(MODULE, minimum_password_length=129)
    assert run.result["failed"]
    assert "minimumPasswordLength" in run.result["msg"]
