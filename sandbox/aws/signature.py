"""Signature Version 4 of incoming requests, in the Authorization header or in the query string.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import datetime
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

from sandbox.aws.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Signature:
    """What a request's signature says of itself; nothing of it is checked yet."""

    access_key_id: str
    region: str
    service: str  # the signing name, e.g. "elasticloadbalancing"
    signed_headers: tuple[str, ...]
    value: str
    timestamp: str
    presigned: bool
    lifetime: int = 900  # seconds; X-Amz-Expires of a presigned URL

    @property
    def signed_at(self) -> datetime.datetime:
        return datetime.datetime.strptime(self.timestamp, TIMESTAMP).replace(tzinfo=datetime.UTC)

    @classmethod
    def of(cls, request: Request) -> "Signature | None":
        """The request's signature; None when it carries none, or none that can be read."""
        try:
            if request.headers.get("authorization", "").startswith(ALGORITHM):
                return cls._from_header(request)
            if "X-Amz-Credential" in (parameters := request.parameters):
                return cls._from_query(parameters)
        except (KeyError, ValueError):
            return None
        return None

    @classmethod
    def _from_header(cls, request: Request) -> "Signature":
        fields = request.headers["authorization"].removeprefix(ALGORITHM)
        parts = dict(part.strip().split("=", 1) for part in fields.split(","))
        access_key_id, _day, region, service, _ = parts["Credential"].rsplit("/", 4)
        names = tuple(parts["SignedHeaders"].split(";"))
        return cls(
            access_key_id,
            region,
            service,
            names,
            parts["Signature"],
            request.headers["x-amz-date"],
            presigned=False,
        )

    @classmethod
    def _from_query(cls, parameters: dict[str, str]) -> "Signature":
        access_key_id, _day, region, service, _ = parameters["X-Amz-Credential"].rsplit("/", 4)
        return cls(
            access_key_id,
            region,
            service,
            tuple(parameters["X-Amz-SignedHeaders"].split(";")),
            parameters["X-Amz-Signature"],
            parameters["X-Amz-Date"],
            presigned=True,
            lifetime=int(parameters["X-Amz-Expires"]),
        )

    def matches(self, request: Request, secret_access_key: str) -> bool:
        """Whether the holder of the secret key signed this very request."""
        return hmac.compare_digest(self.value, self._expected(request, secret_access_key))

    def _expected(self, request: Request, secret_access_key: str) -> str:
        signer = SigV4Auth(Credentials(self.access_key_id, secret_access_key), self.service, self.region)
        signed = AWSRequest(
            headers={n: request.headers[n] for n in self.signed_headers if n in request.headers}
        )
        signed.context["timestamp"] = self.timestamp
        canonical = "\n".join(
            [
                request.method,
                self._canonical_path(request),
                self._canonical_query(request),
                *(
                    f"{name}:{' '.join(request.headers.get(name, '').split())}"
                    for name in self.signed_headers
                ),
                "",
                ";".join(self.signed_headers),
                self._body_hash(request),
            ]
        )
        return str(signer.signature(signer.string_to_sign(signed, canonical), signed))

    def _canonical_path(self, request: Request) -> str:
        # S3 signs the path as it is sent; every other service encodes it once more.
        return request.path if self.service == "s3" else quote(normalize_url_path(request.path), safe="/~")

    @staticmethod
    def _canonical_query(request: Request) -> str:
        pairs = parse_qsl(request.query, keep_blank_values=True)
        encoded = sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
            for name, value in pairs
            if name != "X-Amz-Signature"
        )
        return "&".join(f"{name}={value}" for name, value in encoded)

    def _body_hash(self, request: Request) -> str:
        if declared := request.headers.get("x-amz-content-sha256"):
            return declared
        if self.presigned and self.service == "s3":
            return "UNSIGNED-PAYLOAD"
        return hashlib.sha256(request.body).hexdigest()
