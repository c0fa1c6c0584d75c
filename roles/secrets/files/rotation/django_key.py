"""Rotates Django's secret key, and invalidates nothing that was signed with the key before it.

The value is `secret_key` and `fallbacks`: the next key, made a rotation ahead, then those before. So while
pods are replaced one by one, the old ones accept what the new ones sign, as well as the other way round.
https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks
"""

from __future__ import annotations

import os
from typing import Any

from rotation_steps import Value, rotate

LENGTH = 64
SHORTEST = 50  # what Django's own deployment check asks for


class DjangoKey:
    """`kept` is how many of the keys before are still accepted."""

    def __init__(self, kept: int) -> None:
        self.kept = kept

    def create(self, current: Value, secrets_manager: Any) -> Value:
        new = secrets_manager.get_random_password(PasswordLength=LENGTH)["RandomPassword"]
        if not current.get("fallbacks"):
            # The first rotation: what runs knows no other key yet.
            return {**current, "fallbacks": [new]}
        promoted, *before = current["fallbacks"]
        kept = [current["secret_key"], *before][: self.kept]
        return {**current, "secret_key": promoted, "fallbacks": [new, *kept]}

    def set(self, pending: Value, secrets_manager: Any) -> None:
        """Nothing but the secret has the key: pods take it with their next rollout."""

    def test(self, pending: Value, secrets_manager: Any) -> None:
        keys = [pending["secret_key"], *pending["fallbacks"]]
        if any(len(key) < SHORTEST for key in keys):
            raise ValueError(f"A key has less than {SHORTEST} characters.")
        if len(set(keys)) < len(keys):
            raise ValueError("A key is there twice.")


def handler(event: dict[str, str], context: object) -> None:
    """AWS Lambda's entry."""
    import boto3

    rotate(event, boto3.client("secretsmanager"), DjangoKey(int(os.environ["KEPT_KEYS"])))
