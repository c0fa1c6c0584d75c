"""A cluster is an issuer of tokens: STS takes those that its own key signed, for the roles that trust it."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from sandbox.aws import clock
from tests.unit.sandbox.aws.conftest import FakeKubernetes
from tests.unit.sandbox.aws.eks.conftest import Account

SUBJECT = "system:serviceaccount:notejam:notejam"
AUDIENCE = "sts.amazonaws.com"


@pytest.fixture
def key(kubernetes: FakeKubernetes) -> RSAKey:
    """The key of the cluster's service accounts."""
    made = RSAKey.generate_key(2048, {"kid": "cluster", "use": "sig", "alg": "RS256"})
    kubernetes.keys = KeySet([made]).as_dict(private=False)
    return made


@pytest.fixture
def assume(cluster: Account, endpoint: str) -> Callable[..., Any]:
    """Assume a role that trusts one service account of the cluster, with a token of these claims."""
    issuer = cluster.cluster()["identity"]["oidc"]["issuer"]
    name = issuer.removeprefix("https://")
    provider = cluster.iam.create_open_id_connect_provider(
        Url=issuer, ClientIDList=[AUDIENCE], ThumbprintList=["f" * 40]
    )["OpenIDConnectProviderArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:sub": SUBJECT, f"{name}:aud": AUDIENCE}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = cluster.iam.create_role(RoleName="notejam", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    sts = boto3.client(
        "sts", region_name="eu-west-1", endpoint_url=endpoint, config=Config(signature_version=UNSIGNED)
    )

    def call(key: RSAKey, **claims: Any) -> Any:
        now = int(clock.now())
        said = {"iss": issuer, "aud": [AUDIENCE], "sub": SUBJECT, "iat": now, "exp": now + 300} | claims
        token = jwt.encode({"alg": "RS256", "kid": "cluster"}, said, key)
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod", WebIdentityToken=token)

    return call


def test_a_pods_token_is_exchanged_for_its_role(assume: Any, key: RSAKey, client: Any) -> None:
    answer = assume(key)
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    credentials = answer["Credentials"]
    sts = client(
        "sts",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"].endswith(":assumed-role/notejam/pod")


def test_a_token_that_the_cluster_did_not_sign_is_refused(assume: Any, key: RSAKey) -> None:
    other = RSAKey.generate_key(2048, {"kid": "cluster", "use": "sig", "alg": "RS256"})
    with pytest.raises(ClientError, match=r"InvalidIdentityToken.*signature"):
        assume(other)


def test_another_service_account_is_refused(assume: Any, key: RSAKey) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(key, sub="system:serviceaccount:notejam:default")


def test_a_cluster_that_is_gone_vouches_for_nobody(
    assume: Any, key: RSAKey, cluster: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nowhere(url: str) -> Any:
        asked.append(url)
        raise ValueError(url)

    monkeypatch.setattr("sandbox.aws.web_identity.published", nowhere)
    cluster.eks.delete_cluster(name="notes")
    cluster.wait()
    with pytest.raises(ClientError, match=r"InvalidIdentityToken.*retrieve verification key"):
        assume(key)
    assert len(asked) == 1
