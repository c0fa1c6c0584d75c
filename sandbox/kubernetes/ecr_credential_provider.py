"""The kubelet's credential provider: `python -m sandbox.kubernetes.ecr_credential_provider`.

Reads a CredentialProviderRequest and answers with ECR's login, as the cloud provider's own program does:
https://github.com/kubernetes/cloud-provider-aws/tree/master/cmd/ecr-credential-provider
"""

import base64
import json
import sys
from typing import Any

import boto3

from sandbox.settings import Settings


def answer(request: dict[str, Any], token: str) -> dict[str, Any]:
    """The CredentialProviderResponse to `request`; `token` is ECR's authorizationToken."""
    username, password = base64.b64decode(token).decode().split(":", 1)
    registry = str(request["image"]).split("/", 1)[0]
    return {
        "apiVersion": request["apiVersion"],
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "auth": {registry: {"username": username, "password": password}},
    }


def main() -> None:
    settings = Settings.load()
    ecr = boto3.client(
        "ecr",
        endpoint_url=settings.aws_endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )
    [data] = ecr.get_authorization_token()["authorizationData"]
    json.dump(answer(json.load(sys.stdin), data["authorizationToken"]), sys.stdout)


if __name__ == "__main__":
    main()
