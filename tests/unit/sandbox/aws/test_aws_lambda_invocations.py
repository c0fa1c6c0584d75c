"""Lambda's functions at work: real code in a process of its own, as its role, within its limits."""

import base64
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.aws.errors import AWSError
from sandbox.settings import Settings

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:worker"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
Answer = tuple[dict[str, Any], Any]


@pytest.fixture
def run(client: Any, later: Callable[[float], None]) -> Callable[..., Answer]:
    """Makes a function of this source and invokes it; its role may write logs."""
    iam = client("iam")
    role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="functions", PolicyArn=LOGS)
    api = client("lambda")

    def invoke(source: str, event: Any = None, handler: str = "main.handler", **options: Any) -> Answer:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("main.py", source)
        code = {"ZipFile": made.getvalue()}
        api.create_function(
            FunctionName="worker", Role=role, Runtime="python3.13", Handler=handler, Code=code, **options
        )
        later(1)
        answer = api.invoke(FunctionName="worker", Payload=json.dumps(event), LogType="Tail")
        return answer, json.loads(answer["Payload"].read())

    return invoke


def tail(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_runs_the_handler_and_logs_what_it_prints(client: Any, run: Any) -> None:
    source = """
import logging

def handler(event, context):
    print("hello", event["who"])
    logging.getLogger().warning("careful")
    assert 0 < context.get_remaining_time_in_millis() <= 10_000
    return {"arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb}
"""
    answer, result = run(source, {"who": "world"}, Timeout=10)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert result == {"arn": FUNCTION, "memory": "128"}
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    kinds = [event["message"].split()[0] for event in events]
    assert kinds == ["START", "hello", "[WARNING]", "END", "REPORT"]
    assert events[1]["message"] == "hello world"
    assert "careful" in events[2]["message"]
    assert "Memory Size: 128 MB" in events[4]["message"]
    assert tail(answer).splitlines() == [event["message"] for event in events]


def test_an_invocation_is_logged_by_its_iam_action(cloud: Cloud, settings: Settings, run: Any) -> None:
    run("def handler(event, context):\n    return event\n", Timeout=30)
    lines = (settings.folder / "aws" / "requests.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["action"] == "lambda:InvokeFunction"


def test_sees_its_role_and_variables_and_nothing_of_ours(client: Any, run: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("SANDBOX_SECRET", "not for functions")
    source = """
import importlib, os
import boto3

def handler(event, context):
    missing = []
    for name in ("sandbox", "moto", "ansible", "psycopg", "requests", "yaml", "cheroot", "pip"):
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    return {
        "missing": missing,
        "caller": boto3.client("sts").get_caller_identity()["Arn"],
        "variables": sorted(os.environ),
        "greeting": os.environ["GREETING"],
        "region": boto3.session.Session().region_name,
        "folder": os.listdir(os.environ["LAMBDA_TASK_ROOT"]),
    }
"""
    answer, result = run(source, Environment={"Variables": {"GREETING": "Hi"}}, Timeout=60, MemorySize=256)
    assert "FunctionError" not in answer, result
    assert result["missing"] == [
        "sandbox",
        "moto",
        "ansible",
        "psycopg",
        "requests",
        "yaml",
        "cheroot",
        "pip",
    ]
    assert result["caller"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/functions/worker"
    assert "SANDBOX_SECRET" not in result["variables"]
    assert (result["greeting"], result["region"]) == ("Hi", "eu-west-1")
    assert result["folder"] == ["main.py"]


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "def handler(event, context):\n    raise KeyError('lost')\n",
            "main.handler",
            "KeyError",
            "'lost'",
        ),
        ("import nowhere\n", "main.handler", "Runtime.ImportModuleError", "No module named 'nowhere'"),
        ("x = 1\n", "main.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
        ("def handler(:\n", "main.handler", "Runtime.UserCodeSyntaxError", "Syntax error"),
        (
            "def handler(event, context):\n    return object()\n",
            "main.handler",
            "Runtime.MarshalError",
            "Unable to marshal response",
        ),
        (
            "import sys\ndef handler(event, context):\n    sys.exit(3)\n",
            "main.handler",
            "Runtime.ExitError",
            "exit status 3",
        ),
    ],
)
def test_a_failure_is_told_and_logged(
    client: Any, run: Any, source: str, handler: str, kind: str, message: str
) -> None:
    answer, error = run(source, handler=handler, Timeout=30)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert error["errorType"] == kind
    assert message in error["errorMessage"]
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    assert len([event for event in events if kind in event["message"]]) == 1


def test_a_traceback_shows_the_functions_own_code(run: Any) -> None:
    source = "def handler(event, context):\n    return deeper()\n\n\ndef deeper():\n    return 1 / 0\n"
    _answer, error = run(source, Timeout=30)
    assert error["errorType"] == "ZeroDivisionError"
    assert [line.split(", in ")[1].split("\n")[0] for line in error["stackTrace"]] == ["handler", "deeper"]


def test_the_end_of_its_time_ends_it(client: Any, run: Any) -> None:
    source = (
        "import time\ndef handler(event, context):\n    print('waiting', flush=True)\n    time.sleep(60)\n"
    )
    answer, error = run(source, Timeout=2)
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 2.00 seconds")
    events = client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    messages = [event["message"] for event in events]
    assert messages[1] == "waiting"
    assert messages[2].endswith("Task timed out after 2.00 seconds")


def test_more_memory_than_it_has_ends_it(run: Any) -> None:
    source = "import time\ndef handler(event, context):\n    held = b'x' * 300_000_000\n    time.sleep(60)\n"
    answer, error = run(source, Timeout=30)
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert "signal: killed" in error["errorMessage"]


def test_the_log_is_written_only_where_the_role_may(client: Any, run: Any) -> None:
    client("iam").detach_role_policy(RoleName="functions", PolicyArn=LOGS)
    answer, result = run("def handler(event, context):\n    return 'done'\n", Timeout=30)
    assert result == "done"
    assert "START RequestId" in tail(answer)
    assert client("logs").describe_log_groups()["logGroups"] == []
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/notes/functions:*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").put_role_policy(RoleName="functions", PolicyName="logs", PolicyDocument=policy)
    client("lambda").update_function_configuration(
        FunctionName="worker", LoggingConfig={"LogGroup": "/notes/functions"}
    )
    client("lambda").invoke(FunctionName="worker")
    assert client("logs").describe_log_groups()["logGroups"] == []  # it may not make the group
    client("logs").create_log_group(logGroupName="/notes/functions")
    client("lambda").invoke(FunctionName="worker")
    assert client("logs").filter_log_events(logGroupName="/notes/functions")["events"]


def test_a_dry_run_and_an_event_answer_at_once(client: Any, run: Any) -> None:
    run("def handler(event, context):\n    print('event', event)\n", Timeout=30)
    api = client("lambda")
    assert api.invoke(FunctionName="worker", InvocationType="DryRun")["StatusCode"] == 204
    assert api.invoke(FunctionName="worker", InvocationType="Event", Payload="[1]")["StatusCode"] == 202
    with pytest.raises(ClientError) as error:
        api.invoke(FunctionName="worker", Payload="{")
    assert error.value.response["Error"]["Code"] == "InvalidRequestContentException"


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        ({}, True),
        ({"SourceAccount": ACCOUNT}, True),
        ({"SourceAccount": "210987654321"}, False),
        ({"SourceArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:notes-*"}, True),
        ({"SourceArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:other-*"}, False),
        ({"Principal": "s3.amazonaws.com"}, False),
        ({"Action": "lambda:GetFunction"}, False),
        (None, False),
    ],
)
def test_a_service_invokes_by_the_functions_policy_only(
    cloud: Cloud, client: Any, run: Any, grant: dict[str, str] | None, allowed: bool
) -> None:
    run("def handler(event, context):\n    return event\n", Timeout=30)
    if grant is not None:
        statement = {
            "StatementId": "rotation",
            "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com",
        }
        client("lambda").add_permission(FunctionName="worker", **statement | grant)
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:notes-a1b2c3"
    asked = ("secretsmanager.amazonaws.com", FUNCTION, ACCOUNT, secret)
    if allowed:
        assert cloud.functions.invocations.let_in(*asked)
        return
    with pytest.raises(AWSError) as error:
        cloud.functions.invocations.let_in(*asked)
    assert error.value.code == "AccessDeniedException"
