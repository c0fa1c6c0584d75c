"""The keys as KMS tells of them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

PURPOSES = ["backups", "cluster", "database", "logs", "nodes", "notifications", "secrets", "storage"]
USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:*")


@pytest.fixture(scope="module")
def kms() -> Any:
    return boto3.client("kms")


def alias(purpose: str) -> str:
    return f"alias/notejam-sandbox-{purpose}"


def statements(kms: Any, purpose: str) -> list[dict[str, Any]]:
    key = kms.describe_key(KeyId=alias(purpose))["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    return list(policy["Statement"])


def test_each_purpose_has_one_key(kms: Any) -> None:
    found = [each["AliasName"] for each in kms.list_aliases()["Aliases"] if "/aws/" not in each["AliasName"]]
    assert sorted(found) == [alias(purpose) for purpose in PURPOSES]


@pytest.mark.parametrize("purpose", PURPOSES)
class TestKey:
    def test_can_be_replicated_and_is_rotated_every_year(self, kms: Any, purpose: str) -> None:
        key = kms.describe_key(KeyId=alias(purpose))["KeyMetadata"]
        assert key["KeyState"] == "Enabled"
        assert key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
        rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])
        assert rotation["KeyRotationEnabled"]
        assert rotation["RotationPeriodInDays"] == 365

    def test_is_tagged_with_its_purpose(self, kms: Any, purpose: str) -> None:
        key = kms.describe_key(KeyId=alias(purpose))["KeyMetadata"]["KeyId"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
        assert tags["platform:purpose"] == purpose
        assert tags["platform:component"] == "encryption_keys"

    def test_who_administers_it_cannot_use_it(self, kms: Any, purpose: str) -> None:
        for statement in statements(kms, purpose):
            if "Condition" not in statement:
                actions = statement["Action"]
                allowed = {actions} if isinstance(actions, str) else set(actions)
                assert not allowed & set(USE), statement


def test_cloudwatch_logs_may_use_the_key_of_the_logs_and_no_other(kms: Any) -> None:
    using = [
        purpose for purpose in PURPOSES if "logs.eu-west-1.amazonaws.com" in str(statements(kms, purpose))
    ]
    assert using == ["logs"]
