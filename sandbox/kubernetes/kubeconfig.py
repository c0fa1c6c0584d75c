"""Kubeconfig files for the sandbox's own components: client certificates by path, no secret inside."""

from pathlib import Path

import yaml

from sandbox.kubernetes.pki import Pki
from sandbox.settings import write_private


def write_kubeconfig(path: Path, server: str, pki: Pki, client: str) -> Path:
    """Write to `path` the kubeconfig of the client certificate `client`; returns `path`."""
    user = {"client-certificate": str(pki.certificate(client)), "client-key": str(pki.key(client))}
    cluster = {"server": server, "certificate-authority": str(pki.certificate("ca"))}
    text = render("sandbox", cluster, client, user)
    if not path.exists() or path.read_text() != text:
        write_private(path, text)
    return path


def write_webhook_kubeconfig(path: Path, url: str) -> Path:
    """Write the configuration with which the API server calls the token authenticator at `url`.

    Its format: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication
    """
    text = render("authenticator", {"server": url}, "kube-apiserver", {})
    if not path.exists() or path.read_text() != text:
        write_private(path, text)
    return path


def render(cluster_name: str, cluster: dict[str, str], user_name: str, user: dict[str, str]) -> str:
    context = {"cluster": cluster_name, "user": user_name}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "users": [{"name": user_name, "user": user}],
        "contexts": [{"name": cluster_name, "context": context}],
        "current-context": cluster_name,
    }
    return yaml.safe_dump(document, sort_keys=False)
