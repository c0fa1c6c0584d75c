"""Every policy of the account, whichever role wrote it, says no more than it must."""

from __future__ import annotations

import boto3
from account_policies import account_policies
from policy_rules import complaints


def test_no_policy_says_too_much() -> None:
    policies = account_policies(boto3.session.Session())
    assert [complaint for policy in policies for complaint in complaints(policy)] == []
