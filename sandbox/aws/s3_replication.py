"""S3's replication at work: what awaits it is copied some time later, with what the rule's role may do.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html,
replication-config-for-kms-objects.html and replication-status.html there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from sandbox.aws.clients import Clients
from sandbox.aws.conditions import Context
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.emulator import Emulator, Moto
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request
from sandbox.aws.identities import role_in
from sandbox.aws.role_permissions import allows
from sandbox.aws.rounds import Rounds
from sandbox.aws.s3_access import OUTCOME

if TYPE_CHECKING:  # moto is imported once the clock is installed
    from sandbox.aws.moto.s3_replication import Awaited, Destination

log = logging.getLogger(__name__)

KIND = "s3-replication"
SERVICE = "s3.amazonaws.com"
ARN = "arn:aws:s3:::"
PAUSE = 0.5  # seconds between two rounds
Needed = tuple[str, str, Context]  # an action, its resource, and the keys of the request


class Replication(Rounds):
    """Brings about what rules say of moto's objects; another emulator than moto does so by itself."""

    def __init__(self, emulator: Emulator, clients: Clients, times: CreationTimes) -> None:
        super().__init__("s3-replication", PAUSE)
        self._emulator = emulator
        self._clients = clients
        self._times = times

    def step(self) -> None:
        """One round over all versions that await their replication for long enough."""
        if not isinstance(self._emulator, Moto):
            return
        from sandbox.aws.moto.s3_replication import awaited

        for one in self._emulator.look(awaited):
            if passed(self._times.after(one.since, KIND)):
                self._replicate(self._emulator, one)

    def _replicate(self, emulator: Moto, one: Awaited) -> None:
        """The outcome is a request like any other, so that the emulator's journal holds it."""
        from sandbox.aws.moto.s3_replication import COMPLETED, FAILED

        copies = [copy for rule in one.rules if (copy := self._copy(emulator, one, rule))]
        status = COMPLETED if len(copies) == len(one.rules) else FAILED
        body = json.dumps({"version_id": one.version_id, "status": status, "copies": copies}).encode()
        headers = {
            "host": f"s3.{one.region}.amazonaws.com",
            "authorization": f"AWS4-HMAC-SHA256 Credential=SANDBOX/20000101/{one.region}/s3/aws4_request",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        path = f"/{one.bucket}/{quote(one.name)}"
        emulator.send(Request("PUT", path, OUTCOME, headers, body), one.account, "s3", "ReplicateObject")

    def _copy(self, emulator: Moto, one: Awaited, rule: dict[str, Any]) -> dict[str, Any] | None:
        """What the copy is to be, or None where it fails."""
        from sandbox.aws.moto.s3_replication import destination

        wanted = rule["Destination"]
        bucket = wanted["Bucket"].removeprefix(ARN)
        there = emulator.look(lambda: destination(one.account, bucket))
        try:
            reason = self._hindrance(emulator, one, wanted, bucket, there)
        except (AWSError, ClientError) as error:
            reason = str(error)
        if reason:
            log.warning("%s of %s is not replicated to %s: %s", one.name, one.bucket, bucket, reason)
            return None
        key = (wanted.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        return {
            "bucket": bucket,
            "storage_class": wanted.get("StorageClass"),
            "kms_key": key if is_kms_encrypted(one) else None,
        }

    def _hindrance(
        self, emulator: Moto, one: Awaited, wanted: dict[str, Any], bucket: str, there: Destination | None
    ) -> str | None:
        """Why the copy cannot be made. Raises ClientError when a key is not there."""
        if there is None:
            return "the bucket does not exist"
        if not there.is_versioned:
            return "the bucket has no versioning"
        if is_locked(one) and not there.has_object_lock:
            return "the bucket has no Object Lock"
        if not self._trusts(one):
            return f"S3 cannot assume {one.role}"
        iam = self._clients.get("iam", one.account, one.region)
        needed = list(actions(one, bucket, there.region, self._has_tags(emulator, one)))
        if is_kms_encrypted(one):
            needed += self._key_actions(one, wanted, bucket, there.region)
        lacking = [
            action for action, arn, context in needed if not allows(iam, one.role, action, arn, context)
        ]
        return f"{one.role} may not {', '.join(lacking)}" if lacking else None

    def _has_tags(self, emulator: Moto, one: Awaited) -> bool:
        from sandbox.aws.moto.s3_replication import has_tags

        return emulator.look(lambda: has_tags(one))

    def _trusts(self, one: Awaited) -> bool:
        from sandbox.aws.moto.service_access import acting_for, lets

        account, name = role_in(one.role)
        if account != one.account:
            return False
        try:
            role = self._clients.get("iam", account, one.region).get_role(RoleName=name)["Role"]
        except ClientError:
            return False
        context = acting_for(f"{ARN}{one.bucket}", account, SERVICE)
        return lets(role["AssumeRolePolicyDocument"], SERVICE, "sts:AssumeRole", None, context)

    def _key_actions(self, one: Awaited, wanted: dict[str, Any], bucket: str, region: str) -> list[Needed]:
        """Decryption in the source's region and encryption in the destination's.

        Raises ClientError when a key is not there, AWSError when it cannot be used.
        """
        target = (wanted.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID", "")
        pairs = (
            ("kms:Decrypt", one.version.kms_key_id or "alias/aws/s3", one.region, one.bucket),
            ("kms:Encrypt", target, region, bucket),
        )
        found: list[Needed] = []
        for action, key, where, of in pairs:
            described = self._clients.get("kms", one.account, where).describe_key(KeyId=key)["KeyMetadata"]
            if described["KeyState"] != "Enabled" or described["Arn"].split(":")[3] != where:
                raise AWSError("KMS.DisabledException", f"{key} is no enabled key of {where}")
            # With a bucket key, it is the bucket that data is encrypted for.
            per_bucket = str(one.version.bucket_key_enabled).lower() == "true"
            context = keys_of(one, where) | {
                "kms:viaservice": [f"s3.{where}.amazonaws.com"],
                "kms:calleraccount": [one.account],
                "kms:encryptioncontext:aws:s3:arn": [f"{ARN}{of}" if per_bucket else f"{ARN}{of}/{one.name}"],
            }
            found.append((action, described["Arn"], context))
        return found


def actions(one: Awaited, destination: str, region: str, tagged: bool) -> Iterator[Needed]:
    """What the role must be allowed in S3, of the source and of the destination in `region`."""
    bucket = f"{ARN}{one.bucket}"
    read, written = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"], ["s3:ReplicateObject"]
    if tagged:
        read.append("s3:GetObjectVersionTagging")
        written.append("s3:ReplicateTags")
    if is_locked(one):
        read += ["s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    if one.is_delete_marker:
        read, written = [], ["s3:ReplicateDelete"]
    for action in ("s3:GetReplicationConfiguration", "s3:ListBucket"):
        yield action, bucket, keys_of(one, one.region)
    for action in read:
        yield action, f"{bucket}/{one.name}", keys_of(one, one.region)
    for action in written:
        yield action, f"{ARN}{destination}/{one.name}", keys_of(one, region)


def keys_of(one: Awaited, region: str) -> dict[str, list[str]]:
    """The keys of a request that S3 makes with the role in the region."""
    return {
        "aws:principalaccount": [one.account],
        "aws:requestedregion": [region],
        "aws:securetransport": ["true"],
    }


def is_kms_encrypted(one: Awaited) -> bool:
    return not one.is_delete_marker and (one.version.encryption or "").startswith("aws:kms")


def is_locked(one: Awaited) -> bool:
    return not one.is_delete_marker and bool(one.version.lock_mode or one.version.lock_legal_status)
