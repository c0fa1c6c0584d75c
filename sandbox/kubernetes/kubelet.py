"""The node's kubelet, and its way to the registry's credentials."""

import shlex
import sys
from ipaddress import IPv4Network
from typing import Any

import yaml

from sandbox.kubernetes.containerd import SOCKET
from sandbox.kubernetes.kubeconfig import write_kubeconfig
from sandbox.kubernetes.node import Node
from sandbox.kubernetes.pki import Pki
from sandbox.processes import Program
from sandbox.settings import CHECKOUT, write_private

PROVIDER = "ecr-credential-provider"  # the name that EKS's nodes know theirs by
# Every threshold at zero: a full disk or little memory of this machine is not the node's to mend.
NO_EVICTION = dict.fromkeys(
    ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"
)


def write(node: Node, endpoint: str, service_network: IPv4Network) -> None:
    """Write the kubelet's certificate, kubeconfig and configuration into the node's folder."""
    pki = Pki(node.settings)
    certificate = pki.ensure_kubelet(node.name, node.address)
    write_kubeconfig(node.folder / "kubelet.kubeconfig", endpoint, pki, certificate)
    # Nothing answers beyond the sandbox: a resolver that refuses at once beats one that is silent.
    write_private(node.folder / "resolv.conf", f"nameserver {node.settings.address(1)}\n")
    document = configuration(node, pki, certificate, service_network)
    write_private(node.folder / "kubelet.yaml", yaml.safe_dump(document, sort_keys=False))
    write_credential_provider(node)


def configuration(node: Node, pki: Pki, certificate: str, service_network: IPv4Network) -> dict[str, Any]:
    """https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": str(node.address),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.certificate("ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.certificate(certificate)),
        "tlsPrivateKeyFile": str(pki.key(certificate)),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "clusterDNS": [str(service_network[10])],
        "clusterDomain": "cluster.local",
        "resolvConf": str(node.folder / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "enforceNodeAllocatable": [],
        "evictionHard": NO_EVICTION,
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,  # the preloaded images can be pulled from nowhere
        "oomScoreAdj": 0,
        "providerID": node.provider_id,
        "registerWithTaints": node.kubernetes_taints,
        "serializeImagePulls": False,
        "syncFrequency": "10s",
        "volumePluginDir": str(node.folder / "volume-plugins"),
    }


def remove_certificate(node: Node) -> None:
    Pki(node.settings).remove_kubelet(node.name)


def write_credential_provider(node: Node) -> None:
    """Have the kubelet ask ECR for a login to the registry, as it does on EKS's nodes.

    https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
    """
    folder = node.folder / "credential-provider"
    folder.mkdir(exist_ok=True)
    command = shlex.join([sys.executable, "-m", "sandbox.kubernetes.ecr_credential_provider"])
    script = folder / PROVIDER
    script.write_text(f"#!/bin/sh\nexec {command}\n")
    script.chmod(0o755)
    provider = {
        "name": PROVIDER,
        "matchImages": [node.settings.registry],
        "defaultCacheDuration": "10m",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "env": [
            {"name": "NOTEJAM_SANDBOX", "value": str(node.settings.folder)},
            {"name": "PYTHONPATH", "value": str(CHECKOUT)},
        ],
    }
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    (node.folder / "credential-provider.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def program(node: Node) -> Program:
    flags = {
        "config": str(node.folder / "kubelet.yaml"),
        "kubeconfig": str(node.folder / "kubelet.kubeconfig"),
        "hostname-override": node.name,
        "node-ip": str(node.address),
        "node-labels": ",".join(f"{key}={value}" for key, value in sorted(node.all_labels.items())),
        "image-credential-provider-config": str(node.folder / "credential-provider.yaml"),
        "image-credential-provider-bin-dir": str(node.folder / "credential-provider"),
    }
    kubelet = [str(node.settings.tools / "kubelet"), *(f"--{flag}={value}" for flag, value in flags.items())]
    return Program(
        name="kubelet",
        command=[sys.executable, "-m", "sandbox.kubernetes.preload", *kubelet],
        directory=CHECKOUT,
        environment={"GOMEMLIMIT": "120MiB", "GOGC": "50"},
        priority=200,
    )
