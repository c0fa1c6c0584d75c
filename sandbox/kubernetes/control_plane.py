"""The cluster's control plane: etcd, API server, controller manager and scheduler as processes.

EKS runs them out of sight; what it documents of their settings is used here.
"""

import hashlib
import http.client
import json
import shutil
import ssl
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import load_balancer, pod_identity_webhook
from sandbox.kubernetes.kubeconfig import write_kubeconfig, write_webhook_kubeconfig
from sandbox.kubernetes.pki import Pki
from sandbox.processes import Processes, Program
from sandbox.settings import Settings, write_private

# In the order they start; they stop in the other one: an API server whose etcd is gone needs a minute to end.
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html: EKS speaks of minor versions.
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
# What else is the cluster's own and runs on the host; it goes first.
BESIDE = (pod_identity_webhook.NAME, load_balancer.CONTROLLER, load_balancer.PROXY)
READY_TIMEOUT = 2  # seconds for one answer of /readyz

# What EKS's audit policy leaves out: the endless reading by the cluster's own components.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"]},
        {"level": "None", "resources": [{"group": "coordination.k8s.io"}, {"group": "events.k8s.io"}]},
        {"level": "None", "verbs": ["get", "list", "watch"], "userGroups": ["system:nodes"]},
        {"level": "None", "verbs": ["get", "list", "watch"], "users": ["system:*"]},
        {"level": "Metadata"},
    ],
}


class ControlPlane:
    """One cluster's control plane; every method may be called again at any time."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self.settings = settings
        self.processes = processes
        self.pki = Pki(settings)
        self.folder = settings.folder / "control-plane"

    @property
    def endpoint(self) -> str:
        return f"https://{self.settings.address(1)}:6443"

    @property
    def service_network(self) -> IPv4Network:
        """The network that Services get their addresses of; EKS's default before `create`."""
        try:
            return IPv4Network((self.folder / "service-cidr").read_text())
        except FileNotFoundError:
            return IPv4Network(DEFAULT_SERVICE_CIDR)

    @property
    def certificate_authority(self) -> bytes:
        """The authority's certificate, PEM; FileNotFoundError before `create`."""
        return self.pki.certificate("ca").read_bytes()

    @property
    def oidc_issuer(self) -> str:
        """Issuer of the cluster's service account tokens, in EKS's form, the same for the same sandbox.

        https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
        """
        digest = hashlib.sha256(f"{self.settings.account_id}/{self.settings.name}".encode()).hexdigest()
        return f"https://oidc.eks.{self.settings.region}.amazonaws.com/id/{digest[:32].upper()}"

    def create(self, version: str, authenticator_url: str, service_cidr: str | None = None) -> None:
        """Start the control plane, or go on starting it; SandboxError for a version newer than it is here.

        The programs of a cluster of an older version are the sandbox's own too. Returns without effect while
        they are still being built: call it again until `ready()`.
        """
        own = self.settings.kubernetes_version
        if numbers(version) > numbers(own):
            raise SandboxError(
                f"The sandbox has Kubernetes {own}, a cluster of version {version} was asked for: set the"
                f" cluster's version to {'.'.join(own.split('.')[:2])}, or build that one (sandbox/tools)."
            )
        if not all((self.settings.tools / program).exists() for program in PROGRAMS):
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        network = IPv4Network(service_cidr or DEFAULT_SERVICE_CIDR)
        (self.folder / "service-cidr").write_text(str(network))
        self.pki.ensure_control_plane(network)
        write_webhook_kubeconfig(self.folder / "authenticator.kubeconfig", authenticator_url)
        write_private(self.folder / "audit-policy.yaml", yaml.safe_dump(AUDIT_POLICY))
        for client in ("admin", "controller-manager", "scheduler"):
            write_kubeconfig(self.pki.folder / f"{client}.kubeconfig", self.endpoint, self.pki, client)
        for program in (
            self._etcd(),
            self._api_server(network),
            self._controllers(network),
            self._scheduler(),
            *load_balancer.programs(self.settings),
        ):
            self.processes.ensure(program)

    def ready(self) -> bool:
        """Whether the API server says that it is (https://kubernetes.io/docs/reference/using-api/health-checks/)."""
        if not self.pki.certificate("admin").exists():
            return False
        try:
            status, _ = self._get("/readyz")
        except (OSError, http.client.HTTPException):
            return False
        return status == http.HTTPStatus.OK

    def signing_keys(self) -> dict[str, Any]:
        """The keys of service account tokens as the API server publishes them, a JSON Web Key Set.

        Raises SandboxError while it does not answer.
        https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
        """
        try:
            status, body = self._get("/openid/v1/jwks")
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(f"The cluster's API server does not tell its keys: {error}.") from error
        if status != http.HTTPStatus.OK:
            raise SandboxError(f"The cluster's API server answers {status} when it is asked for its keys.")
        return dict(json.loads(body))

    def _get(self, path: str) -> tuple[int, bytes]:
        """Status and body of what the API server answers the administrator."""
        host = urlsplit(self.endpoint)
        context = ssl.create_default_context(cafile=str(self.pki.certificate("ca")))
        context.load_cert_chain(self.pki.certificate("admin"), self.pki.key("admin"))
        connection = http.client.HTTPSConnection(
            str(host.hostname), host.port, context=context, timeout=READY_TIMEOUT
        )
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def delete(self) -> None:
        """Stop it and forget all that it knew, certificates included: the next cluster is another one."""
        for program in (*BESIDE, *reversed(PROGRAMS)):
            self.processes.remove(program)
        self.pki.remove_cluster()
        for name in ("etcd", "control-plane", "load-balancer", "addons"):
            shutil.rmtree(self.settings.folder / name, ignore_errors=True)

    def _program(self, name: str, priority: int, memory: str, flags: dict[str, str]) -> Program:
        command = [str(self.settings.tools / name), *(f"--{flag}={value}" for flag, value in flags.items())]
        # A small heap and an early collection: memory is scarcer here than the processors' time.
        limits = {"GOMEMLIMIT": memory, "GOGC": "50"}
        return Program(name=name, command=command, environment=limits, stop_wait=20, priority=priority)

    def _etcd(self) -> Program:
        address, pki = self.settings.address(1), self.pki
        client, peer = f"https://{address}:2379", f"https://{address}:2380"
        certificate, key = str(pki.certificate("etcd")), str(pki.key("etcd"))
        authority = str(pki.certificate("ca"))
        flags = {
            "name": self.settings.name,
            "data-dir": str(self.settings.folder / "etcd"),
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"{self.settings.name}={peer}",
            "cert-file": certificate,
            "key-file": key,
            "client-cert-auth": "true",
            "trusted-ca-file": authority,
            "peer-cert-file": certificate,
            "peer-key-file": key,
            "peer-client-cert-auth": "true",
            "peer-trusted-ca-file": authority,
            "unsafe-no-fsync": "true",  # what it holds is thrown away with the sandbox
            "log-level": "warn",
        }
        return self._program("etcd", 200, "128MiB", flags)

    def _api_server(self, service_network: IPv4Network) -> Program:
        address, pki = self.settings.address(1), self.pki
        authority = str(pki.certificate("ca"))
        flags = {
            "bind-address": address,
            "advertise-address": address,
            "secure-port": "6443",
            "allow-privileged": "true",
            "etcd-servers": f"https://{address}:2379",
            "etcd-cafile": authority,
            "etcd-certfile": str(pki.certificate("etcd")),
            "etcd-keyfile": str(pki.key("etcd")),
            "tls-cert-file": str(pki.certificate("apiserver")),
            "tls-private-key-file": str(pki.key("apiserver")),
            "client-ca-file": authority,
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "authentication-token-webhook-config-file": str(self.folder / "authenticator.kubeconfig"),
            "authentication-token-webhook-version": "v1",
            "authentication-token-webhook-cache-ttl": "10s",
            "service-cluster-ip-range": str(service_network),
            "service-account-issuer": self.oidc_issuer,
            "service-account-jwks-uri": f"{self.oidc_issuer}/keys",
            "service-account-key-file": str(pki.key("service-account")),
            "service-account-signing-key-file": str(pki.key("service-account")),
            "api-audiences": "https://kubernetes.default.svc",
            "kubelet-certificate-authority": authority,
            "kubelet-client-certificate": str(pki.certificate("apiserver-kubelet-client")),
            "kubelet-client-key": str(pki.key("apiserver-kubelet-client")),
            "kubelet-preferred-address-types": "InternalIP,Hostname",
            "requestheader-client-ca-file": str(pki.certificate("front-proxy-ca")),
            "requestheader-allowed-names": "front-proxy-client",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": str(pki.certificate("front-proxy-client")),
            "proxy-client-key-file": str(pki.key("front-proxy-client")),
            "enable-aggregator-routing": "true",  # service addresses exist only inside the nodes
            "audit-policy-file": str(self.folder / "audit-policy.yaml"),
            "audit-log-path": str(self.settings.logs / "kube-apiserver-audit.log"),
            "audit-log-maxsize": "20",
            "audit-log-maxbackup": "1",
            "profiling": "false",
        }
        if self.settings.tier == "virtual":
            # Kubernetes refuses loopback addresses as the endpoints of a service.
            flags["endpoint-reconciler-type"] = "none"
        return self._program("kube-apiserver", 210, "400MiB", flags)

    def _controllers(self, service_network: IPv4Network) -> Program:
        pki, kubeconfig = self.pki, str(self.pki.folder / "controller-manager.kubeconfig")
        flags = {
            "bind-address": self.settings.address(1),
            "secure-port": "10257",
            "kubeconfig": kubeconfig,
            "authentication-kubeconfig": kubeconfig,
            "authorization-kubeconfig": kubeconfig,
            "leader-elect": "false",
            "use-service-account-credentials": "true",
            "root-ca-file": str(pki.certificate("ca")),
            "service-account-private-key-file": str(pki.key("service-account")),
            "cluster-signing-cert-file": str(pki.certificate("ca")),
            "cluster-signing-key-file": str(pki.key("ca")),
            "requestheader-client-ca-file": str(pki.certificate("front-proxy-ca")),
            "service-cluster-ip-range": str(service_network),
            # As on EKS the CNI plugin gives pods their addresses, so a node has no podCIDR.
            "allocate-node-cidrs": "false",
            "profiling": "false",
        }
        return self._program("kube-controller-manager", 220, "150MiB", flags)

    def _scheduler(self) -> Program:
        kubeconfig = str(self.pki.folder / "scheduler.kubeconfig")
        flags = {
            "bind-address": self.settings.address(1),
            "secure-port": "10259",
            "kubeconfig": kubeconfig,
            "authentication-kubeconfig": kubeconfig,
            "authorization-kubeconfig": kubeconfig,
            "leader-elect": "false",
            "profiling": "false",
        }
        return self._program("kube-scheduler", 220, "100MiB", flags)


def numbers(version: str) -> list[int]:
    """[1, 35] of "1.35.4" and of "1.35": what EKS speaks of as a version."""
    return [int(part) for part in version.split(".")[:2]]
