"""KMS, IAM and Secrets Manager where moto would let pass, or forget, what AWS does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_a_keys_rotation_period_is_kept(client: Any) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def test_a_replica_is_the_same_key_with_properties_of_its_own(client: Any, later: Any) -> None:
    here, there = client("kms"), client("kms", region="eu-central-1")
    key = here.create_key(MultiRegion=True, Description="primary")["KeyMetadata"]["KeyId"]
    here.create_alias(AliasName="alias/notes", TargetKeyId=key)
    sealed = here.encrypt(KeyId=key, Plaintext=b"notes")["CiphertextBlob"]
    tags = [{"TagKey": "platform:site", "TagValue": "standby"}]
    made = here.replicate_key(KeyId=key, ReplicaRegion="eu-central-1", Description="replica", Tags=tags)
    assert made["ReplicaKeyMetadata"]["Description"] == "replica"
    assert there.list_resource_tags(KeyId=key)["Tags"] == tags
    later(1)
    there.create_alias(AliasName="alias/notes", TargetKeyId=key)
    assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"notes"
    kinds = [
        kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]
        for kms in (there, here)
    ]
    assert kinds == ["REPLICA", "PRIMARY"]
    refused("AlreadyExistsException", here.replicate_key, KeyId=key, ReplicaRegion="eu-central-1")
    single = here.create_key()["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", here.replicate_key, KeyId=single, ReplicaRegion="eu-central-1")


def test_malformed_policies_are_refused(client: Any, subtests: pytest.Subtests) -> None:
    wrong_trust = json.dumps(TRUST).replace("sts:TagSession", "s3:GetObject")
    secrets = client("secretsmanager")
    secrets.create_secret(Name="django", SecretString="x")
    for code, call, parameters in (
        ("MalformedPolicyDocumentException", client("kms").create_key, {"Policy": "{}"}),
        ("MalformedPolicyDocumentException", client("kms").create_key, {"Policy": "no JSON"}),
        (
            "MalformedPolicyDocument",
            client("iam").create_role,
            {"RoleName": "r", "AssumeRolePolicyDocument": wrong_trust},
        ),
        (
            "MalformedPolicyDocumentException",
            secrets.put_resource_policy,
            {"SecretId": "django", "ResourcePolicy": "no JSON"},
        ),
        ("ValidationException", secrets.create_secret, {"Name": "a name!#", "SecretString": "x"}),
    ):
        with subtests.test(code=code, parameters=parameters):
            refused(code, call, **parameters)
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))


def test_a_policy_in_use_is_not_deleted(client: Any) -> None:
    iam = client("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    arn = iam.create_policy(PolicyName="read", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.create_user(UserName="ada")
    iam.attach_user_policy(UserName="ada", PolicyArn=arn)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.detach_user_policy(UserName="ada", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
