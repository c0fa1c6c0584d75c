"""Conditions of policies hold as IAM says that they do."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.conditions import met
from sandbox.aws.errors import AWSError

ROLE = "arn:aws:iam::123456789012:role/teams/deployer"
CONTEXT = {
    "github:sub": ["repo:notejam/notejam:ref:refs/heads/main"],
    "github:amr": ["password", "otp"],
    "aws:principalarn": [ROLE],
    "aws:sourceip": ["10.1.2.3"],
    "aws:securetransport": ["true"],
    "aws:multifactorauthage": ["90"],
    "aws:currenttime": ["2026-03-01T12:00:00Z"],
}
MAIN, OTHER = "repo:notejam/notejam:ref:refs/heads/main", "repo:notejam/notejam:pull_request"

HOLD: list[tuple[str, str, Any]] = [
    ("StringEquals", "github:sub", MAIN),
    ("StringEquals", "GitHub:Sub", [OTHER, MAIN]),
    ("StringNotEquals", "github:sub", OTHER),
    ("StringNotEquals", "github:missing", OTHER),
    ("StringEqualsIgnoreCase", "github:sub", MAIN.upper()),
    ("StringLike", "github:sub", "repo:notejam/*"),
    ("StringLike", "github:sub", "repo:notejam/notejam:ref:refs/heads/mai?"),
    ("StringNotLike", "github:sub", "repo:other/*"),
    ("StringEqualsIfExists", "github:missing", OTHER),
    ("ForAnyValue:StringEquals", "github:amr", "otp"),
    ("ForAllValues:StringEquals", "github:amr", ["otp", "password", "sms"]),
    ("ForAllValues:StringEquals", "github:missing", "otp"),
    ("ForAnyValue:StringNotEquals", "github:amr", "otp"),
    ("Null", "github:missing", "true"),
    ("Null", "github:sub", False),
    ("Bool", "aws:SecureTransport", True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
    ("ArnEquals", "aws:PrincipalArn", ROLE),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"),
    ("IpAddress", "aws:SourceIp", ["192.0.2.0/24", "10.0.0.0/8"]),
    ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", 90),
    ("DateGreaterThan", "aws:CurrentTime", "2026-02-28T00:00:00Z"),
    ("DateLessThanEquals", "aws:CurrentTime", "1772366400"),
]
FAIL: list[tuple[str, str, Any]] = [
    ("StringEquals", "github:sub", MAIN.upper()),
    ("StringEquals", "github:sub", "repo:notejam/*"),
    ("StringEquals", "github:missing", MAIN),
    ("StringLike", "github:sub", "repo:[n]*"),
    ("StringLike", "github:sub", "repo:notejam/notejam"),
    ("StringNotEquals", "github:sub", [OTHER, MAIN]),
    ("StringEqualsIfExists", "github:sub", OTHER),
    ("ForAnyValue:StringEquals", "github:missing", "otp"),
    ("ForAllValues:StringEquals", "github:amr", "otp"),
    ("ForAllValues:StringNotEquals", "github:amr", "otp"),
    ("Null", "github:sub", "true"),
    ("Null", "github:missing", "false"),
    ("Bool", "aws:SecureTransport", "false"),
    ("Bool", "aws:MultiFactorAuthPresent", "false"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:*:role/teams/deployer"),
    ("IpAddress", "aws:SourceIp", "192.0.2.0/24"),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "90"),
    ("NumericLessThan", "github:sub", "90"),
    ("DateLessThan", "aws:CurrentTime", "2026-03-01T12:00:00Z"),
]


@pytest.mark.parametrize(("operator", "key", "wanted"), HOLD)
def test_it_holds(operator: str, key: str, wanted: Any) -> None:
    assert met({operator: {key: wanted}}, CONTEXT)


@pytest.mark.parametrize(("operator", "key", "wanted"), FAIL)
def test_it_does_not_hold(operator: str, key: str, wanted: Any) -> None:
    assert not met({operator: {key: wanted}}, CONTEXT)


def test_all_keys_of_all_operators_have_to_hold() -> None:
    holding = {
        "StringEquals": {"github:sub": MAIN, "github:amr": "otp"},
        "Bool": {"aws:SecureTransport": "true"},
    }
    assert met({}, CONTEXT)
    assert met(holding, CONTEXT)
    assert not met(holding | {"Bool": {"aws:SecureTransport": "false"}}, CONTEXT)
    assert not met({"StringEquals": {"github:sub": MAIN, "github:amr": "sms"}}, CONTEXT)


@pytest.mark.parametrize(
    "conditions",
    [
        {"BinaryEquals": {"github:sub": "AA=="}},
        {"SomeOf:StringEquals": {"github:sub": MAIN}},
        {"StringEquals": {"github:sub": "${aws:username}"}},
    ],
)
def test_what_is_not_evaluated_is_said(conditions: Any) -> None:
    with pytest.raises(AWSError, match="does not evaluate"):
        met(conditions, CONTEXT)
