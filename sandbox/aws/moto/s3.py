"""S3's bucket policies as moto differs from AWS.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
"""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        """moto judges without the conditions and without the caller; the gateway judges by both."""
        return PermissionResult.NEUTRAL

    replace(FakeBucket, "get_permission", get_permission)
