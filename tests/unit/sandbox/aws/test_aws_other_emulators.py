"""Another emulator behind the gateway: it is asked in the name of the account, and its silence is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.http import Request
from sandbox.aws.other_emulators import Forwarding
from sandbox.aws.server import serve

ACCOUNT = "210987654321"
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIASOMEBODY/20261123/eu-west-1/sts/aws4_request, SignedHeaders=host"


class Emulator:
    """Remembers what it was asked; answers as it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status, self.content_type, self.body = "200 OK", "text/xml", b"<Answer/>"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.asked.append({**environ, "body": environ["wsgi.input"].read(length)})
        start_response(
            self.status, [("Content-Type", self.content_type), ("Content-Length", str(len(self.body)))]
        )
        return [self.body]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def forwarding(emulator: Emulator) -> Iterator[Forwarding]:
    server = serve(emulator, ("127.0.0.1", 0), threads=2)
    yield Forwarding(f"http://127.0.0.1:{server.bind_addr[1]}/")
    server.stop()


def test_a_request_goes_on_as_it_came_but_for_the_access_key(
    forwarding: Forwarding, emulator: Emulator
) -> None:
    request = Request("POST", "/a%2Fb", "x=1", {"authorization": SIGNED, "x-amz-date": "d"}, b"Action=GetIt")
    response = forwarding.send(request, ACCOUNT, "sts", "GetIt")
    [asked] = emulator.asked
    assert asked["HTTP_AUTHORIZATION"] == SIGNED.replace("AKIASOMEBODY", ACCOUNT)
    assert (asked["REQUEST_METHOD"], asked["REQUEST_URI"]) == ("POST", "/a%2Fb?x=1")
    assert (asked["body"], asked["HTTP_X_AMZ_DATE"]) == (b"Action=GetIt", "d")
    assert (response.status, response.body) == (200, b"<Answer/>")


def test_the_key_of_a_presigned_url_becomes_the_account(forwarding: Forwarding, emulator: Emulator) -> None:
    query = "X-Amz-Credential=AKIASOMEBODY%2F20261123%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=d"
    forwarding.send(Request("GET", "/bucket/key", query), ACCOUNT, "s3", "GetObject")
    assert emulator.asked[0]["QUERY_STRING"] == query.replace("AKIASOMEBODY", ACCOUNT)


def test_a_page_for_people_means_that_the_operation_is_unknown(
    forwarding: Forwarding, emulator: Emulator
) -> None:
    emulator.status, emulator.content_type = "404 Not Found", "text/html"
    with pytest.raises(NotImplementedByEmulator, match="amp:ListWorkspaces"):
        forwarding.send(Request("GET", "/workspaces"), ACCOUNT, "amp", "ListWorkspaces")


def test_an_emulator_that_does_not_answer_is_an_error_of_aws() -> None:
    with pytest.raises(AWSError, match="does not answer") as error:
        Forwarding("http://127.0.0.1:9").send(Request("GET", "/"), ACCOUNT, "sts", "GetCallerIdentity")
    assert (error.value.code, error.value.status) == ("ServiceUnavailable", 503)
