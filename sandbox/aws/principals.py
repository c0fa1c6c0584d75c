"""Who calls: access keys that this AWS has given out, and the principals behind them."""

import datetime
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.aws import clock
from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request
from sandbox.aws.signature import Signature

KIND = "access-key"
ANONYMOUS_USER = "anonymous"
LONGEST_SKEW = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class Principal:
    """An IAM user or role session, with the access key it uses."""

    account: str
    arn: str
    user_id: str
    access_key_id: str
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    expires: float | None = None  # seconds since the epoch; None for a user's lasting key
    active: bool = True
    function: str = ""  # ARN of the Lambda function that the session is of


def anonymous(account: str) -> Principal:
    """Who calls without a signature, as AssumeRoleWithWebIdentity is called."""
    return Principal(account, f"arn:aws:iam::{account}:{ANONYMOUS_USER}", ANONYMOUS_USER, "")


class Principals:
    """The access keys of every account, kept over restarts."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def add(self, principal: Principal) -> None:
        self._documents.put(KIND, principal.access_key_id, asdict(principal))

    def get(self, access_key_id: str) -> Principal | None:
        document = self._documents.get(KIND, access_key_id)
        return Principal(**document) if document else None

    def remove(self, access_key_id: str) -> None:
        self._documents.delete(KIND, access_key_id)

    def authenticate(self, request: Request, signature: Signature, protocol: str) -> Principal:
        """The principal that signed the request.

        Raises AWSError for a key that does not exist, is inactive or has expired, and for a wrong signature.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
        """
        principal = self.get(signature.access_key_id)
        if principal is None or not principal.active:
            raise unknown_key(signature.service, protocol)
        if principal.session_token and session_token(request) != principal.session_token:
            raise unknown_key(signature.service, protocol)
        now = clock.now()
        if principal.expires is not None and principal.expires < now:
            raise AWSError(
                "ExpiredToken" if protocol in ("query", "ec2", "rest-xml") else "ExpiredTokenException",
                "The security token included in the request is expired",
                403,
            )
        age = now - signature.signed_at.timestamp()
        allowed = signature.lifetime if signature.presigned else LONGEST_SKEW.total_seconds()
        if age > allowed or age < -LONGEST_SKEW.total_seconds():
            raise wrong_signature(signature.service, protocol, f"Signature expired: {signature.timestamp}")
        if not signature.matches(request, principal.secret_access_key):
            raise wrong_signature(
                signature.service,
                protocol,
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )
        return principal


def session_token(request: Request) -> str:
    return request.headers.get("x-amz-security-token") or request.parameters.get("X-Amz-Security-Token", "")


def unknown_key(service: str, protocol: str) -> AWSError:
    """As AWS refuses a key it does not know.

    https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and its like for the other services.
    """
    message = "The security token included in the request is invalid."
    if service == "s3":
        return AWSError(
            "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
        )
    if protocol == "ec2":
        return AWSError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if protocol == "query":
        return AWSError("InvalidClientTokenId", message, 403)
    return AWSError("UnrecognizedClientException", message, 403 if protocol.startswith("rest") else 400)


def wrong_signature(service: str, protocol: str, message: str) -> AWSError:
    if protocol == "ec2":
        return AWSError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if protocol == "query" or service == "s3":
        return AWSError("SignatureDoesNotMatch", message, 403)
    return AWSError("InvalidSignatureException", message, 403 if protocol.startswith("rest") else 400)


def from_credentials(account: str, arn: str, user_id: str, credentials: dict[str, Any]) -> Principal:
    """A principal with temporary credentials as STS answers them."""
    return Principal(
        account=account,
        arn=arn,
        user_id=user_id,
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=credentials["SecretAccessKey"],
        session_token=credentials["SessionToken"],
        expires=credentials["Expiration"].timestamp(),
    )
