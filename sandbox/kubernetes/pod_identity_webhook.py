"""A stand-in for EKS's Pod Identity webhook: `python -m sandbox.kubernetes.pod_identity_webhook`.

Tells the pods whose service account has a Pod Identity association where their credentials are:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
"""

import base64
import json
import logging
import ssl
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.kubernetes.pki import Pki
from sandbox.kubernetes.pod_identity_agent import ADDRESS, cluster_name
from sandbox.processes import Program
from sandbox.settings import CHECKOUT, Settings

log = logging.getLogger(__name__)

NAME = "pod-identity-webhook"
PORT = 9443
AUDIENCE = "pods.eks.amazonaws.com"
TOKEN, TOKEN_FOLDER = "eks-pod-identity-token", f"/var/run/secrets/{AUDIENCE}/serviceaccount"
TOKEN_SECONDS = 86400
Item = dict[str, Any]
VOLUME = {
    "name": TOKEN,
    "projected": {
        "sources": [
            {
                "serviceAccountToken": {
                    "audience": AUDIENCE,
                    "expirationSeconds": TOKEN_SECONDS,
                    "path": TOKEN,
                }
            }
        ]
    },
}


def program() -> Program:
    command = [sys.executable, "-m", "sandbox.kubernetes.pod_identity_webhook"]
    return Program(NAME, command, directory=CHECKOUT, priority=320)


def configuration(settings: Settings) -> dict[str, Any]:
    """The MutatingWebhookConfiguration; pods start unchanged while the webhook is away."""
    authority = base64.b64encode(Pki(settings).certificate("ca").read_bytes()).decode()
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    webhook = {
        "name": "pod-identity-webhook.amazonaws.com",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": f"https://{settings.address(1)}:{PORT}/mutate", "caBundle": authority},
        "failurePolicy": "Ignore",
        "reinvocationPolicy": "IfNeeded",
        "rules": [rule],
        "sideEffects": "None",
        "timeoutSeconds": 5,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [webhook],
    }


def environment(region: str) -> dict[str, str]:
    """What EKS sets in every container of such a pod."""
    return {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{ADDRESS}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{TOKEN_FOLDER}/{TOKEN}",
    }


def patch(pod: dict[str, Any], region: str) -> list[dict[str, Any]]:
    """The JSON patch (RFC 6902) that gives the pod its token and variables; those it has itself stay."""
    spec = pod["spec"]
    operations = appended(spec, "/spec", "volumes", [VOLUME])
    mount = {"name": TOKEN, "mountPath": TOKEN_FOLDER, "readOnly": True}
    for kind in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(kind) or []):
            path = f"/spec/{kind}/{number}"
            own = {variable["name"] for variable in container.get("env") or []}
            variables = [
                {"name": name, "value": value}
                for name, value in environment(region).items()
                if name not in own
            ]
            operations += appended(container, path, "env", variables)
            operations += appended(container, path, "volumeMounts", [mount])
    return operations


def appended(
    parent: dict[str, Any], path: str, key: str, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Operations that append what is not there by name to the list `key`, which may be missing."""
    there = {item["name"] for item in parent.get(key) or []}
    wanted = [item for item in items if item["name"] not in there]
    if not parent.get(key):
        return [{"op": "add", "path": f"{path}/{key}", "value": wanted}]
    return [{"op": "add", "path": f"{path}/{key}/-", "value": item} for item in wanted]


class Webhook:
    """Answers admission reviews of pods.

    https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.eks = boto3.client(
            "eks",
            endpoint_url=settings.aws_endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
        )

    def review(self, request: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        account = request["object"]["spec"].get("serviceAccountName") or "default"
        if self._is_associated(request["namespace"], account):
            operations = patch(request["object"], self.settings.region)
            response["patchType"] = "JSONPatch"
            response["patch"] = base64.b64encode(json.dumps(operations).encode()).decode()
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}

    def _is_associated(self, namespace: str, account: str) -> bool:
        try:
            found = self.eks.list_pod_identity_associations(
                clusterName=cluster_name(self.settings), namespace=namespace, serviceAccount=account
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("%s/%s goes without credentials: %s", namespace, account, error)
            return False
        return bool(found["associations"])


class Handler(BaseHTTPRequestHandler):
    """POST /mutate with an AdmissionReview."""

    webhook: Webhook

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.webhook.review(review["request"])).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings.load()
    Handler.webhook = Webhook(settings)
    pki = Pki(settings)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki.certificate(NAME), pki.key(NAME))
    server = ThreadingHTTPServer((settings.address(1), PORT), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
