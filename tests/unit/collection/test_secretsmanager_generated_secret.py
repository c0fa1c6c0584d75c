"""The module secretsmanager_generated_secret: what is generated is made once and shown nowhere."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import Run, four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

MODULE = "secretsmanager_generated_secret"
SECRET: dict[str, Any] = {
    "name": "notejam-test/django",
    "description": "Django's secret key",
    "facts": {"host": "db.example.com"},
    "generate": [{"key": "secret_key", "length": 50, "exclude_punctuation": True}],
    "tags": {"Name": "notejam-test/django"},
}


def value() -> dict[str, Any]:
    answer = boto3.client("secretsmanager", "eu-west-1").get_secret_value(SecretId=SECRET["name"])
    return dict(json.loads(answer["SecretString"]))


def assert_hidden(run: Run) -> None:
    assert value()["secret_key"] not in run.output


def test_generates_once_and_shows_nothing() -> None:
    run = four_steps(MODULE, **SECRET)
    assert_hidden(run)
    assert run.result["secret"]["generated"] == ["secret_key"]
    assert run.result["secret"]["facts"] == {"host": "db.example.com"}
    secret_key = value()["secret_key"]
    assert len(secret_key) == 50
    assert secret_key.isalnum()


def test_a_changed_fact_keeps_what_was_generated_and_what_others_added() -> None:
    run_module(MODULE, **SECRET)
    before = value() | {"added": "by a rotation"}
    boto3.client("secretsmanager", "eu-west-1").update_secret(
        SecretId=SECRET["name"], SecretString=json.dumps(before)
    )
    run = four_steps(MODULE, **SECRET | {"facts": {"host": "other.example.com"}})
    assert_hidden(run)
    assert value() == before | {"host": "other.example.com"}


def test_a_new_part_is_generated_beside_the_old_one() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    four_steps(MODULE, **SECRET | {"generate": [*SECRET["generate"], {"key": "salt"}]})
    assert value()["secret_key"] == before["secret_key"]
    assert len(value()["salt"]) == 64


def test_replaces_what_was_generated_only_when_asked() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    planned = run_module(MODULE, check_mode=True, **SECRET, regenerate=True)
    assert planned.changed
    assert value() == before
    run = run_module(MODULE, **SECRET, regenerate=True)
    assert_hidden(run)
    assert value()["secret_key"] != before["secret_key"]
    assert value()["host"] == before["host"]


def test_a_secret_scheduled_for_deletion_comes_back_with_its_value() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    four_steps(MODULE, name=SECRET["name"], state="absent")
    four_steps(MODULE, **SECRET)
    assert value() == before


def test_a_value_that_is_no_object_is_kept_and_not_shown() -> None:
    boto3.client("secretsmanager", "eu-west-1").create_secret(Name=SECRET["name"], SecretString="hunter2")
    run = run_module(MODULE, **SECRET)
    assert "The value of secret notejam-test/django is no JSON object" in run.result["msg"]
    assert "hunter2" not in run.output
    assert run.writes == []


def test_description_and_tags_change_without_touching_the_value() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    run = four_steps(MODULE, **SECRET | {"description": "For Django", "tags": {"Name": "x"}})
    assert run.writes == ["UpdateSecret", "TagResource"]
    assert value() == before
