"""A Kubernetes Secret from Secrets Manager: check, do, check again, do again, and nothing told."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest

from .fake_kubernetes import FakeKubernetes
from .modules import Run, four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")
PATH = "/api/v1/namespaces/notejam/secrets/notejam"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def options(kubernetes: FakeKubernetes) -> dict[str, Any]:
    kubernetes.put("/api/v1/namespaces/notejam", {"kind": "Namespace", "metadata": {"name": "notejam"}})
    manager = boto3.client("secretsmanager")
    value = json.dumps({"username": "notejam", "password": PASSWORD, "port": 5432})
    arn = manager.create_secret(Name="database", SecretString=value)["ARN"]
    return {
        "kubeconfig": str(kubernetes.kubeconfig),
        "name": "notejam",
        "namespace": "notejam",
        "data": [
            {"key": "DATABASE_USER", "secret_arn": arn, "json_key": "username"},
            {"key": "DATABASE_PASSWORD", "secret_arn": arn, "json_key": "password"},
            {"key": "DATABASE_PORT", "secret_arn": arn, "json_key": "port"},
        ],
    }


def values(kubernetes: FakeKubernetes) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in kubernetes.objects[PATH]["data"].items()}


def rotate(password: str) -> None:
    value = json.dumps({"username": "notejam", "password": password, "port": 5432})
    boto3.client("secretsmanager").put_secret_value(SecretId="database", SecretString=value)


def assert_tells_nothing(run: Run, *secrets: str) -> None:
    for secret in secrets:
        assert secret not in run.output
        assert base64.b64encode(secret.encode()).decode() not in run.output


def test_the_secret_is_filled_once(kubernetes: FakeKubernetes, options: dict[str, Any]) -> None:
    kubernetes.put(PATH, {"kind": "Secret", "metadata": {"name": "notejam"}, "data": {}})
    for check_mode in (True, False):
        run = run_module("kubernetes_secret", check_mode, **options)
        assert run.changed
        assert_tells_nothing(run, PASSWORD)
    assert values(kubernetes) == {
        "DATABASE_USER": "notejam",
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_PORT": "5432",
    }
    assert not run_module("kubernetes_secret", check_mode=True, **options).changed
    assert not run_module("kubernetes_secret", **options).changed


def test_a_plan_writes_nothing(kubernetes: FakeKubernetes, options: dict[str, Any]) -> None:
    assert run_module("kubernetes_secret", check_mode=True, **options).changed
    assert kubernetes.writes == []


def test_a_plan_is_made_before_there_is_a_namespace(
    kubernetes: FakeKubernetes, options: dict[str, Any]
) -> None:
    assert run_module("kubernetes_secret", check_mode=True, **{**options, "namespace": "later"}).changed


def test_each_secret_is_read_once(options: dict[str, Any]) -> None:
    assert run_module("kubernetes_secret", **options).operations == ["GetSecretValue"]


def test_a_list_is_written_as_json(kubernetes: FakeKubernetes, options: dict[str, Any]) -> None:
    value = json.dumps({"fallbacks": ['a "quoted", key', "b"]})
    boto3.client("secretsmanager").create_secret(Name="django", SecretString=value)
    source = {"key": "FALLBACKS", "secret_arn": "django", "json_key": "fallbacks"}
    run = run_module("kubernetes_secret", **{**options, "data": [source]})
    assert json.loads(values(kubernetes)["FALLBACKS"]) == ['a "quoted", key', "b"]
    assert_tells_nothing(run, "quoted")


def test_a_plan_takes_a_key_that_comes_with_the_first_rotation_as_new(
    kubernetes: FakeKubernetes, options: dict[str, Any]
) -> None:
    run_module("kubernetes_secret", **options)
    later = {"key": "DATABASE_READER", "secret_arn": "database", "json_key": "reader"}
    options = {**options, "data": [*options["data"], later]}
    before = len(kubernetes.writes)
    plan = run_module("kubernetes_secret", check_mode=True, **options)
    assert plan.changed
    assert plan.result["diff"]["after"]["DATABASE_READER"] == "(secret, new value)"
    assert len(kubernetes.writes) == before
    assert "no key reader" in run_module("kubernetes_secret", **options).result["msg"]


def test_a_rotated_value_is_shown_as_new_and_not_itself(options: dict[str, Any]) -> None:
    before = run_module("kubernetes_secret", **options)
    rotate("another")
    after = run_module("kubernetes_secret", **options)
    assert after.result["diff"]["after"] == {
        "DATABASE_USER": "(secret)",
        "DATABASE_PASSWORD": "(secret, new value)",
        "DATABASE_PORT": "(secret)",
    }
    assert after.result["secret"]["version"] != before.result["secret"]["version"]
    assert_tells_nothing(after, PASSWORD, "another")


def test_the_version_stays_while_nothing_is_rotated(options: dict[str, Any]) -> None:
    versions = {run_module("kubernetes_secret", **options).result["secret"]["version"] for _ in range(2)}
    assert len(versions) == 1


def test_values_of_the_task_are_hidden_too(kubernetes: FakeKubernetes, options: dict[str, Any]) -> None:
    run = four_steps("kubernetes_secret", **{**options, "data": [{"key": "password", "value": PASSWORD}]})
    assert values(kubernetes) == {"password": PASSWORD}
    assert_tells_nothing(run, PASSWORD)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"secret_arn": "missing"}, "Cannot read secret missing"),
        (
            {"secret_arn": "database", "json_key": "host"},
            "no key host (`json_key`), only: password, port, username",
        ),
        ({"secret_arn": "plain", "json_key": "password"}, "plain is not a JSON object"),
        ({}, "one of the following is required"),
        ({"secret_arn": "database", "value": "another value"}, "mutually exclusive"),
    ],
)
def test_a_wrong_source_is_named_without_its_value(
    kubernetes: FakeKubernetes, options: dict[str, Any], source: dict[str, str], message: str
) -> None:
    boto3.client("secretsmanager").create_secret(Name="plain", SecretString=PASSWORD)
    run = run_module("kubernetes_secret", **{**options, "data": [{"key": "KEY", **source}]})
    assert message in run.result["msg"]
    assert kubernetes.writes == []
    assert_tells_nothing(run, PASSWORD)
