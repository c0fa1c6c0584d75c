"""What a person in the console might do to the keys."""

from __future__ import annotations

import json

import boto3


def main() -> None:
    kms = boto3.client("kms")
    ids = {
        purpose: kms.describe_key(KeyId=f"alias/notejam-sandbox-{purpose}")["KeyMetadata"]["KeyId"]
        for purpose in ("database", "logs", "secrets", "storage")
    }
    kms.disable_key_rotation(KeyId=ids["database"])
    policy = json.loads(kms.get_key_policy(KeyId=ids["logs"], PolicyName="default")["Policy"])
    policy["Statement"][0]["Action"] = "kms:*"
    kms.put_key_policy(KeyId=ids["logs"], PolicyName="default", Policy=json.dumps(policy))
    kms.untag_resource(KeyId=ids["secrets"], TagKeys=["platform:purpose"])
    kms.delete_alias(AliasName="alias/notejam-sandbox-secrets")
    kms.tag_resource(KeyId=ids["secrets"], Tags=[{"TagKey": "platform:purpose", "TagValue": "secrets"}])
    kms.update_key_description(KeyId=ids["storage"], Description="a key")


if __name__ == "__main__":
    main()
