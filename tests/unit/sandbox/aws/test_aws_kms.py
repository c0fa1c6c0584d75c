"""KMS by the states of its keys: what they do, how a primary moves, and policies that lock everybody out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

OTHER = "eu-central-1"


@pytest.fixture
def kms(client: Any) -> Any:
    return client("kms")


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_a_key_does_by_its_state(kms: Any) -> None:
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"notes")["CiphertextBlob"]
    refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=key)
    grant = {"KeyId": key, "GranteePrincipal": "arn:aws:iam::123456789012:role/r", "Operations": ["Decrypt"]}
    crypto: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": sealed}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.re_encrypt, {"CiphertextBlob": sealed, "DestinationKeyId": key}),
        (kms.create_grant, grant),
        (kms.enable_key_rotation, {"KeyId": key}),
    ]
    kms.disable_key(KeyId=key)
    for call, parameters in crypto:
        refused("DisabledException", call, **parameters)
    kms.update_key_description(KeyId=key, Description="of a disabled key")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call, parameters in (
        *crypto,
        (kms.enable_key, {"KeyId": key}),
        (kms.schedule_key_deletion, {"KeyId": key}),
        (kms.create_alias, {"AliasName": "alias/a", "TargetKeyId": key}),
        (kms.update_key_description, {"KeyId": key, "Description": "x"}),
    ):
        refused("KMSInvalidStateException", call, **parameters)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"notes"


def test_a_replica_takes_its_time(kms: Any, client: Any, later: Any) -> None:
    there = client("kms", region=OTHER)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    made = kms.replicate_key(KeyId=key, ReplicaRegion=OTHER)["ReplicaKeyMetadata"]
    assert (made["KeyState"], made["Enabled"]) == ("Creating", False)
    refused("KMSInvalidStateException", there.encrypt, KeyId=key, Plaintext=b"x")
    refused("KMSInvalidStateException", there.create_alias, AliasName="alias/a", TargetKeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    later(1)
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    there.create_alias(AliasName="alias/a", TargetKeyId=key)


def test_a_primary_moves_to_a_region_with_a_replica(kms: Any, client: Any, later: Any) -> None:
    there = client("kms", region=OTHER)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    refused("NotFoundException", kms.update_primary_region, KeyId=key, PrimaryRegion=OTHER)
    single = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", kms.update_primary_region, KeyId=single, PrimaryRegion=OTHER)
    kms.replicate_key(KeyId=key, ReplicaRegion=OTHER)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    later(1)
    kms.update_primary_region(KeyId=key, PrimaryRegion=OTHER)
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Updating"
    refused("KMSInvalidStateException", there.update_primary_region, KeyId=key, PrimaryRegion="eu-west-1")
    later(2)
    third = client("kms", region="us-east-1")
    told = [
        each.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
        for each in (kms, there, third)
    ]
    assert [each["MultiRegionKeyType"] for each in told] == ["REPLICA", "PRIMARY", "REPLICA"]
    assert {each["PrimaryKey"]["Region"] for each in told} == {OTHER}
    for each in told:
        assert sorted(replica["Region"] for replica in each["ReplicaKeys"]) == ["eu-west-1", "us-east-1"]
    refused("UnsupportedOperationException", kms.update_primary_region, KeyId=key, PrimaryRegion=OTHER)


def policy(principal: str, action: str = "kms:*") -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_no_policy_locks_everybody_out(kms: Any) -> None:
    locked = "MalformedPolicyDocumentException"
    root, other = "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/other"
    refused(locked, kms.create_key, Policy=policy(other))
    refused(locked, kms.create_key, Policy=policy(root, "kms:Decrypt"))
    key = kms.create_key(Policy=policy(root))["KeyMetadata"]["KeyId"]
    given = {"KeyId": key, "PolicyName": "default"}
    refused(locked, kms.put_key_policy, **given, Policy=policy(other))
    kms.put_key_policy(**given, Policy=policy("arn:aws:iam::123456789012:user/administrator"))
    kms.put_key_policy(**given, Policy=policy(other), BypassPolicyLockoutSafetyCheck=True)
    assert json.loads(kms.get_key_policy(**given)["Policy"]) == json.loads(policy(other))
