"""EKS's refusals: https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html and each operation's
page.
"""

from typing import Any

from sandbox.aws.errors import AWSError


def invalid_parameter(message: str, **members: Any) -> AWSError:
    return AWSError("InvalidParameterException", message, **members)


def invalid_request(message: str, **members: Any) -> AWSError:
    return AWSError("InvalidRequestException", message, **members)


def not_found(message: str, **members: Any) -> AWSError:
    return AWSError("ResourceNotFoundException", message, **members)


def in_use(message: str, **members: Any) -> AWSError:
    return AWSError("ResourceInUseException", message, **members)


def limit_exceeded(message: str, **members: Any) -> AWSError:
    return AWSError("ResourceLimitExceededException", message, **members)
