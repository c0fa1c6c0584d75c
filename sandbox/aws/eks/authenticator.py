"""The webhook that tells the API server whose an EKS token is: TokenReview, authentication.k8s.io/v1.

A token is a presigned URL of sts:GetCallerIdentity, as `aws eks get-token` makes it; the access entries of
the cluster say which Kubernetes user its principal is.
Sources: https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html,
https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
"""

import base64
import binascii
import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.clients import Clients
from sandbox.aws.eks.access_policies import ARN, group
from sandbox.aws.eks.records import ACCESS_ENTRY, CLUSTER, Record, Records
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request, Response
from sandbox.aws.principals import Principal, Principals, session_token
from sandbox.aws.signature import Signature

log = logging.getLogger(__name__)

TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 - no secret, but how every token begins
CLUSTER_HEADER = "x-k8s-aws-id"
PATH = re.compile(r"/_sandbox/eks/(\d{12})/([^/]+)/([^/]+)/authenticate")
LONGEST_LIFETIME = 60  # seconds that the URL may say it is good for
TOKEN_SECONDS = 900  # seconds that the token is good for, whatever the URL says


class Authenticator:
    def __init__(self, records: Records, principals: Principals, clients: Clients) -> None:
        self._records = records
        self._principals = principals
        self._clients = clients

    @staticmethod
    def path(cluster: Record) -> str:
        return f"/_sandbox/eks/{cluster.account}/{cluster.region}/{cluster.cluster}/authenticate"

    def serve(self, request: Request) -> Response:
        """Answer a TokenReview; a token that does not hold is answered, not refused."""
        match = PATH.fullmatch(request.path)
        if match is None:
            return Response(404)
        review = json.loads(request.body)
        try:
            user = self.review(match[1], match[2], match[3], review["spec"]["token"])
            status: dict[str, Any] = {"authenticated": True, "user": user}
        except AWSError as error:
            log.info("A token for cluster %s was refused: %s", match[3], error.message)
            status = {"authenticated": False, "error": error.message}
        answer = {"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def review(self, account: str, region: str, cluster_name: str, token: str) -> dict[str, Any]:
        """The Kubernetes user of the token. Raises AWSError saying why there is none."""
        cluster = self._records.get(CLUSTER, account, region, cluster_name)
        if cluster is None:
            raise refused(f"there is no cluster {cluster_name}")
        principal = self._signer(cluster_name, token)
        arn = self._entry_arn(principal)
        entry = self._records.get(ACCESS_ENTRY, cluster.account, cluster.region, cluster.cluster, arn)
        if entry is None:
            raise refused(f"{arn} has no access entry in cluster {cluster_name}")
        session = principal.arn.rsplit("/", 1)[-1]
        return {
            "username": username(entry, session),
            "uid": f"aws-iam-authenticator:{principal.account}:{principal.user_id.split(':')[0]}",
            "groups": groups(entry),
            "extra": {
                "arn": [principal.arn],
                "canonicalArn": [arn],
                "accessKeyId": [principal.access_key_id],
                "principalId": [principal.user_id.split(":")[0]],
                "sessionName": [session],
            },
        }

    def _signer(self, cluster: str, token: str) -> Principal:
        """The principal that signed the URL in the token, checked in every part."""
        request = request_of(token)
        parameters = request.parameters
        signature = Signature.of(request)
        if signature is None or signature.service != "sts" or not signature.presigned:
            raise refused("the token is no presigned URL of STS")
        if parameters.get("Action") != "GetCallerIdentity" or request.path not in ("", "/"):
            raise refused("the token's URL asks for something else than GetCallerIdentity")
        if not 0 < signature.lifetime <= LONGEST_LIFETIME:
            raise refused(f"the token's X-Amz-Expires is over {LONGEST_LIFETIME}")
        if CLUSTER_HEADER not in signature.signed_headers:
            raise refused(f"the token does not sign {CLUSTER_HEADER}")
        age = clock.now() - signature.signed_at.timestamp()
        if not -TOKEN_SECONDS <= age <= TOKEN_SECONDS:
            raise refused("the token is expired")
        principal = self._principals.get(signature.access_key_id)
        if principal is None or not principal.active or session_token(request) != principal.session_token:
            raise refused("the token's access key is unknown")
        if principal.expires is not None and principal.expires < clock.now():
            raise refused("the token's session is expired")
        signed = Request(
            "GET", request.path or "/", request.query, {**request.headers, CLUSTER_HEADER: cluster}
        )
        if not signature.matches(signed, principal.secret_access_key):
            raise refused(f"the token's signature does not hold for cluster {cluster}")
        return principal

    def _entry_arn(self, principal: Principal) -> str:
        """The ARN that an access entry would name: of the user, or of the role behind the session, with its
        path.
        """
        if ":assumed-role/" not in principal.arn:
            return principal.arn
        role = principal.arn.split("/")[1]
        iam = self._clients.get("iam", principal.account, "us-east-1")
        try:
            return str(iam.get_role(RoleName=role)["Role"]["Arn"])
        except ClientError:
            raise refused(f"the role {role} does not exist any more") from None


def refused(reason: str) -> AWSError:
    return AWSError("Unauthorized", reason, 401)


def request_of(token: str) -> Request:
    """The request that a token holds. Raises AWSError for a token of another form."""
    if not token.startswith(TOKEN_PREFIX):
        raise refused(f"the token does not start with {TOKEN_PREFIX}")
    encoded = token.removeprefix(TOKEN_PREFIX)
    try:
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise refused("the token is not base64") from None
    address = urlsplit(url)
    return Request("GET", address.path, address.query, {"host": address.netloc})


def username(entry: Record, session: str) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html: placeholders of a
    username.
    """
    name = str(entry.resource["username"])
    return (
        name.replace("{{SessionName}}", session.replace("@", "-"))
        .replace("{{SessionNameRaw}}", session)
        .replace("{{EC2PrivateDNSName}}", session)
        .replace("{{AccountID}}", entry.account)
    )


def groups(entry: Record) -> list[str]:
    """The entry's own groups, and the groups that stand for its access policies."""
    found = list(entry.resource["kubernetesGroups"])
    for policy_arn, policy in entry.state["policies"].items():
        name = policy_arn.removeprefix(ARN)
        namespaces = policy["accessScope"]["namespaces"]
        found += [group(name, namespace) for namespace in namespaces] or [group(name)]
    return found
