# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keys and secrets. AWS deletes both only after a while, and what encrypts a backup stays as long as that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.key_use import uses
from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope, keep
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session


# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
OF_A_DATABASE = "aws:rds:primaryDBClusterArn"


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """KMS and Secrets Manager."""
    yield from _keys(session, scope)
    yield from _secrets(session.client("secretsmanager"), scope)


def _keys(session: Session, scope: Scope) -> Iterator[Found]:
    kms = session.client("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for each in page["Keys"]:
            key = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
            if key["KeyManager"] != "CUSTOMER":
                continue
            listed = (
                kms.get_paginator("list_resource_tags")
                .paginate(KeyId=key["KeyId"])
                .build_full_result()["Tags"]
            )
            tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
            if found := scope.claim(key["Arn"], tags, "encryption_keys"):
                reason = _kept(session, key)
                yield keep(found, reason) if reason else found


def _kept(session: Session, key: dict[str, Any]) -> str | None:
    if key["KeyState"] == "PendingDeletion":
        return f"is deleted by KMS on {key['DeletionDate']:%Y-%m-%d}; until then CancelKeyDeletion keeps it"
    if key["KeyState"] == "PendingReplicaDeletion":
        return f"is deleted by KMS {key.get('PendingDeletionWindowInDays', 30)} days after its last replica"
    return f"encrypts {used}" if (used := ", ".join(uses(session, key["Arn"]))) else None


def _secrets(secretsmanager: Any, scope: Scope) -> Iterator[Found]:
    for page in secretsmanager.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
        for secret in page["SecretList"]:
            tags = as_dict(secret.get("Tags"))
            found = scope.claim(secret["ARN"], tags, "secrets", secret["Name"])
            # Of a password that RDS manages, which goes with its cluster.
            if found is None and tags.get(OF_A_DATABASE, "").endswith(f":cluster:{scope.name}"):
                found = Found(secret["ARN"], "database", f"is the password of {tags[OF_A_DATABASE]}")
            if found is None:
                continue
            waiting = "is deleted, and can be restored until its recovery window is over"
            yield keep(found, waiting) if secret.get("DeletedDate") else found
