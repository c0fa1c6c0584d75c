"""What a tag of EC2 may be.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from sandbox.aws.patching import replace

KEY_LENGTH, VALUE_LENGTH = 128, 256


def install() -> None:
    """Patch moto, once in a process."""

    def create_tags(self: Any, resource_ids: list[str], tags: dict[str, str]) -> bool:
        for key, value in tags.items():
            if not 1 <= len(key) <= KEY_LENGTH:
                raise _invalid(f"Tag key exceeds the maximum length of {KEY_LENGTH} characters or is empty")
            if value is not None and len(value) > VALUE_LENGTH:
                raise _invalid(f"Tag value exceeds the maximum length of {VALUE_LENGTH} characters")
        return bool(create(self, resource_ids, tags))

    create = replace(EC2Backend, "create_tags", create_tags)


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)
