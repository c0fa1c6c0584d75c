"""The four steps in which AWS Secrets Manager has a secret rotated, whatever the secret is.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-function-customizing.html
Any step may be taken again, after a crash in it or behind it. Steps and versions are logged, and no values.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Protocol

log = logging.getLogger("rotation")
log.setLevel(logging.INFO)

Value = dict[str, Any]


class Kind(Protocol):
    """What is the secret's own: how its next value is made, brought into force, and tried."""

    def create(self, current: Value, secrets_manager: Any) -> Value:
        """The value that follows on `current`; nothing is changed anywhere yet."""

    def set(self, pending: Value, secrets_manager: Any) -> None:
        """Bring the value into force where the secret is used. It may be in force already."""

    def test(self, pending: Value, secrets_manager: Any) -> None:
        """Use the value as its users will, without writing anything. Raises when it cannot be used."""


def rotate(event: dict[str, str], secrets_manager: Any, kind: Kind) -> None:
    """Take the step that Secrets Manager asks for.

    Raises ValueError for an event that is none of the secret's, and whatever a step raises: Secrets Manager
    tries the rotation again then, and the current value stays.
    """
    step, secret, version = event["Step"], event["SecretId"], event["ClientRequestToken"]
    metadata = secrets_manager.describe_secret(SecretId=secret)
    stages = metadata["VersionIdsToStages"]
    if version not in stages:
        raise ValueError(f"Secret {secret} has no version {version}.")
    if "AWSCURRENT" in stages[version]:
        log.info("%s: version %s of %s is current already", step, version, secret)
        return
    if "AWSPENDING" not in stages[version]:
        raise ValueError(f"Version {version} of secret {secret} is not AWSPENDING.")
    log.info("%s: version %s of %s", step, version, secret)
    if step == "createSecret":
        _create(secrets_manager, secret, version, kind)
    elif step == "setSecret":
        kind.set(_read(secrets_manager, secret, "AWSPENDING", version), secrets_manager)
    elif step == "testSecret":
        kind.test(_read(secrets_manager, secret, "AWSPENDING", version), secrets_manager)
    elif step == "finishSecret":
        current = next(name for name, labels in stages.items() if "AWSCURRENT" in labels)
        secrets_manager.update_secret_version_stage(
            SecretId=secret,
            VersionStage="AWSCURRENT",
            MoveToVersionId=version,
            RemoveFromVersionId=current,
        )
    else:
        raise ValueError(f"There is no step {step}.")


def _create(secrets_manager: Any, secret: str, version: str, kind: Kind) -> None:
    """Keep the pending value that an earlier attempt has made: it may be in force by now."""
    try:
        _read(secrets_manager, secret, "AWSPENDING", version)
    except secrets_manager.exceptions.ResourceNotFoundException:
        pending = kind.create(_read(secrets_manager, secret, "AWSCURRENT"), secrets_manager)
        secrets_manager.put_secret_value(
            SecretId=secret,
            ClientRequestToken=version,
            SecretString=json.dumps(pending),
            VersionStages=["AWSPENDING"],
        )


def _read(secrets_manager: Any, secret: str, stage: str, version: str | None = None) -> Value:
    asked = {"SecretId": secret, "VersionStage": stage}
    if version:
        asked["VersionId"] = version
    value: Value = json.loads(secrets_manager.get_secret_value(**asked)["SecretString"])
    return value
