"""Tokens as `aws eks get-token` makes them."""

from __future__ import annotations

import base64
import json
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.notejam.platform.plugins.module_utils.eks_token import token, with_tokens

ARGUMENTS = [
    "--region",
    "eu-west-1",
    "eks",
    "get-token",
    "--cluster-name",
    "notejam-test",
    "--output",
    "json",
]


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def request_of(token: str) -> tuple[str, dict[str, list[str]]]:
    """Where the token's request goes, and its query without what depends on the moment."""
    prefix, encoded = token.split(".")
    assert prefix == "k8s-aws-v1"
    url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    query = parse_qs(url.query)
    for changing in ("X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential"):
        query.pop(changing)
    return f"{url.scheme}://{url.netloc}{url.path}", query


def test_the_token_is_the_one_that_the_aws_cli_makes() -> None:
    said = subprocess.run(["aws", *ARGUMENTS], capture_output=True, check=True).stdout
    assert request_of(token("notejam-test", "eu-west-1")) == request_of(json.loads(said)["status"]["token"])


def test_a_user_who_calls_the_aws_cli_gets_a_token() -> None:
    user = {"exec": {"command": "aws", "args": ARGUMENTS}}
    read = with_tokens({"kind": "Config", "users": [{"name": "a", "user": user}]})
    assert read["kind"] == "Config"
    assert list(read["users"][0]["user"]) == ["token"]


@pytest.mark.parametrize(
    "user",
    [
        {"token": "a"},
        {"exec": {"command": "gke-gcloud-auth-plugin"}},
        {"exec": {"command": "aws", "args": [*ARGUMENTS, "--role-arn", "other"]}},
        {"exec": {"command": "aws", "args": ARGUMENTS, "env": [{"name": "AWS_PROFILE", "value": "other"}]}},
    ],
)
def test_any_other_user_stays_as_it_is(user: dict[str, object]) -> None:
    kubeconfig = {"users": [{"name": "a", "user": user}]}
    assert with_tokens(kubeconfig) == kubeconfig
