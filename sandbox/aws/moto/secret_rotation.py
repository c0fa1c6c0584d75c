"""Secrets Manager's versions and rotation as moto differs from AWS. The steps are the gateway's to run.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html,
API_RotationRulesType.html, API_UpdateSecretVersionStage.html, API_PutSecretValue.html and
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_how.html
"""

import json
import math
import re
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from sandbox.aws import clock, schedules
from sandbox.aws.patching import replace

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
DURATION = re.compile(r"([1-9]\d{0,2})h")
DAY = 86400
SHORTEST = 4 * 3600  # seconds between rotations
LONGEST = 1000 * DAY
NOT_COMPLETE = "A previous rotation isn't complete. That rotation will be reattempted."


def install() -> None:
    """Patch moto, once in a process."""
    _rotate_with_a_label_without_value()
    _move_labels_as_aws_does()
    _write_a_version_once()
    _tell_of_rotation()
    _list_versions()


def incomplete(secret: Any) -> str | None:
    """The version that a rotation has not brought to its end: pending, and not current."""
    return next(
        (
            name
            for name, version in secret.versions.items()
            if PENDING in version["version_stages"] and CURRENT not in version["version_stages"]
        ),
        None,
    )


def _primary(backend: Any, secret_id: str) -> Any:
    """The secret, if it is there, no replica and not being deleted."""
    secret = backend.describe_secret(secret_id)
    if isinstance(secret, ReplicaSecret):
        raise InvalidRequestException(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        )
    if secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return secret


def _rotate_with_a_label_without_value() -> None:
    def rotate_secret(
        self: Any,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        secret = _primary(self, secret_id)
        if not rotation_lambda_arn and not secret.rotation_lambda_arn:
            raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
        rules = rules_of(rotation_rules) if rotation_rules else getattr(secret, "rotation_rules", {})
        token = self._from_client_request_token(client_request_token)
        pending = incomplete(secret)
        if pending is not None and pending != token:
            raise InvalidRequestException(NOT_COMPLETE)
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
        secret.rotation_rules = rules
        secret.next_rotation_date = next_rotation(secret)
        if pending is None and token not in secret.versions:
            secret.remove_version_stages_from_old_versions([PENDING])
            version = {"createdate": int(clock.now()), "version_id": token, "version_stages": [PENDING]}
            if not rotate_immediately and secret.default_version_id:
                # testSecret alone tests the value in use; the label is taken away afterwards.
                value = secret.versions[secret.default_version_id]
                version |= {key: value[key] for key in ("secret_string", "secret_binary") if key in value}
            secret.versions[token] = version
        return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": token})

    def cancel_rotate_secret(self: Any, secret_id: str) -> str:
        secret = _primary(self, secret_id)
        if not secret.rotation_lambda_arn:
            raise InvalidRequestException(
                "You tried to cancel the rotation of a secret that has no rotation configured."
            )
        secret.rotation_enabled = False
        secret.next_rotation_date = None
        return str(secret.to_short_dict(include_version_id=incomplete(secret) is not None))

    replace(SecretsManagerBackend, "rotate_secret", rotate_secret)
    replace(SecretsManagerBackend, "cancel_rotate_secret", cancel_rotate_secret)


def rules_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The rules as they are kept. Raises InvalidParameterException for those that AWS does not take."""
    days, schedule = asked.get("AutomaticallyAfterDays"), asked.get("ScheduleExpression")
    if (days is None) == (schedule is None):
        raise InvalidParameterException(
            "You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules, not both."
        )
    if days is not None and not 1 <= days <= 1000:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    period = days * DAY if days is not None else _period(str(schedule))
    duration = asked.get("Duration")
    if duration is not None:
        match = DURATION.fullmatch(duration)
        if not match or int(match[1]) * 3600 > min(period, DAY):
            raise InvalidParameterException(
                f"Duration {duration} must be hours such as 3h, within the rotation's period and a day."
            )
    return {key: value for key, value in asked.items() if value is not None}


def _period(schedule: str) -> float:
    """Seconds between the schedule's next two times."""
    try:
        first = schedules.following(schedule, clock.now())
        period = schedules.following(schedule, first) - first
    except ValueError as error:
        raise InvalidParameterException(f"The ScheduleExpression isn't valid: {error}") from None
    if not SHORTEST <= period <= LONGEST:
        raise InvalidParameterException(
            "The ScheduleExpression must be from every 4 hours to every 1000 days."
        )
    return period


def next_rotation(secret: Any) -> int | None:
    """The end of the window that begins with the schedule's next time."""
    rules = getattr(secret, "rotation_rules", {})
    if not rules or not secret.rotation_enabled:
        return None
    if days := rules.get("AutomaticallyAfterDays"):
        return int(clock.now()) + int(days) * DAY
    return int(schedules.following(rules["ScheduleExpression"], clock.now()))


def _move_labels_as_aws_does() -> None:
    def update_secret_version_stage(
        self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> tuple[str, str]:
        secret = _primary(self, secret_id)
        for version in filter(None, (remove_from_version_id, move_to_version_id)):
            if version not in secret.versions:
                raise InvalidParameterException(f"Not a valid version: {version}")
        holder = next(
            (name for name, one in secret.versions.items() if version_stage in one["version_stages"]), None
        )
        if move_to_version_id:
            _check_move(version_stage, holder, remove_from_version_id, move_to_version_id)
        elif version_stage == CURRENT:
            raise InvalidParameterException(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be "
                "completely removed."
            )
        elif holder is None or holder != remove_from_version_id:
            raise InvalidParameterException(
                f"Version stage {version_stage} not found in version {remove_from_version_id}"
            )
        if holder != move_to_version_id:
            _move(secret, version_stage, holder, move_to_version_id)
        return secret.arn, secret.name

    replace(SecretsManagerBackend, "update_secret_version_stage", update_secret_version_stage)


def _check_move(label: str, holder: str | None, remove_from: str | None, move_to: str) -> None:
    if holder is None or holder == move_to:
        return
    if not remove_from:
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached "
            f"to version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if remove_from != holder:
        raise InvalidParameterException(
            f"When you move staging label {label}, if you specify RemoveFromVersionId, it must be set to the "
            f"version that currently has the staging label {label}."
        )


def _move(secret: Any, label: str, holder: str | None, move_to: str | None) -> None:
    if holder:
        secret.versions[holder]["version_stages"].remove(label)
    if move_to:
        secret.versions[move_to]["version_stages"].append(label)
    secret.last_changed_date = int(clock.now())
    if label != CURRENT or not move_to:
        return
    # AWSPREVIOUS follows AWSCURRENT by itself.
    secret.remove_version_stages_from_old_versions([PREVIOUS])
    if holder:
        secret.versions[holder]["version_stages"].append(PREVIOUS)
    secret.set_default_version_id(move_to)
    if secret.rotation_enabled and PENDING in secret.versions[move_to]["version_stages"]:
        secret.last_rotation_date = int(clock.now())
        secret.next_rotation_date = next_rotation(secret)


def _write_a_version_once() -> None:
    """A version's value is written once: again with the same is no change, with another is refused."""

    def check(
        self: Any, secret_name: str, token: str | None, string: Any, binary: Any, on_create: bool = False
    ) -> Any:
        secret = self.secrets.get(secret_name)
        version = secret.versions.get(token) if secret is not None and token else None
        if version is None or not {"secret_string", "secret_binary"} & version.keys():
            return checked(self, secret_name, token, string, binary, on_create)
        if (version.get("secret_string"), version.get("secret_binary")) == (string, binary):
            return secret
        raise ResourceExistsException(
            f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
            f"secret {secret.arn}."
        )

    checked = replace(SecretsManagerBackend, "_check_with_existing_secrets_and_versions", check)

    def reset_default_version(self: Any, secret_version: dict[str, Any], version_id: str) -> None:
        """A value that is written by hand counts as a rotation for the date of the next."""
        reset(self, secret_version, version_id)
        self.next_rotation_date = next_rotation(self)

    reset = replace(FakeSecret, "reset_default_version", reset_default_version)


def _tell_of_rotation() -> None:
    def describe(self: Any) -> dict[str, Any]:
        """Versions without a label are deprecated and not told of; a date is told of once there is one."""
        told = primary(self)
        for key in ("VersionIdsToStages", "SecretVersionsToStages"):
            if key in told:
                told[key] = {name: labels for name, labels in told[key].items() if labels}
        if self.rotation_requested:
            told["RotationRules"] = told_rules(self)
        return {
            key: value
            for key, value in told.items()
            if value is not None or key not in ("LastRotatedDate", "NextRotationDate")
        }

    primary = replace(FakeSecret, "to_dict", describe)


def told_rules(secret: Any) -> dict[str, Any]:
    """AutomaticallyAfterDays is told of a schedule too, calculated from it."""
    rules = dict(getattr(secret, "rotation_rules", {}))
    if schedule := rules.get("ScheduleExpression"):
        rules["AutomaticallyAfterDays"] = max(1, math.ceil(_period(schedule) / DAY))
    return rules


def _list_versions() -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html"""

    def list_secret_version_ids(self: Any) -> str:
        secret_id = self._get_param("SecretId")
        if secret_id not in self.backend.secrets:
            raise SecretNotFoundException()
        secret = self.backend.secrets[secret_id]
        deprecated = self._get_bool_param("IncludeDeprecated", False)
        versions = [
            {
                "VersionId": name,
                "CreatedDate": version["createdate"],
                **({"VersionStages": version["version_stages"]} if version["version_stages"] else {}),
            }
            for name, version in secret.versions.items()
            if deprecated or version["version_stages"]
        ]
        return json.dumps({"ARN": secret.arn, "Name": secret.name, "Versions": versions})

    replace(SecretsManagerResponse, "list_secret_version_ids", list_secret_version_ids)
