"""Lambda's functions as their keepers see them: what is made, changed, refused, and kept over a restart."""

import base64
import dataclasses
import datetime
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.settings import Settings
from tests.unit.sandbox.aws.conftest import FakeKubernetes, OneForAll

ACCOUNT = "123456789012"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
Later = Callable[[float], None]


def packed(source: str = "def handler(event, context): return event\n") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("main.py", source)
    return made.getvalue()


def refused(code: str, call: Callable[..., Any], text: str = "", **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    told = error.value.response["Error"]
    assert told["Code"] == code, told
    assert text in told["Message"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Slow enough for a loaded machine to see what is under way: a function takes 50 s, its network 600."""
    return dataclasses.replace(settings, time_scale=0.1)


@pytest.fixture
def role(client: Any) -> str:
    made = client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


@pytest.fixture
def options(role: str) -> dict[str, Any]:
    return {
        "FunctionName": "echo",
        "Role": role,
        "Runtime": "python3.13",
        "Handler": "main.handler",
        "Code": {"ZipFile": packed()},
    }


@pytest.fixture
def api(client: Any) -> Any:
    return client("lambda")


def test_a_function_is_pending_then_active(api: Any, options: dict[str, Any], later: Later) -> None:
    made = api.create_function(
        **options, Tags={"Name": "echo"}, Environment={"Variables": {"GREETING": "Hi"}}
    )
    assert (made["State"], made["StateReasonCode"], made["LastUpdateStatus"]) == (
        "Pending",
        "Creating",
        "InProgress",
    )
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(packed()).digest()).decode()
    refused("ResourceConflictException", api.invoke, "Pending", FunctionName="echo")
    later(60)
    function = api.get_function(FunctionName=made["FunctionArn"])
    told = function["Configuration"]
    assert (told["State"], told["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in told
    assert told["FunctionArn"] == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:echo"
    assert (told["Timeout"], told["MemorySize"], told["Architectures"]) == (3, 128, ["x86_64"])
    assert told["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"}
    assert told["Environment"]["Variables"] == {"GREETING": "Hi"}
    assert function["Tags"] == {"Name": "echo"}
    [listed] = api.list_functions()["Functions"]
    assert "State" not in listed
    assert listed["FunctionName"] == "echo"
    refused("ResourceConflictException", api.create_function, "already exist: echo", **options)


def test_one_update_at_a_time(api: Any, options: dict[str, Any], later: Later) -> None:
    api.create_function(**options)
    later(60)
    before = api.get_function_configuration(FunctionName="echo")
    changed = api.update_function_code(
        FunctionName="echo", ZipFile=packed("x = 1\n"), Architectures=["arm64"]
    )
    assert changed["CodeSha256"] != before["CodeSha256"]
    assert changed["RevisionId"] != before["RevisionId"]
    assert (changed["State"], changed["LastUpdateStatus"]) == ("Active", "InProgress")
    refused(
        "ResourceConflictException",
        api.update_function_configuration,
        "An update is in progress",
        FunctionName="echo",
        Timeout=10,
    )
    later(60)
    api.update_function_configuration(FunctionName="echo", Timeout=10, Description="Says it again")
    later(60)
    told = api.get_function_configuration(FunctionName="echo")
    assert (told["Timeout"], told["Description"], told["Architectures"]) == (10, "Says it again", ["arm64"])
    refused(
        "PreconditionFailedException",
        api.update_function_code,
        FunctionName="echo",
        ZipFile=packed(),
        RevisionId=before["RevisionId"],
    )


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"Role": f"arn:aws:iam::{ACCOUNT}:role/none"},
            "InvalidParameterValueException",
            "cannot be assumed",
        ),
        ({"Role": "arn:aws:iam::210987654321:role/functions"}, "AccessDeniedException", "Cross-account"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"MemorySize": 10241}, "ValidationException", "less than or equal to 10240"),
        ({"Runtime": "nodejs22.x"}, "NotImplemented", "Only Python"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "InvalidParameterValueException",
            "Reserved keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"A1": "x" * 4096}}}, "InvalidParameterValueException", "4KB limit"),
        ({"Environment": {"Variables": {"1A": "x"}}}, "InvalidParameterValueException", "Map keys"),
        (
            {"KMSKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/none"},
            "InvalidParameterValueException",
            "KMS key",
        ),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException", "must coexist"),
        (
            {"VpcConfig": {"SubnetIds": ["subnet-00000000"], "SecurityGroupIds": ["sg-00000000"]}},
            "InvalidParameterValueException",
            "EC2 Error Code: InvalidSubnetID.NotFound",
        ),
    ],
)
def test_what_lambda_refuses(
    api: Any, options: dict[str, Any], change: dict[str, Any], code: str, text: str
) -> None:
    refused(code, api.create_function, text, **options | change)
    assert api.list_functions()["Functions"] == []


def test_a_role_that_does_not_trust_lambda_is_refused(client: Any, api: Any, options: dict[str, Any]) -> None:
    trust = json.dumps(TRUST).replace("lambda.", "ec2.")
    other = client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    refused(
        "InvalidParameterValueException",
        api.create_function,
        "cannot be assumed",
        **options | {"Role": other},
    )


def test_a_network_is_one_vpc_that_the_role_may_use(
    cloud: Cloud,
    client: Any,
    api: Any,
    options: dict[str, Any],
    later: Later,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ec2 = client("ec2")
    places = []
    for block in ("10.0.0.0/16", "10.1.0.0/16"):
        vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block.replace("/16", "/24"))["Subnet"]["SubnetId"]
        group = ec2.create_security_group(VpcId=vpc, GroupName="functions", Description="functions")[
            "GroupId"
        ]
        places.append((vpc, subnet, group))
    (vpc, subnet, group), (_, elsewhere, stranger) = places
    for subnets, groups, text in (
        ([subnet, elsewhere], [group], "Subnets are required to be in the same VPC"),
        ([subnet], [stranger], "Security Groups are required to be in the same VPC"),
        ([subnet], [group], "does not have permissions to call CreateNetworkInterface on EC2"),
    ):
        network = {"VpcConfig": {"SubnetIds": subnets, "SecurityGroupIds": groups}}
        refused("InvalidParameterValueException", api.create_function, text, **options | network)
    client("iam").attach_role_policy(
        RoleName="functions",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    )
    made = api.create_function(**options, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})
    assert made["VpcConfig"]["VpcId"] == vpc
    later(60)
    assert api.get_function_configuration(FunctionName="echo")["State"] == "Pending"
    later(600)
    assert api.get_function_configuration(FunctionName="echo")["State"] == "Active"
    api.update_function_configuration(
        FunctionName="echo", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )
    assert "VpcConfig" not in api.get_function_configuration(FunctionName="echo")
    # What connected it holds its subnet and its group for a while.
    [interface] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert interface["Description"].startswith("AWS Lambda VPC ENI-echo-")
    assert [each["GroupId"] for each in interface["Groups"]] == [group]
    cloud.functions.interfaces.step()
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    monkeypatch.setattr("sandbox.aws.principals.LONGEST_SKEW", datetime.timedelta(days=1))
    later(12000)
    cloud.functions.interfaces.step()
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=group)


def test_permissions_are_statements_of_a_policy(api: Any, options: dict[str, Any]) -> None:
    arn = api.create_function(**options)["FunctionArn"]
    refused("ResourceNotFoundException", api.get_policy, FunctionName="echo")
    grant = {
        "FunctionName": "echo",
        "StatementId": "rotation",
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": ACCOUNT,
    }
    api.add_permission(**grant)
    refused("ResourceConflictException", api.add_permission, "already exists", **grant)
    refused(
        "InvalidParameterValueException",
        api.add_permission,
        "principal was invalid",
        **grant | {"StatementId": "two", "Principal": "nobody"},
    )
    [statement] = json.loads(api.get_policy(FunctionName="echo")["Policy"])["Statement"]
    assert statement == {
        "Sid": "rotation",
        "Effect": "Allow",
        "Principal": {"Service": "secretsmanager.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
    }
    api.remove_permission(FunctionName="echo", StatementId="rotation")
    refused("ResourceNotFoundException", api.remove_permission, FunctionName="echo", StatementId="rotation")


def test_tags_and_deletion(api: Any, options: dict[str, Any]) -> None:
    arn = api.create_function(**options, Tags={"a": "1"})["FunctionArn"]
    api.tag_resource(Resource=arn, Tags={"b": "2"})
    api.untag_resource(Resource=arn, TagKeys=["a"])
    assert api.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    api.delete_function(FunctionName="echo")
    for call in (api.get_function, api.delete_function, api.invoke):
        refused("ResourceNotFoundException", call, f"Function not found: {arn}", FunctionName="echo")


def test_the_tagging_api_finds_functions(client: Any, api: Any, options: dict[str, Any]) -> None:
    arn = api.create_function(**options, Tags={"component": "secrets", "Name": "echo"})["FunctionArn"]
    api.create_function(**options | {"FunctionName": "untagged"})
    client("ec2").create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "component", "Value": "network"}]}],
    )

    def found(**filters: Any) -> list[str]:
        answer = client("resourcegroupstaggingapi").get_resources(**filters)
        return [each["ResourceARN"].split(":")[2] for each in answer["ResourceTagMappingList"]]

    assert sorted(found()) == ["ec2", "lambda"]
    assert found(TagFilters=[{"Key": "component", "Values": ["secrets"]}]) == ["lambda"]
    assert found(TagFilters=[{"Key": "component", "Values": ["network"]}]) == ["ec2"]
    assert found(ResourceTypeFilters=["ec2"]) == ["ec2"]
    assert found(ResourceTypeFilters=["lambda:function"]) == ["lambda"]
    assert found(ResourceARNList=[arn]) == ["lambda"]
    elsewhere = client("resourcegroupstaggingapi", region="eu-central-1").get_resources()
    assert elsewhere["ResourceTagMappingList"] == []


def test_accounts_and_regions_have_functions_of_their_own(
    client: Any, api: Any, options: dict[str, Any]
) -> None:
    arn = api.create_function(**options)["FunctionArn"]
    elsewhere = client("lambda", region="eu-central-1")
    assert elsewhere.list_functions()["Functions"] == []
    refused("ResourceNotFoundException", elsewhere.get_function, FunctionName=arn)


def test_functions_outlive_the_gateway(
    cloud: Cloud, settings: Settings, kubernetes: FakeKubernetes, api: Any, options: dict[str, Any]
) -> None:
    checksum = api.create_function(**options)["CodeSha256"]
    again = Cloud(settings, OneForAll(kubernetes))
    assert again.functions.functions.find(ACCOUNT, "eu-west-1", "echo")
    assert again.functions.functions.code(checksum) == packed()
    again.documents.close()
    again.request_log.close()
