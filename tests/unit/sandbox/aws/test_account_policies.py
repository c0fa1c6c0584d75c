"""The linter of the scenarios finds what is wrong with a policy, wherever in the account the policy is."""

from __future__ import annotations

import importlib
import json
from typing import Any

import boto3
import pytest

from tests.commands import ROOT

ACCOUNT = "123456789012"
GITHUB = "token.actions.githubusercontent.com"
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}
FEDERATED = {
    "Effect": "Allow",
    "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::notes/*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def linter(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "molecule" / "shared" / "policies"))
    return importlib.import_module("policy_rules")


@pytest.mark.parametrize(
    ("kind", "statement", "complaint"),
    [
        ("identity", READ | {"Action": "*"}, "allows every action"),
        ("identity", READ | {"Action": ["s3:GetObject", "*"]}, "allows every action"),
        ("identity", READ | {"Action": "s3:*", "Resource": "*"}, "allows s3:* on everything"),
        ("identity", READ | {"Action": "s3:*", "Resource": "arn:aws:s3:::*"}, "allows s3:* on everything"),
        ("identity", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "allows by NotAction"),
        ("identity", READ | {"Action": "s3:GetObjekt"}, "UNKNOWN_ACTION"),
        ("identity", READ | {"Resource": "arn:aws:s3:::notes"}, "RESOURCE_MISMATCH"),
        (
            "identity",
            READ | {"Condition": {"StringEquals": {"ec2:Vpc": "vpc-1"}}},
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        ("identity", READ | {"Condition": {"StringIs": {"aws:userid": "x"}}}, "UNKNOWN_OPERATOR"),
        ("trust", ANYONE, "lets anyone in"),
        ("trust", FEDERATED, "for whomever it vouches"),
        (
            "trust",
            FEDERATED | {"Condition": {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}},
            "for whomever it vouches",
        ),
        (
            "trust",
            FEDERATED | {"Condition": {"StringLike": {f"{GITHUB}:sub": "*"}}},
            "for whomever it vouches",
        ),
        ("resource", ANYONE | {"Principal": {"AWS": ["*"]}}, "lets anyone in"),
        (
            "resource",
            {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:Get*"},
            "NotPrincipal",
        ),
        ("resource", READ | {"Principal": {"AWS": ACCOUNT}, "Action": "kms:*"}, "allows kms:* on"),
    ],
)
def test_what_says_too_much_is_told(
    linter: Any, kind: str, statement: dict[str, Any], complaint: str
) -> None:
    found = linter.complaints(linter.Policy(kind, "bad", document(statement)))
    assert any(complaint in line for line in found), found


@pytest.mark.parametrize("text", ["{", "[]", '{"Version": "2012-10-17"}', '{"Statement": ["Allow"]}'])
def test_what_is_no_policy_is_told(linter: Any, text: str) -> None:
    assert len(linter.complaints(linter.Policy("resource", "bad", text))) == 1


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("identity", READ),
        ("identity", {"Effect": "Deny", "NotAction": "iam:Get*", "Resource": "*"}),
        (
            "identity",
            {"Sid": "ServicesOfThePlatform", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        ),
        (
            "identity",
            READ | {"Condition": {"ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:::{ACCOUNT}"}}},
        ),
        ("trust", FEDERATED | {"Condition": {"StringEquals": {f"{GITHUB}:sub": ["repo:a/b:pull_request"]}}}),
        (
            "resource",
            ANYONE | {"Action": "kms:Decrypt", "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}},
        ),
        ("resource", ANYONE | {"Effect": "Deny", "Action": "*"}),
    ],
)
def test_what_is_narrow_is_let_be(linter: Any, kind: str, statement: dict[str, Any]) -> None:
    assert linter.complaints(linter.Policy(kind, "good", document(statement))) == []


def test_no_policy_of_an_account_is_overlooked(
    linter: Any, client: Any, endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad policy of each kind is written, and each is complained of."""
    iam = client("iam")
    everything = document(READ | {"Action": "*"})
    iam.create_policy(PolicyName="managed", PolicyDocument=everything)
    iam.create_role(
        RoleName="trusting",
        AssumeRolePolicyDocument=document(
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ),
    )
    iam.create_role(
        RoleName="inline",
        AssumeRolePolicyDocument=document(
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ),
    )
    iam.put_role_policy(RoleName="inline", PolicyName="role-inline", PolicyDocument=everything)
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="user-inline", PolicyDocument=everything)
    iam.create_group(GroupName="people")
    iam.put_group_policy(GroupName="people", PolicyName="group-inline", PolicyDocument=everything)
    open_to_all = ANYONE | {"Action": "kms:*"}
    key = client("kms").create_key(Policy=document(open_to_all), BypassPolicyLockoutSafetyCheck=True)
    s3 = client("s3")
    s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="no-policy", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_policy(
        Bucket="notes",
        Policy=document(ANYONE | {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::notes/*"}),
    )
    secret = client("secretsmanager").create_secret(Name="password", SecretString="x")["ARN"]
    client("secretsmanager").put_resource_policy(
        SecretId=secret, ResourcePolicy=document(ANYONE | {"Action": "secretsmanager:GetSecretValue"})
    )
    ecr = client("ecr")
    ecr.create_repository(repositoryName="no-policy")
    repository = ecr.create_repository(repositoryName="app")["repository"]["repositoryArn"]
    ecr.set_repository_policy(
        repositoryName="app",
        policyText=document({"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}),
    )
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    client("sns").set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=document(ANYONE | {"Action": "sns:Publish", "Resource": topic}),
    )
    client("sns").create_topic(Name="as-aws-makes-it")

    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    session = boto3.session.Session(
        settings.access_key_id, settings.secret_access_key, region_name="eu-west-1"
    )
    policies = importlib.import_module("account_policies").account_policies(session)
    told = {policy.name for policy in policies if linter.complaints(policy)}
    assert told == {
        f"arn:aws:iam::{ACCOUNT}:policy/managed v1",
        f"arn:aws:iam::{ACCOUNT}:role/trusting (trust)",
        f"arn:aws:iam::{ACCOUNT}:role/inline role-inline",
        f"arn:aws:iam::{ACCOUNT}:user/ada user-inline",
        f"arn:aws:iam::{ACCOUNT}:group/people group-inline",
        key["KeyMetadata"]["Arn"],
        "bucket notes",
        secret,
        repository,
        topic,
    }
