"""What KMS does with a key by its state, and how a multi-Region key's primary moves.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html (the table) and
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-update.html
"""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from sandbox.aws.patching import add, replace

# By the operation of moto's responses: the parameter that names the key. A disabled key does none of these,
# and neither does one that is pending deletion.
ENABLED_ONLY = {
    "encrypt": "KeyId",
    "generate_data_key": "KeyId",
    "generate_data_key_without_plaintext": "KeyId",
    "re_encrypt": "DestinationKeyId",
    "sign": "KeyId",
    "verify": "KeyId",
    "generate_mac": "KeyId",
    "verify_mac": "KeyId",
    "create_grant": "KeyId",
    "enable_key_rotation": "KeyId",
    "disable_key_rotation": "KeyId",
    "rotate_key_on_demand": "KeyId",
}
# A key that is pending deletion does none of these.
STANDING_ONLY = {
    "enable_key": "KeyId",
    "disable_key": "KeyId",
    "schedule_key_deletion": "KeyId",
    "create_alias": "TargetKeyId",
    "update_alias": "TargetKeyId",
    "update_key_description": "KeyId",
    "tag_resource": "KeyId",
    "untag_resource": "KeyId",
    "replicate_key": "KeyId",
}


def install() -> None:
    """Patch moto, once in a process."""
    for operation, parameter in ENABLED_ONLY.items():
        _judge(operation, parameter, may_be_disabled=False)
    for operation, parameter in STANDING_ONLY.items():
        _judge(operation, parameter, may_be_disabled=True)
    _judge_ciphertexts()
    _cancel_only_deletions()
    _move_primaries()


def check(key: Any, may_be_disabled: bool) -> None:
    """Raises JsonRESTError when the key's state is in the way."""
    if key.key_state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_state == "Disabled" and not may_be_disabled:
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")


def _judge(operation: str, parameter: str, *, may_be_disabled: bool) -> None:
    def act(self: Any) -> Any:
        backend = self.kms_backend
        key_id = self._get_param(parameter)
        key = backend.keys.get(backend.any_id_to_key_id(key_id)) if key_id else None
        if key is not None:  # moto refuses one that does not exist
            check(key, may_be_disabled)
        return original(self)

    original = replace(KmsResponse, operation, act)


def _judge_ciphertexts() -> None:
    """What was encrypted is decrypted only by a key that is enabled."""

    def decrypt(self: Any, ciphertext_blob: bytes, *args: Any, **kwargs: Any) -> Any:
        plaintext, key_arn = original(self, ciphertext_blob, *args, **kwargs)
        check(self.keys[self.any_id_to_key_id(key_arn)], may_be_disabled=False)
        return plaintext, key_arn

    original = replace(KmsBackend, "decrypt", decrypt)


def _cancel_only_deletions() -> None:
    def cancel_key_deletion(self: Any) -> Any:
        backend = self.kms_backend
        key = backend.keys.get(backend.any_id_to_key_id(self._get_param("KeyId")))
        if key is not None and key.key_state != "PendingDeletion":
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        return original(self)

    original = replace(KmsResponse, "cancel_key_deletion", cancel_key_deletion)


def _move_primaries() -> None:
    """UpdatePrimaryRegion: the replica there becomes the primary, and the primary a replica."""

    def update_primary_region(self: Any) -> str:
        backend = self.kms_backend
        key_id, region = self._get_param("KeyId"), self._get_param("PrimaryRegion")
        self._validate_cmk_id(key_id)
        primary = backend.keys[backend.any_id_to_key_id(key_id)]
        configuration = primary.multi_region_configuration if primary.multi_region else {}
        if configuration.get("MultiRegionKeyType") != "PRIMARY":
            raise JsonRESTError(
                "UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key."
            )
        replica = kms_backends[backend.account_id][region].keys.get(primary.id)
        if replica is None or region == backend.region_name:
            raise JsonRESTError(
                "NotFoundException", f"Key '{primary.id}' has no replica key in the Region {region}"
            )
        for key in (primary, replica):
            check(key, may_be_disabled=True)
        # The dict of the primary and the list of replicas are one for all of the related keys.
        configuration["PrimaryKey"].update(Arn=replica.arn, Region=region)
        others = configuration["ReplicaKeys"]
        others[:] = [each for each in others if each["Region"] != region]
        others.append({"Arn": primary.arn, "Region": backend.region_name})
        configuration["MultiRegionKeyType"] = "REPLICA"
        replica.multi_region_configuration["MultiRegionKeyType"] = "PRIMARY"
        return "{}"

    add(KmsResponse, "update_primary_region", update_primary_region)
