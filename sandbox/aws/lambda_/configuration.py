"""What a function may be configured to, checked as Lambda checks it.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

import io
import re
import zipfile
import zlib
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call
from sandbox.aws.documents import Document
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.identities import role_in, trust_policy, trusts_service
from sandbox.aws.lambda_.errors import invalid_value
from sandbox.aws.role_permissions import allows

SERVICE_PRINCIPAL = "lambda.amazonaws.com"
RUNTIMES = re.compile(r"python3\.(9|1[0-4])")
VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
LARGEST_ENVIRONMENT = 4096  # bytes
LARGEST_UNZIPPED = 262144000  # bytes
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
NOT_SERVED = ("Layers", "FileSystemConfigs", "DeadLetterConfig", "ImageConfig", "CodeSigningConfigArn")
DEFAULTS: Document = {"Description": "", "Timeout": 3, "MemorySize": 128}
COPIED = ("Role", "Runtime", "Handler", "Description", "Timeout", "MemorySize")


def check_code(packed: bytes) -> None:
    """Raises AWSError for what is no zip, or too large unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            broken = archive.testzip()
            size = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, zlib.error, OSError):
        broken, size = "all of it", 0
    if broken:
        raise invalid_value(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        )
    if size > LARGEST_UNZIPPED:
        raise invalid_value(f"Unzipped size must be smaller than {LARGEST_UNZIPPED} bytes")


def configured(call: Call, current: Document) -> Document:
    """The configuration with what the call asks for in it. Raises AWSError for what Lambda refuses."""
    asked = call.parameters
    for member in NOT_SERVED:
        if asked.get(member):
            raise NotImplementedByEmulator("lambda", call.operation.name, f"{member} is not served.")
    wanted = {**current, **{key: asked[key] for key in COPIED if asked.get(key) is not None}}
    if not RUNTIMES.fullmatch(str(wanted.get("Runtime"))):
        raise NotImplementedByEmulator(
            "lambda", call.operation.name, f"Only Python runs here, not {wanted.get('Runtime')}."
        )
    check_range("timeout", wanted["Timeout"], 1, 900)
    check_range("memorySize", wanted["MemorySize"], 128, 10240)
    check_role(call, wanted["Role"])
    if asked.get("Environment") is not None:
        variables = asked["Environment"].get("Variables") or {}
        check_environment(variables)
        wanted["Environment"] = {"Variables": variables}
    if asked.get("KMSKeyArn") is not None:
        wanted["KMSKeyArn"] = check_key(call, asked["KMSKeyArn"])
    if asked.get("VpcConfig") is not None:
        wanted["VpcConfig"] = network(call, asked["VpcConfig"], wanted["Role"])
    if asked.get("LoggingConfig"):
        wanted["LoggingConfig"] = logging(call, asked["LoggingConfig"], wanted)
    return {key: value for key, value in wanted.items() if value not in ({}, "") or key == "Description"}


def check_range(member: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
        raise AWSError(
            "ValidationException",
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have value {bound}",
            400,
        )


def check_role(call: Call, role_arn: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"""
    account, name = role_in(role_arn) if role_arn.count(":") >= 5 else ("", "")
    if account != call.account:
        raise AWSError("AccessDeniedException", "Cross-account pass role is not allowed.", 403)
    if not trusts_service(trust_policy(call, account, name), SERVICE_PRINCIPAL):
        raise invalid_value("The role defined for the function cannot be assumed by Lambda.")


def check_environment(variables: dict[str, str]) -> None:
    unable = "Lambda was unable to configure your environment variables because the environment variables"
    for name in variables:
        if not VARIABLE.fullmatch(name):
            raise invalid_value(
                "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
                f"Map keys must satisfy constraint: [{VARIABLE.pattern}]; {name!r} does not"
            )
    if used := sorted(RESERVED.intersection(variables)):
        raise invalid_value(
            f"{unable} you have provided contains reserved keys that are currently not supported for "
            f"modification. Reserved keys used in this request: {', '.join(used)}"
        )
    if (
        sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
        > LARGEST_ENVIRONMENT
    ):
        raise invalid_value(f"{unable} you have provided exceeded the 4KB limit.")


def check_key(call: Call, key: str) -> str:
    """The key's ARN; none for an empty one, which means Lambda's own."""
    if not key:
        return ""
    try:
        found = call.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        problem = "" if found["KeyState"] == "Enabled" else f"DisabledException: {key} is {found['KeyState']}"
    except ClientError as error:
        problem = f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    if problem:
        raise invalid_value(
            "Lambda was unable to configure access to your environment variables because the KMS key is "
            f"invalid for CreateGrant. Please check your KMS key settings. KMS Exception: {problem}"
        )
    return key


def network(call: Call, asked: dict[str, Any], role_arn: str) -> Document:
    """The function's network; an empty one detaches it."""
    subnets, groups = asked.get("SubnetIds") or [], asked.get("SecurityGroupIds") or []
    if bool(subnets) != bool(groups):
        raise invalid_value("SecurityGroupIds and SubnetIds must coexist or be both empty list.")
    if not subnets:
        return {}
    ec2 = call.client("ec2")
    of_subnets = _vpcs("DescribeSubnets", lambda: ec2.describe_subnets(SubnetIds=subnets)["Subnets"])
    if len(of_subnets) > 1:
        raise invalid_value("Subnets are required to be in the same VPC.")
    of_groups = _vpcs(
        "DescribeSecurityGroups",
        lambda: ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"],
    )
    if of_groups != of_subnets:
        raise invalid_value("Security Groups are required to be in the same VPC.")
    check_network_role(call, role_arn, subnets, groups, next(iter(of_subnets)))
    return {"SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": of_subnets.pop()}


def check_network_role(call: Call, role_arn: str, subnets: list[str], groups: list[str], vpc: str) -> None:
    """Lambda makes and removes the function's network interfaces as the role."""
    prefix = f"arn:aws:ec2:{call.region}:{call.account}:"
    new = [*(f"subnet/{each}" for each in subnets), *(f"security-group/{each}" for each in groups)]
    interface = "network-interface/*"
    context = {"aws:requestedregion": [call.region], "ec2:vpc": [f"{prefix}vpc/{vpc}"]}
    for name, resources in (
        ("CreateNetworkInterface", [prefix + each for each in (*new, interface)]),
        ("DescribeNetworkInterfaces", ["*"]),
        ("DeleteNetworkInterface", [prefix + interface]),
    ):
        if not all(
            allows(call.client("iam"), role_arn, f"ec2:{name}", resource, context) for resource in resources
        ):
            raise invalid_value(
                f"The provided execution role does not have permissions to call {name} on EC2"
            )


def _vpcs(operation: str, describe: Any) -> set[str]:
    try:
        return {each["VpcId"] for each in describe()}
    except ClientError as error:
        told = error.response["Error"]
        raise invalid_value(
            f"Error occurred while {operation}. EC2 Error Code: {told['Code']}. EC2 Error Message: "
            f"{told['Message']}"
        ) from None


def logging(call: Call, asked: dict[str, Any], function: Document) -> Document:
    if asked.get("LogFormat", "Text") != "Text":
        raise NotImplementedByEmulator("lambda", call.operation.name, "Logs are written as Text here.")
    group = asked.get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    return {"LogFormat": "Text", "LogGroup": group}
