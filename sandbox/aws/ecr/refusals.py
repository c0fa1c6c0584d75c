"""The emulator's errors told on."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from sandbox.aws.errors import AWSError


@contextmanager
def told_on() -> Iterator[None]:
    """What the emulator refuses within the block is refused to the caller, for the same reason."""
    try:
        yield
    except ClientError as error:
        raise AWSError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from None
