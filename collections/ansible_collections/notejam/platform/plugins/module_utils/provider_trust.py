# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which IAM roles trust an OpenID Connect provider: it is the account's, and environments share accounts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote


def trusting(iam: Any, provider_arn: str) -> list[str]:
    """The names of the roles whose trust policy names the provider."""
    return [
        role["RoleName"]
        for page in iam.get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if provider_arn in _federated(role["AssumeRolePolicyDocument"])
    ]


def _federated(document: Any) -> set[str]:
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = policy["Statement"]
    found: set[str] = set()
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal")
        named = principal.get("Federated", ()) if isinstance(principal, dict) else ()
        found |= {named} if isinstance(named, str) else set(named)
    return found
