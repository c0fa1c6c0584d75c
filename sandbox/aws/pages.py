"""Answers in pages, as AWS's list operations give them."""

import base64
import binascii
from typing import Any

from sandbox.aws.errors import AWSError


def page(
    items: list[Any],
    parameters: dict[str, Any],
    result_name: str,
    limit_name: str = "maxResults",
    default_limit: int = 100,
    invalid: str = "InvalidParameterException",
) -> dict[str, Any]:
    """The part of `items` that the request asks for, and `nextToken` where there is more.

    Raises AWSError for a token that no answer held.
    """
    start = 0
    if token := parameters.get("nextToken"):
        try:
            start = int(base64.urlsafe_b64decode(token))
        except (ValueError, binascii.Error):
            raise AWSError(invalid, "The value of nextToken is not valid.") from None
    end = start + int(parameters.get(limit_name) or default_limit)
    result: dict[str, Any] = {result_name: items[start:end]}
    if end < len(items):
        result["nextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return result
