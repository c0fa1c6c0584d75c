"""AWS Lambda's refusals: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html"""

from sandbox.aws.errors import AWSError


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message, 404)


def conflict(message: str) -> AWSError:
    return AWSError("ResourceConflictException", message, 409)


def invalid_value(message: str) -> AWSError:
    return AWSError("InvalidParameterValueException", message, 400)


def changed_meanwhile() -> AWSError:
    return AWSError(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API "
        "to retrieve the latest Revision Id",
        412,
    )
