"""What the EKS of this AWS needs of Kubernetes: one of its own behind each cluster, or none at all."""

from dataclasses import dataclass
from typing import Any, Protocol


class ControlPlane(Protocol):
    """The control plane of one cluster."""

    @property
    def endpoint(self) -> str: ...
    @property
    def certificate_authority(self) -> bytes: ...  # PEM
    @property
    def oidc_issuer(self) -> str: ...

    def create(self, version: str, authenticator_url: str, service_cidr: str) -> None: ...
    def ready(self) -> bool: ...
    def signing_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set that service account tokens are signed with."""
        ...

    def delete(self) -> None: ...


class Nodes(Protocol):
    def create(
        self,
        name: str,
        labels: dict[str, str],
        taints: list[dict[str, Any]],
        zone: str,
        instance_type: str,
        instance: str,
    ) -> None: ...
    def ready(self, name: str) -> bool: ...
    def cordon(self, name: str, unschedulable: bool) -> None: ...
    def drain(self, name: str) -> list[str]:
        """Ask the node's pods to go, as far as their disruption budgets let them; those still there."""
        ...

    def delete(self, name: str) -> None: ...
    def names(self) -> list[str]: ...


class Addons(Protocol):
    def install(self, name: str, version: str, configuration: str | None) -> None: ...
    def healthy(self, name: str) -> bool: ...
    def remove(self, name: str) -> None: ...


class AccessPolicies(Protocol):
    def bind(self, policy_name: str, namespaces: list[str] | None) -> None: ...


class ServiceAccounts(Protocol):
    def review(self, token: str, audience: str) -> tuple[str, str] | None:
        """Namespace and name of the token's service account; None when the token does not hold."""
        ...


@dataclass(frozen=True)
class Kubernetes:
    """All of them together."""

    control_plane: ControlPlane
    nodes: Nodes
    addons: Addons
    access_policies: AccessPolicies
    service_accounts: ServiceAccounts


class Clusters(Protocol):
    """The Kubernetes behind each cluster. `place` is "" for the sandbox's own, else "k1", "k2"..."""

    def of(self, place: str, account: str, region: str) -> Kubernetes: ...
    def remove(self, place: str) -> None:
        """Forget a further cluster, whose control plane is deleted."""
        ...


class NoClusters:
    """EKS's API alone, for every cluster."""

    def __init__(self) -> None:
        self._made: dict[str, Kubernetes] = {}

    def of(self, place: str, account: str, region: str) -> Kubernetes:
        nothing = NoKubernetes()
        return self._made.setdefault(place, Kubernetes(nothing, nothing, nothing, nothing, nothing))

    def remove(self, place: str) -> None:
        self._made.pop(place, None)


class NoKubernetes:
    """EKS's API without a Kubernetes behind it: everything is ready at once, and nothing runs."""

    endpoint = "https://kubernetes.invalid"
    oidc_issuer = "https://oidc.eks.invalid/id/0123456789ABCDEF0123456789ABCDEF"
    certificate_authority = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"

    def __init__(self) -> None:
        self._names: set[str] = set()

    def create(self, *args: Any, **_: Any) -> None:
        self._names.add(args[0])

    def ready(self, *_: Any) -> bool:
        return True

    def signing_keys(self) -> dict[str, Any]:
        return {"keys": []}

    def cordon(self, name: str, unschedulable: bool) -> None:
        return

    def drain(self, name: str) -> list[str]:
        return []

    def delete(self, name: str = "") -> None:
        self._names.discard(name)

    def names(self) -> list[str]:
        return sorted(self._names)

    def install(self, *_: Any) -> None:
        return

    def healthy(self, name: str) -> bool:
        return True

    def remove(self, name: str) -> None:
        return

    def bind(self, *_: Any) -> None:
        return

    def review(self, token: str, audience: str) -> tuple[str, str] | None:
        return None
