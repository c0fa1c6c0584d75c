"""A stand-in for the EKS Pod Identity Agent: `python -m sandbox.kubernetes.pod_identity_agent <node>`.

On every node it exchanges a pod's service account token for the credentials of the pod's IAM role:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
"""

import json
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.kubernetes.node import Node, nodes
from sandbox.processes import Program
from sandbox.settings import CHECKOUT, Settings

NAME = "eks-pod-identity-agent"
ADDRESS = "169.254.170.23"  # where the AWS SDKs look for it
PORT = 80
HEALTH_PORT = 2703
# EKS's names, and those that the SDKs read (AWS SDKs reference, "Container credential provider").
FIELDS = {
    "accessKeyId": "AccessKeyId",
    "secretAccessKey": "SecretAccessKey",
    "sessionToken": "Token",
    "expiration": "Expiration",
}


def program(node: Node) -> Program:
    return Program(
        name=NAME,
        command=[sys.executable, "-m", "sandbox.kubernetes.pod_identity_agent", node.name],
        directory=CHECKOUT,
        priority=220,
    )


def cluster_name(settings: Settings) -> str:
    """The EKS cluster's name, which stands in the address of its authenticator."""
    path = settings.folder / "control-plane" / "authenticator.kubeconfig"
    server = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]["server"]
    return urlsplit(str(server)).path.split("/")[-2]


def credentials(settings: Settings, token: str) -> dict[str, str]:
    """Credentials for the pod with this token; raises botocore's ClientError when EKS gives none."""
    import boto3  # on a pod's first request only: an agent that nobody asks stays small

    client = boto3.client(
        "eks-auth",
        endpoint_url=settings.aws_endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )
    answer = client.assume_role_for_pod_identity(clusterName=cluster_name(settings), token=token)
    return {ours: str(answer["credentials"][theirs]) for theirs, ours in FIELDS.items()}


class Handler(BaseHTTPRequestHandler):
    """GET /v1/credentials with the token as the Authorization header, and GET /healthz."""

    settings: Settings

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(HTTPStatus.OK, {"status": "ok"})
        elif self.path == "/v1/credentials" and (token := self.headers.get("Authorization")):
            from botocore.exceptions import BotoCoreError, ClientError

            try:
                self.answer(HTTPStatus.OK, credentials(self.settings, token))
            except (BotoCoreError, ClientError) as error:
                self.answer(HTTPStatus.BAD_REQUEST, {"message": str(error)})
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"message": "GET /v1/credentials with a token"})

    def answer(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    [name] = sys.argv[1:]
    Handler.settings = Settings.load()
    node = next(node for node in nodes(Handler.settings) if node.name == name)
    subprocess.run(["ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo"], check=True)
    health = ThreadingHTTPServer((str(node.address), HEALTH_PORT), Handler)
    threading.Thread(target=health.serve_forever, daemon=True).start()
    ThreadingHTTPServer((ADDRESS, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
