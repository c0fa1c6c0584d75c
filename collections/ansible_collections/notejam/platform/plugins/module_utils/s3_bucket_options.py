# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The options of the module s3_bucket, and what of them contradicts itself."""

from __future__ import annotations

from typing import Any

STATUS = {"choices": ["Enabled", "Disabled"], "required": True}
ENABLED = {"choices": ["Enabled", "Disabled"], "default": "Enabled"}
STORAGE_CLASS = {
    "choices": ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
    "required": True,
}


def _dict(required: bool = False, always: bool = False, **options: Any) -> dict[str, Any]:
    given = {"required": True} if required else {"apply_defaults": True} if always else {}
    return {"type": "dict", "options": options, **given}


def _dicts(**options: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "options": options}


def _number(required: bool = False, **more: Any) -> dict[str, Any]:
    return {"type": "int", **({"required": True} if required else {}), **more}


YES = {"type": "bool", "default": True}
FILTER = _dict(always=True, prefix={"default": ""})
LIFECYCLE = _dicts(
    id={"required": True},
    status=ENABLED,
    filter=FILTER,
    transitions=_dicts(days=_number(required=True), storage_class=STORAGE_CLASS),
    expiration=_dict(days=_number(), expired_object_delete_marker={"type": "bool"}),
    noncurrent_version_transitions=_dicts(
        noncurrent_days=_number(required=True), storage_class=STORAGE_CLASS
    ),
    noncurrent_version_expiration=_dict(
        noncurrent_days=_number(required=True), newer_noncurrent_versions=_number()
    ),
    abort_incomplete_multipart_upload=_dict(days_after_initiation=_number(required=True)),
)
FIFTEEN_MINUTES = _number(default=15)
DESTINATION = _dict(
    required=True,
    bucket={"required": True},
    storage_class={},
    encryption_configuration=_dict(replica_kms_key_id={"required": True}),
    replication_time=_dict(status=STATUS, time=_dict(always=True, minutes=FIFTEEN_MINUTES)),
    metrics=_dict(status=STATUS, event_threshold=_dict(minutes=FIFTEEN_MINUTES)),
)
REPLICATION = _dict(
    role={},
    rules=_dicts(
        id={"required": True},
        status=ENABLED,
        priority=_number(default=1),
        filter=FILTER,
        delete_marker_replication=_dict(
            always=True, status={"choices": ["Enabled", "Disabled"], "default": "Disabled"}
        ),
        source_selection_criteria=_dict(sse_kms_encrypted_objects=_dict(status=STATUS)),
        destination=DESTINATION,
    ),
)

OPTIONS: dict[str, Any] = {
    "name": {"required": True},
    "public_access_block": _dict(
        block_public_acls=YES, ignore_public_acls=YES, block_public_policy=YES, restrict_public_buckets=YES
    ),
    "object_ownership": {"choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]},
    "versioning": {"choices": ["Enabled", "Suspended"]},
    "object_lock": _dict(mode={"choices": ["GOVERNANCE", "COMPLIANCE"]}, days=_number(), years=_number()),
    "encryption": _dict(
        sse_algorithm={"choices": ["AES256", "aws:kms", "aws:kms:dsse"], "required": True},
        kms_master_key_id={},
        bucket_key_enabled={"type": "bool"},
    ),
    "policy": {"type": "dict"},
    "lifecycle_rules": LIFECYCLE,
    "replication": REPLICATION,
    "logging": _dict(target_bucket={}, target_prefix={}),
    "force": {"type": "bool", "default": False},
}


def contradiction(params: dict[str, Any]) -> str | None:
    """What AWS would refuse of the options, told before it is asked; None when it would refuse nothing."""
    lock = params["object_lock"]
    if lock and any(lock.values()) and not (lock["mode"] and bool(lock["days"]) != bool(lock["years"])):
        return "object_lock needs a mode and either days or years."
    if lock is not None and params["versioning"] == "Suspended":
        return "object_lock needs versioning Enabled; it is Suspended."
    replication = params["replication"]
    if replication and bool(replication["role"]) != bool(replication["rules"]):
        return "replication needs both a role and rules; without both, it is removed."
    if replication and replication["rules"] and params["versioning"] == "Suspended":
        return "replication needs versioning Enabled; it is Suspended."
    names = [rule["id"] for rule in params["lifecycle_rules"] or []]
    if len(set(names)) != len(names):
        return f"lifecycle_rules has two rules of one id: {', '.join(names)}."
    for rule in params["lifecycle_rules"] or []:
        moved = [step["days"] for step in rule["transitions"] or []]
        expires = (rule["expiration"] or {}).get("days")
        if expires is not None and moved and expires <= max(moved):
            return (
                f"lifecycle_rules: {rule['id']} lets objects expire after {expires} days, before they move."
            )
    return None
