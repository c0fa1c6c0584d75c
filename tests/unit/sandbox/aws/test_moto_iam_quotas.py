"""IAM's quotas, and what keeps a policy from deletion, where moto knows neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::notes/*"}
EC2 = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})


def document(statement: dict[str, Any], size: int, indent: int | None = None) -> str:
    """A policy of so many characters, by a Sid of the length that it takes."""
    least = len(text_of({"Sid": "", **statement}, None))
    return text_of({"Sid": "a" * (size - least), **statement}, indent)


def text_of(statement: dict[str, Any], indent: int | None) -> str:
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return json.dumps(policy, indent=indent, separators=(",", ":"))


def refused(code: str, saying: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{saying}")


@pytest.fixture
def iam(client: Any) -> Any:
    made = client("iam")
    made.create_role(RoleName="app", AssumeRolePolicyDocument=EC2)
    return made


def policy(iam: Any, name: str = "read", text: str = "") -> str:
    text = text or document(READ, 200)
    return str(iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"])


def test_a_managed_policy_has_6144_characters_without_white_space(iam: Any) -> None:
    arn = policy(iam, text=document(READ, 6144, indent=2))
    with refused("LimitExceeded", "PolicySize: 6144"):
        policy(iam, "long", document(READ, 6145))
    with refused("LimitExceeded", "PolicySize: 6144"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(READ, 6145))
    assert [each["PolicyName"] for each in iam.list_policies(Scope="Local")["Policies"]] == ["read"]


def test_a_trust_policy_has_2048(iam: Any) -> None:
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=document(TRUST, 2048))
    with refused("LimitExceeded", "ACLSizePerRole: 2048"):
        iam.update_assume_role_policy(RoleName="app", PolicyDocument=document(TRUST, 2049))
    with refused("LimitExceeded", "ACLSizePerRole: 2048"):
        iam.create_role(RoleName="long", AssumeRolePolicyDocument=document(TRUST, 2049))


def test_the_inline_policies_of_a_role_have_10240_together(iam: Any) -> None:
    put = iam.put_role_policy
    put(RoleName="app", PolicyName="first", PolicyDocument=document(READ, 5240))
    put(RoleName="app", PolicyName="second", PolicyDocument=document(READ, 5000))
    put(RoleName="app", PolicyName="first", PolicyDocument=document(READ, 5240))
    with refused("LimitExceeded", "10240 bytes exceeded for role app"):
        put(RoleName="app", PolicyName="third", PolicyDocument=document(READ, 200))


def test_ten_policies_are_attached_to_a_role(iam: Any) -> None:
    arns = [policy(iam, f"read-{number}") for number in range(11)]
    for arn in (*arns[:10], arns[0]):
        iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    with refused("LimitExceeded", "PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName="app", PolicyArn=arns[10])
    iam.detach_role_policy(RoleName="app", PolicyArn=arns[0])
    iam.delete_policy(PolicyArn=arns[0])
    iam.attach_role_policy(RoleName="app", PolicyArn=arns[10])


def test_a_boundary_is_not_deleted(iam: Any) -> None:
    arn = policy(iam)
    iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities"):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_role_permissions_boundary(RoleName="app")
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_policy_with_versions_is_not_deleted(iam: Any) -> None:
    arn = policy(iam)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(READ, 300), SetAsDefault=True)
    with refused("DeleteConflict", "more than one version"):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
