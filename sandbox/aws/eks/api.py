"""EKS put together: the handlers of all its operations, and the bridge behind them."""

from functools import partial
from typing import Any, Protocol

from sandbox.aws.calls import Call, Handler, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.eks.access_entries import AccessEntries
from sandbox.aws.eks.addons import Addons
from sandbox.aws.eks.auth import EKSAuth
from sandbox.aws.eks.authenticator import Authenticator
from sandbox.aws.eks.bridge import Bridge
from sandbox.aws.eks.clusters import Clusters
from sandbox.aws.eks.insights import Insights
from sandbox.aws.eks.nodegroups import Nodegroups
from sandbox.aws.eks.pod_identity import PodIdentityAssociations
from sandbox.aws.eks.records import CLUSTER, Records
from sandbox.aws.eks.service import Service
from sandbox.aws.eks.tags import Tags
from sandbox.aws.eks.updates import Updates
from sandbox.aws.eks.versions import Versions
from sandbox.aws.kubernetes_ports import Clusters as KubernetesClusters
from sandbox.aws.principals import Principals


class Part(Protocol):
    def handlers(self) -> Handlers: ...


class EKS:
    """`url` is the gateway's own: the API server asks it who a token is of."""

    def __init__(
        self,
        documents: Documents,
        times: CreationTimes,
        kubernetes: KubernetesClusters,
        kubernetes_version: str,
        own_account: str,
        clients: Clients,
        principals: Principals,
        url: str,
    ) -> None:
        records = Records(documents)
        service = Service(records, times)
        versions = Versions(kubernetes_version)
        self._records = records
        self._kubernetes = kubernetes
        self._parts: list[Part] = [
            Clusters(service, versions, own_account),
            Nodegroups(service),
            Addons(service),
            AccessEntries(service),
            PodIdentityAssociations(service),
            Updates(service),
            Insights(service),
            Tags(records),
            versions,
            EKSAuth(service, principals, kubernetes),
        ]
        self.authenticator = Authenticator(records, principals, clients)
        self.bridge = Bridge(
            records, kubernetes, clients, lambda cluster: f"{url}{self.authenticator.path(cluster)}", times
        )

    def handlers(self) -> Handlers:
        found: Handlers = {}
        for part in self._parts:
            found |= part.handlers()
        return {name: partial(self._whole, handler) for name, handler in found.items()}

    def signing_keys(self, issuer: str) -> dict[str, Any] | None:
        """The key set of the cluster that is the issuer; None when no cluster is.

        https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
        """
        for cluster in self._records.all(CLUSTER):
            if cluster.resource.get("identity", {}).get("oidc", {}).get("issuer") == issuer:
                kubernetes = self._kubernetes.of(cluster.state["place"], cluster.account, cluster.region)
                return kubernetes.control_plane.signing_keys()
        return None

    def _whole(self, handler: Handler, call: Call) -> Result:
        """A call is done whole or not at all, and apart from the bridge."""
        with self._records.transaction():
            return handler(call)
