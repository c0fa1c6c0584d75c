# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The token that `aws eks get-token` gives, made in this process: the command takes a second to start.

It is a presigned GetCallerIdentity request to STS, valid for 15 minutes:
https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
"""

from __future__ import annotations

import base64
import re
from typing import Any

try:
    import botocore.session
    from botocore.signers import RequestSigner
except ImportError:
    pass  # Modules that use AWS report the missing library.

# As `aws eks update-kubeconfig` writes it.
GET_TOKEN = re.compile(
    r"--region (?P<region>\S+) eks get-token --cluster-name (?P<cluster>\S+)( --output json)?"
)
PREFIX = "k8s-aws-v1."
URL_LIFETIME = 60  # seconds; the token itself is good for LIFETIME
LIFETIME = 15 * 60  # seconds


def token(cluster_name: str, region: str) -> str:
    """A token for the cluster, signed with the AWS credentials of the environment."""
    session = botocore.session.get_session()
    sts = session.create_client("sts", region_name=region)
    events = session.get_component("event_emitter")
    signer = RequestSigner(
        sts.meta.service_model.service_id, region, "sts", "v4", session.get_credentials(), events
    )
    request = {
        "method": "GET",
        "url": f"{sts.meta.endpoint_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster_name},
        "context": {},
    }
    url = signer.generate_presigned_url(
        request, region_name=region, expires_in=URL_LIFETIME, operation_name="GetCallerIdentity"
    )
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def with_tokens(kubeconfig: dict[str, Any]) -> dict[str, Any]:
    """The kubeconfig with a token for each user that signs in by `aws eks get-token` and nothing else.

    A user with a role, a profile or anything else of its own keeps the command.
    """
    users = [{**user, "user": _with_token(user["user"])} for user in kubeconfig.get("users", [])]
    return {**kubeconfig, "users": users}


def _with_token(user: dict[str, Any]) -> dict[str, Any]:
    command = user.get("exec") or {}
    found = GET_TOKEN.fullmatch(" ".join(command.get("args") or []))
    if command.get("command") != "aws" or command.get("env") or not found:
        return user
    return {"token": token(found["cluster"], found["region"])}
