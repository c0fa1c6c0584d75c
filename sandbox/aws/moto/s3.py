"""S3's bucket policies as moto differs from AWS.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
"""

import json
from typing import Any

from moto.s3.models import FakeBucket

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        """Statements with a Condition are not judged: moto would apply them to everybody, so that a
        policy that asks for TLS kept out whoever uses it.
        """
        whole = self.policy
        if whole is None:
            return permission(self, action, resource)
        policy = json.loads(whole)
        statements = policy["Statement"]
        statements = [statements] if isinstance(statements, dict) else statements
        unconditional = [statement for statement in statements if not statement.get("Condition")]
        self.policy = json.dumps({**policy, "Statement": unconditional}).encode() if unconditional else None
        try:
            return permission(self, action, resource)
        finally:
            self.policy = whole

    permission = replace(FakeBucket, "get_permission", get_permission)
