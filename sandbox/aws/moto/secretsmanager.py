"""Secrets Manager's replicas and policies as moto differs from AWS.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/
"""

import json
import re
from typing import Any

from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.models import SecretsManagerBackend

from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")


def install() -> None:
    """Patch moto, once in a process."""

    def put_resource_policy(self: Any, secret_id: str, policy: str) -> Any:
        try:
            valid = isinstance(json.loads(policy).get("Statement"), list | dict)
        except (ValueError, AttributeError):
            valid = False
        if not valid:
            raise SecretsManagerClientError(
                "MalformedPolicyDocumentException", "This resource policy contains invalid Json."
            )
        return put_policy(self, secret_id, policy)

    put_policy = replace(SecretsManagerBackend, "put_resource_policy", put_resource_policy)

    def create_secret(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if not NAME.fullmatch(name):
            raise SecretsManagerClientError(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
                "following: -/_+=.@!",
            )
        return create(self, name, *args, **kwargs)

    create = replace(SecretsManagerBackend, "create_secret", create_secret)
