"""AssumeRoleWithWebIdentity takes tokens of the account's providers, if the role's trust policy does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from sandbox.aws import clock

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/deployer"
MAIN = "repo:notejam-developers/notejam:ref:refs/heads/main"
PULL_REQUEST = "repo:notejam-developers/notejam:pull_request"
Assume = Callable[..., Any]


class GitHub:
    """An issuer of tokens like GitHub's, on loopback."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})]
        self.published = True
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages: dict[str, Any] = {
                    "/.well-known/openid-configuration": {
                        "issuer": github.url,
                        "jwks_uri": f"{github.url}/keys",
                    },
                    "/keys": KeySet(github.keys).as_dict(private=False),
                }
                found = pages.get(self.path) if github.published else None
                self.send_response(200 if found else 404)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key: RSAKey | None = None, **claims: Any) -> str:
        now = int(clock.now())
        said = {"iss": self.url, "aud": "sts.amazonaws.com", "sub": MAIN, "iat": now, "exp": now + 300}
        return jwt.encode({"alg": "RS256", "kid": "first"}, said | claims, key or self.keys[0])


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = GitHub()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def provider(client: Any, github: GitHub) -> str:
    found = client("iam").create_open_id_connect_provider(
        Url=github.url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["f" * 40]
    )
    return str(found["OpenIDConnectProviderArn"])


def trust(provider: str, **conditions: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }


@pytest.fixture
def role(client: Any, provider: str, github: GitHub) -> Callable[..., None]:
    """The role, which trusts as it is told, by default the workflows of the branch main."""
    only_main = {"StringEquals": {f"{github.name}:aud": "sts.amazonaws.com", f"{github.name}:sub": [MAIN]}}

    def trusting(*statements: dict[str, Any]) -> None:
        policy = {"Version": "2012-10-17", "Statement": list(statements or [trust(provider, **only_main)])}
        iam = client("iam")
        try:
            iam.create_role(RoleName="deployer", Path="/ci/", AssumeRolePolicyDocument=json.dumps(policy))
        except iam.exceptions.EntityAlreadyExistsException:
            iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=json.dumps(policy))

    trusting()
    return trusting


@pytest.fixture
def assume(endpoint: str, role: Any) -> Assume:
    """Without a signature, as a workflow calls."""
    sts = boto3.client(
        "sts", region_name="eu-west-1", endpoint_url=endpoint, config=Config(signature_version=UNSIGNED)
    )

    def call(token: str) -> Any:
        return sts.assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="run-1", WebIdentityToken=token
        )

    return call


def refused(code: str, saying: str = "") -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{saying}")


def test_a_workflow_gets_credentials_of_the_role(
    assume: Assume, github: GitHub, provider: str, client: Any
) -> None:
    answer = assume(github.token())
    given = answer["Credentials"]
    identity = client(
        "sts",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    ).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/run-1"
    assert answer["SubjectFromWebIdentityToken"] == MAIN
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == github.url


def test_a_workflow_of_anything_else_is_not_let_in(assume: Assume, github: GitHub) -> None:
    for subject in (PULL_REQUEST, f"{MAIN}-2", "repo:someone-else/notejam:ref:refs/heads/main", ""):
        with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"):
            assume(github.token(sub=subject))


def test_a_token_for_another_audience_is_invalid(assume: Assume, github: GitHub) -> None:
    with refused("InvalidIdentityToken", "Incorrect token audience"):
        assume(github.token(aud="https://github.com/notejam-developers"))


def test_a_token_that_its_issuer_did_not_sign_is_invalid(assume: Assume, github: GitHub) -> None:
    forger = RSAKey.generate_key(2048, {"kid": "first"})
    with refused("InvalidIdentityToken", "signature"):
        assume(github.token(forger))
    header, _, signature = github.token(sub=PULL_REQUEST).split(".")
    claims = github.token().split(".")[1]
    with refused("InvalidIdentityToken", "signature"):
        assume(f"{header}.{claims}.{signature}")


def test_a_token_without_a_signature_or_with_a_shared_secrets_is_invalid(
    assume: Assume, github: GitHub
) -> None:
    claims = github.token().split(".")[1]
    for header in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiIsImtpZCI6ImZpcnN0In0"):
        with refused("InvalidIdentityToken"):
            assume(f"{header}.{claims}.")


def test_a_token_expires(assume: Assume, github: GitHub, later: Any) -> None:
    token = github.token()
    assume(token)
    later(301)
    with refused("ExpiredTokenException", "must be before the expiration"):
        assume(token)


def test_a_token_is_not_valid_before_its_time(assume: Assume, github: GitHub, later: Any) -> None:
    token = github.token(nbf=int(clock.now()) + 60)
    with refused("InvalidIdentityToken", "not valid yet"):
        assume(token)
    later(61)
    assume(token)


def test_a_token_without_an_expiry_is_invalid(assume: Assume, github: GitHub) -> None:
    with refused("InvalidIdentityToken", "required claim: exp"):
        assume(github.token(exp=None))


@pytest.mark.parametrize("token", ["no token", "a.b.c.d", "e30.W10.c2ln"])
def test_what_is_no_token_is_invalid(assume: Assume, token: str) -> None:
    with refused("InvalidIdentityToken", "not a valid JWT"):
        assume(token)


def test_an_issuer_that_is_no_provider_of_the_account_is_not_known(
    assume: Assume, github: GitHub, provider: str, client: Any
) -> None:
    client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with refused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {github.url}"):
        assume(github.token())


def test_an_issuer_whose_keys_cannot_be_read_vouches_for_nobody(assume: Assume, github: GitHub) -> None:
    github.published = False
    with refused("InvalidIdentityToken", "Couldn't retrieve verification key"):
        assume(github.token())


def test_a_key_that_the_issuer_has_withdrawn_is_good_no_more(assume: Assume, github: GitHub) -> None:
    token = github.token()
    github.keys = [RSAKey.generate_key(2048, {"kid": "second"})]
    with refused("InvalidIdentityToken", "signature"):
        assume(token)


def test_the_trust_policys_conditions_are_all_asked(
    assume: Assume, github: GitHub, provider: str, role: Any
) -> None:
    role(trust(provider, StringLike={f"{github.name}:sub": "repo:notejam-developers/*"}))
    assume(github.token(sub=PULL_REQUEST))
    role(
        trust(
            provider,
            StringLike={f"{github.name}:sub": "repo:notejam-developers/*"},
            StringNotEquals={f"{github.name}:sub": PULL_REQUEST},
        )
    )
    assume(github.token())
    with refused("AccessDenied"):
        assume(github.token(sub=PULL_REQUEST))


def test_a_denial_of_the_trust_policy_wins(assume: Assume, github: GitHub, provider: str, role: Any) -> None:
    denial = trust(provider, StringEquals={f"{github.name}:sub": PULL_REQUEST}) | {"Effect": "Deny"}
    role(trust(provider), denial)
    assume(github.token())
    with refused("AccessDenied"):
        assume(github.token(sub=PULL_REQUEST))


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/other.example"}},
        {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        {"Action": "sts:AssumeRoleWithSAML"},
    ],
)
def test_a_role_that_trusts_others_is_not_assumed(
    assume: Assume, github: GitHub, provider: str, role: Any, change: dict[str, Any]
) -> None:
    role(trust(provider) | change)
    with refused("AccessDenied"):
        assume(github.token())


def test_a_role_that_does_not_exist_is_not_assumed(assume: Assume, github: GitHub, client: Any) -> None:
    client("iam").delete_role(RoleName="deployer")
    with refused("AccessDenied"):
        assume(github.token())
