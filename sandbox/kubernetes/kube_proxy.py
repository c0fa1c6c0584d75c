"""kube-proxy: gives Services their addresses inside a node, as a program of the node's supervisord."""

import yaml

from sandbox.kubernetes.kubeconfig import write_kubeconfig
from sandbox.kubernetes.node import Node
from sandbox.kubernetes.pki import Pki
from sandbox.processes import Program
from sandbox.settings import write_private

NAME = "kube-proxy"
HEALTH_PORT = 10256


def write(node: Node, endpoint: str) -> None:
    """https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/"""
    kubeconfig = write_kubeconfig(node.folder / "kube-proxy.kubeconfig", endpoint, Pki(node.settings), NAME)
    document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": node.name,
        "mode": "iptables",
        # The kernel's connection table is the whole machine's: zeros leave its sizes alone.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "healthzBindAddress": f"{node.address}:{HEALTH_PORT}",
        "metricsBindAddress": "127.0.0.1:10249",
    }
    write_private(node.folder / "kube-proxy.yaml", yaml.safe_dump(document, sort_keys=False))


def program(node: Node) -> Program:
    return Program(
        name=NAME,
        command=[str(node.settings.tools / NAME), f"--config={node.folder / 'kube-proxy.yaml'}"],
        environment={"GOMEMLIMIT": "60MiB"},
        priority=210,
    )
