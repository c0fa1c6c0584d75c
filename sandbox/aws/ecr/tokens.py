"""Tokens of ECR's registry: who may push and pull, for twelve hours.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from sandbox.aws.documents import Documents

KIND = "ecr-token"
USER = "AWS"
SECONDS = 12 * 3600


@dataclass(frozen=True)
class Bearer:
    """Whose repositories a token opens, and to whom."""

    account: str
    region: str
    principal: str = ""  # ARN of who asked for the token


class Tokens:
    """Only a token's digest is kept."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def issue(self, account: str, region: str, principal: str) -> tuple[str, float]:
        """A new token, as the API encodes it, and when it ends (seconds since the epoch)."""
        now = time.time()
        for key, document in self._documents.all(KIND).items():
            if document["expires_at"] < now:
                self._documents.delete(KIND, key)
        password, expires_at = secrets.token_urlsafe(48), now + SECONDS
        document = {"account": account, "region": region, "principal": principal, "expires_at": expires_at}
        self._documents.put(KIND, _digest(password), document)
        return base64.b64encode(f"{USER}:{password}".encode()).decode(), expires_at

    def bearer(self, authorization: str) -> Bearer | None:
        """Whose token an `Authorization` header carries; None for none, a wrong or an expired one."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None
        if scheme.lower() != "basic" or user != USER:
            return None
        document = self._documents.get(KIND, _digest(password))
        if document is None or document["expires_at"] < time.time():
            return None
        return Bearer(document["account"], document["region"], document.get("principal", ""))


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
