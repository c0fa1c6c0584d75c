"""Secrets Manager as a rotation function sees it: versions of secrets, and the labels that they carry.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
"""

from __future__ import annotations

import json
import secrets
import string
from types import SimpleNamespace
from typing import Any


class ResourceNotFoundException(Exception):
    """There is no such version, or it has no value yet."""


class SecretsManager:
    """`log` holds the operations called, in their order."""

    exceptions = SimpleNamespace(ResourceNotFoundException=ResourceNotFoundException)

    def __init__(self, **values: dict[str, Any]) -> None:
        self.versions: dict[str, dict[str, str | None]] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.log: list[str] = []
        for name, value in values.items():
            self.versions[name] = {"first": json.dumps(value)}
            self.labels[name] = {"AWSCURRENT": "first"}

    def begin(self, secret: str) -> str:
        """A new version without a value, as RotateSecret makes it."""
        version = f"version-{len(self.versions[secret])}"
        self.versions[secret][version] = None
        self.labels[secret]["AWSPENDING"] = version
        return version

    def value(self, secret: str, label: str = "AWSCURRENT") -> dict[str, Any]:
        return dict(json.loads(self.versions[secret][self.labels[secret][label]] or "{}"))

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        self.log.append("DescribeSecret")
        stages: dict[str, list[str]] = {version: [] for version in self.versions[SecretId]}
        for label, version in self.labels[SecretId].items():
            stages[version].append(label)
        return {"RotationEnabled": True, "VersionIdsToStages": stages}

    def get_secret_value(self, **asked: str) -> dict[str, Any]:
        self.log.append("GetSecretValue")
        labels = self.labels[asked["SecretId"]]
        labelled = labels.get(asked.get("VersionStage", "AWSCURRENT"))
        value = self.versions[asked["SecretId"]].get(asked.get("VersionId", labelled or ""))
        if value is None or asked.get("VersionId", labelled) != labelled:
            raise ResourceNotFoundException
        return {"SecretString": value, "VersionId": labelled}

    def put_secret_value(self, **asked: Any) -> None:
        self.log.append("PutSecretValue")
        secret, version = asked["SecretId"], asked["ClientRequestToken"]
        assert self.versions[secret][version] is None, "a version's value never changes"
        self.versions[secret][version] = asked["SecretString"]
        self.labels[secret] |= dict.fromkeys(asked["VersionStages"], version)

    def update_secret_version_stage(self, **asked: str) -> None:
        self.log.append("UpdateSecretVersionStage")
        labels = self.labels[asked["SecretId"]]
        assert labels[asked["VersionStage"]] == asked["RemoveFromVersionId"]
        labels["AWSPREVIOUS"] = labels["AWSCURRENT"]
        labels[asked["VersionStage"]] = asked["MoveToVersionId"]

    def get_random_password(self, PasswordLength: int, **asked: bool) -> dict[str, str]:
        letters = string.ascii_letters + string.digits
        alphabet = letters if asked.get("ExcludePunctuation") else letters + string.punctuation
        return {"RandomPassword": "".join(secrets.choice(alphabet) for _ in range(PasswordLength))}
