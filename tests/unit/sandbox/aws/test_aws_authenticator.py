"""Tokens for the cluster's API server: only a fresh one, made for this cluster by a known key, holds."""

import base64
import json
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aws.cloud import Cloud
from sandbox.aws.eks.records import ACCESS_ENTRY, CLUSTER, Record, Records
from sandbox.aws.http import Request
from sandbox.settings import Settings

ADMIN = "arn:aws:iam::123456789012:user/administrator"
ROLE = "arn:aws:iam::123456789012:role/teams/developer"
CALLER_IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"


def token(
    key: str,
    secret: str,
    cluster: str = "notes",
    session: str | None = None,
    query: str = CALLER_IDENTITY,
    expires: int = 60,
) -> str:
    """As `aws eks get-token` makes it."""
    url = f"https://sts.eu-west-1.amazonaws.com/?{query}"
    request = AWSRequest(method="GET", url=url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(Credentials(key, secret, session), "sts", "eu-west-1", expires=expires).add_auth(request)
    encoded = base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")
    return f"k8s-aws-v1.{encoded}"


@pytest.fixture
def review(cloud: Cloud) -> Any:
    """Asks as the API server does; the cluster has entries of the administrator and of a role with a path."""
    records = Records(cloud.documents)
    scope = ("123456789012", "eu-west-1")
    records.save(Record(CLUSTER, *scope, ["notes"], {"status": "ACTIVE"}))
    admin = {"kubernetesGroups": ["people"], "username": ADMIN}
    scopes = {
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy": {
            "accessScope": {"type": "cluster", "namespaces": []}
        },
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy": {
            "accessScope": {"type": "namespace", "namespaces": ["notejam"]}
        },
    }
    records.save(Record(ACCESS_ENTRY, *scope, ["notes", ADMIN], admin, state={"policies": scopes}))
    developer = {"kubernetesGroups": [], "username": "dev:{{SessionName}}"}
    records.save(Record(ACCESS_ENTRY, *scope, ["notes", ROLE], developer, state={"policies": {}}))

    def ask(given: str, cluster: str = "notes") -> dict[str, Any]:
        document = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": given},
        }
        path = f"/_sandbox/eks/123456789012/eu-west-1/{cluster}/authenticate"
        response = cloud.gateway.serve_internal(Request("POST", path, body=json.dumps(document).encode()))
        assert response.status == 200
        return dict(json.loads(response.body)["status"])

    return ask


def test_a_user_gets_its_entrys_groups_and_those_of_its_policies(review: Any, settings: Settings) -> None:
    status = review(token(settings.access_key_id, settings.secret_access_key))
    assert status["authenticated"] is True
    assert status["user"]["username"] == ADMIN
    assert status["user"]["groups"] == [
        "people",
        "eks-access-policy:AmazonEKSClusterAdminPolicy",
        "eks-access-policy:AmazonEKSEditPolicy:notejam",
    ]


def test_a_session_of_a_role_is_found_by_the_roles_whole_arn(review: Any, client: Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").create_role(RoleName="developer", Path="/teams/", AssumeRolePolicyDocument=document)
    given = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ada@example.org")["Credentials"]
    status = review(token(given["AccessKeyId"], given["SecretAccessKey"], session=given["SessionToken"]))
    assert status["user"]["username"] == "dev:ada-example.org"
    without_session = review(token(given["AccessKeyId"], given["SecretAccessKey"]))
    assert without_session["authenticated"] is False


def test_a_principal_without_an_entry_is_nobody(review: Any, client: Any) -> None:
    iam = client("iam")
    iam.create_user(UserName="eve")
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    status = review(token(key["AccessKeyId"], key["SecretAccessKey"]))
    assert status == {
        "authenticated": False,
        "error": "arn:aws:iam::123456789012:user/eve has no access entry in cluster notes",
    }


def test_a_token_is_good_for_a_quarter_of_an_hour(review: Any, settings: Settings, later: Any) -> None:
    given = token(settings.access_key_id, settings.secret_access_key)
    later(14 * 60)
    assert review(given)["authenticated"] is True
    later(2 * 60)
    assert "expired" in review(given)["error"]


WRONG_TOKENS: list[tuple[Any, ...]] = [
    ({"cluster": "other"}, "signature does not hold for cluster notes"),
    ({"secret": "guessed"}, "signature does not hold"),
    ({"key": "AKIANOBODY"}, "unknown"),
    ({"query": "Action=AssumeRole&Version=2011-06-15"}, "something else than GetCallerIdentity"),
    ({"expires": 3600}, "X-Amz-Expires"),
]


def test_a_token_that_is_wrong_in_any_part_is_refused(
    review: Any, settings: Settings, subtests: pytest.Subtests
) -> None:
    for changes, reason in WRONG_TOKENS:
        with subtests.test(reason=reason):
            right = {"key": settings.access_key_id, "secret": settings.secret_access_key}
            status = review(token(**right | changes))
            assert status["authenticated"] is False
            assert reason in status["error"]


@pytest.mark.parametrize(
    "given", ["", "k8s-aws-v1.", "k8s-aws-v1.%%%", "eyJhbGciOiJub25lIn0.e30.", "k8s-aws-v1.aHR0cDovL3g"]
)
def test_what_is_no_token_is_refused(review: Any, given: str) -> None:
    assert review(given)["authenticated"] is False


def test_a_cluster_that_is_not_there_knows_nobody(review: Any, settings: Settings) -> None:
    given = token(settings.access_key_id, settings.secret_access_key, cluster="absent")
    assert review(given, cluster="absent")["error"] == "there is no cluster absent"
