"""AWS Backup's refusals: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html"""

from sandbox.aws.errors import AWSError


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message, 400)


def invalid_value(message: str) -> AWSError:
    return AWSError("InvalidParameterValueException", message, 400)


def invalid_request(message: str) -> AWSError:
    return AWSError("InvalidRequestException", message, 400)


def already_exists(message: str, **members: str) -> AWSError:
    return AWSError("AlreadyExistsException", message, 400, **members)


def access_denied() -> AWSError:
    """What AWS answers instead of telling that a vault is not there: https://github.com/aws/aws-sdk-js/issues/2625"""
    return AWSError("AccessDeniedException", "Insufficient privileges to perform this action.", 403)
