"""The module iam_oidc_provider: check, do, check again, do again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

MODULE = "iam_oidc_provider"
PROVIDER: dict[str, Any] = {
    "url": "https://token.actions.githubusercontent.com",
    "client_ids": ["sts.amazonaws.com"],
    "tags": {"platform:site": "global"},
}
ARN = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


@pytest.fixture(autouse=True)
def whole_iam() -> None:
    """moto cannot change a provider's audiences; the sandbox can."""
    from sandbox.aws.moto import install

    install()


@pytest.fixture
def iam() -> Any:
    return boto3.client("iam")


def test_creates_the_provider_with_its_audiences_and_tags(iam: Any) -> None:
    run = four_steps(MODULE, **PROVIDER)
    assert run.writes == ["CreateOpenIDConnectProvider"]
    assert run.result["oidc_provider"]["arn"] == ARN
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    assert found["Tags"] == [{"Key": "platform:site", "Value": "global"}]


def test_repairs_audiences_and_tags_changed_by_hand(iam: Any) -> None:
    run_module(MODULE, **PROVIDER)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=ARN, ClientID="anyone")
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=ARN, TagKeys=["platform:site"])
    run = four_steps(MODULE, **PROVIDER)
    assert run.writes == ["RemoveClientIDFromOpenIDConnectProvider", "TagOpenIDConnectProvider"]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert found["ClientIDList"] == ["sts.amazonaws.com"]


def test_another_audience_is_added(iam: Any) -> None:
    run_module(MODULE, **PROVIDER)
    run = four_steps(MODULE, **PROVIDER | {"client_ids": ["registry", "sts.amazonaws.com"]})
    assert run.writes == ["AddClientIDToOpenIDConnectProvider"]


def test_deletes_the_provider(iam: Any) -> None:
    run_module(MODULE, **PROVIDER)
    four_steps(MODULE, url=PROVIDER["url"], state="absent")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_provider_that_another_environment_s_role_trusts_stays(iam: Any) -> None:
    run_module(MODULE, **PROVIDER)
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName="notejam-dev-github-plan", AssumeRolePolicyDocument=trust)
    run = run_module(MODULE, url=PROVIDER["url"], state="absent", keep_trusted=True)
    assert not run.changed
    assert "stays: notejam-dev-github-plan would trust nobody without it" in run.result["kept"]
    iam.delete_role(RoleName="notejam-dev-github-plan")
    four_steps(MODULE, url=PROVIDER["url"], state="absent", keep_trusted=True)


def test_an_issuer_without_tls_is_refused_before_any_call() -> None:
    run = run_module(MODULE, url="http://issuer.example.com")
    assert "by https:// only" in run.result["msg"]
    assert run.operations == []
