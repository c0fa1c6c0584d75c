"""KMS's rotation periods, multi-Region keys and key policies as moto differs from AWS.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html, key-state.html
and rotate-keys.html there, and each operation's page.
"""

import copy
import datetime
import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import models, utils
from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from sandbox.aws import clock
from sandbox.aws.patching import replace

DEFAULT_PERIOD = 365  # days
PERIODS = range(90, 2561)


def install() -> None:
    """Patch moto, once in a process."""
    _keep_rotation_periods()
    _tell_replicas_from_primaries()
    _make_room_for_multi_region_ids()
    _refuse_malformed_policies()
    _keep_the_key_of_backup()


def _keep_rotation_periods() -> None:
    def enable_key_rotation(self: Any) -> str:
        period = self._get_param("RotationPeriodInDays") or DEFAULT_PERIOD
        if int(period) not in PERIODS:
            raise JsonRESTError(
                "ValidationException", f"RotationPeriodInDays {period} is not from 90 to 2560"
            )
        answer = str(enable(self))
        key = self.kms_backend.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
        key.rotation_period, key.rotation_enabled_at = int(period), clock.now()
        return answer

    enable = replace(KmsResponse, "enable_key_rotation", enable_key_rotation)

    def get_key_rotation_status(self: Any) -> str:
        status = json.loads(get_status(self))
        key = self.kms_backend.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
        status["KeyId"] = key.id
        if status["KeyRotationEnabled"]:
            period = getattr(key, "rotation_period", DEFAULT_PERIOD)
            days = datetime.timedelta(days=period).total_seconds()
            status["RotationPeriodInDays"] = period
            status["NextRotationDate"] = getattr(key, "rotation_enabled_at", key.creation_date) + days
        return json.dumps(status)

    get_status = replace(KmsResponse, "get_key_rotation_status", get_key_rotation_status)


def _tell_replicas_from_primaries() -> None:
    """A replica has its own description, policy, tags and aliases; its id and material are the primary's."""

    def replicate_key(self: Any) -> str:
        backend: KmsBackend = self.kms_backend
        region, key_id = self._get_param("ReplicaRegion"), self._get_param("KeyId")
        self._validate_key_id(key_id)
        primary = backend.keys[backend.any_id_to_key_id(key_id)]
        if not primary.multi_region:
            raise JsonRESTError("UnsupportedOperationException", f"{primary.arn} is not a multi-Region key.")
        other = kms_backends[backend.account_id][region]
        if region == backend.region_name or primary.id in other.keys:
            raise JsonRESTError("AlreadyExistsException", f"The key {primary.id} already exists in {region}")
        replica = copy.copy(primary)
        replica.region = region
        replica.arn = primary.arn.replace(f":{backend.region_name}:", f":{region}:")
        replica.aliases, replica.grants = {}, {}
        replica.creation_date = clock.now()
        replica.description = self._get_param("Description") or ""
        replica.policy = self._get_param("Policy") or replica.generate_default_policy()
        configuration = primary.multi_region_configuration
        configuration["ReplicaKeys"].append({"Arn": replica.arn, "Region": region})
        # The lists are one for all: each key tells of all the others.
        replica.multi_region_configuration = {**configuration, "MultiRegionKeyType": "REPLICA"}
        other.keys[replica.id] = replica
        tags = self._get_param("Tags") or []
        if tags:
            other.tagger.tag_resource(replica.id, tags)
        return json.dumps(
            {
                "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"],
                "ReplicaPolicy": replica.policy,
                "ReplicaTags": tags,
            }
        )

    replace(KmsResponse, "replicate_key", replicate_key)


def _make_room_for_multi_region_ids() -> None:
    """A ciphertext names its key: a multi-Region key's id is longer than the place that moto has for it."""
    length = len("mrk-") + utils.KEY_ID_LEN
    replace(utils, "KEY_ID_LEN", length)
    replace(utils, "HEADER_LEN", length + utils.IV_LEN + utils.TAG_LEN)
    replace(utils, "CIPHERTEXT_HEADER_FORMAT", f">{length}s{utils.IV_LEN}s{utils.TAG_LEN}s")

    def _deserialize_ciphertext_blob(ciphertext_blob: bytes) -> Any:
        ciphertext = deserialize(ciphertext_blob)
        return ciphertext._replace(key_id=ciphertext.key_id.rstrip("\0"))

    deserialize = replace(utils, "_deserialize_ciphertext_blob", _deserialize_ciphertext_blob)


def _refuse_malformed_policies() -> None:
    def checked(operation: str) -> None:
        def write(self: Any) -> Any:
            policy = self._get_param("Policy")
            if policy is not None and not _is_policy(policy):
                raise JsonRESTError(
                    "MalformedPolicyDocumentException", "The policy is not a valid key policy."
                )
            return original(self)

        original = replace(KmsResponse, operation, write)

    for operation in ("create_key", "put_key_policy"):
        checked(operation)


def _is_policy(text: str) -> bool:
    try:
        policy = json.loads(text)
    except ValueError:
        return False
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    return isinstance(statements, list) and all(
        isinstance(statement, dict) and {"Effect", "Principal", "Action"} <= statement.keys()
        for statement in statements
    )


def _keep_the_key_of_backup() -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html: for vaults without a key."""
    known = [*utils.RESERVED_ALIASES, "alias/aws/backup"]
    for module in (utils, models):
        replace(module, "RESERVED_ALIASES", known)
