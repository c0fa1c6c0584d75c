"""EKS access policies as RBAC: what the authenticator's groups of a policy may do.

https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
"""

from typing import Any

from sandbox.errors import SandboxError
from sandbox.kubernetes.client import Client
from sandbox.settings import Settings

GROUP_PREFIX = "eks-access-policy:"
RBAC = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]
# Policy → ClusterRole: Kubernetes' own where the policy is documented as equal to it, else one of OWN_ROLES.
POLICIES = {
    "AmazonEKSClusterAdminPolicy": "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
    "AmazonEKSAdminViewPolicy": "eks:admin-view",
    "AmazonEKSSecretReaderPolicy": "eks:secret-reader",
}
OWN_ROLES: dict[str, list[dict[str, Any]]] = {
    "eks:admin-view": [{"apiGroups": ["*"], "resources": ["*"], "verbs": READ}],
    "eks:secret-reader": [{"apiGroups": [""], "resources": ["secrets"], "verbs": READ}],
}


class AccessPolicies:
    """Binds the groups that the authenticator gives a principal for each associated policy."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def bind(self, policy_name: str, namespaces: list[str] | None) -> None:
        """Let the policy's group do what the policy says, in the whole cluster or in `namespaces` only.

        May be called again; a namespace that does not exist yet is bound by a call after it does.
        Raises SandboxError for an unknown policy.
        """
        if policy_name not in POLICIES:
            raise SandboxError(
                f"{policy_name!r} is none of EKS's access policies that the sandbox has"
                f" ({', '.join(POLICIES)}): see POLICIES in sandbox/kubernetes/access.py."
            )
        client = Client(self.settings)
        existing = (
            {each["metadata"]["name"] for each in client.list("v1", "Namespace")} if namespaces else set()
        )
        client.apply(manifests(policy_name, namespaces and [name for name in namespaces if name in existing]))


def manifests(policy_name: str, namespaces: list[str] | None) -> list[dict[str, Any]]:
    """The RBAC objects of a policy: its role where Kubernetes has none, and one binding a scope."""
    role = POLICIES[policy_name]
    group = f"{GROUP_PREFIX}{policy_name}"
    name = f"eks-access-policy-{policy_name.lower()}"
    objects: list[dict[str, Any]] = []
    if role in OWN_ROLES:
        objects.append(rbac_object("ClusterRole", {"name": role}, rules=OWN_ROLES[role]))
    if namespaces is None:
        return [*objects, binding("ClusterRoleBinding", {"name": name}, role, group)]
    return [
        *objects,
        *(
            binding("RoleBinding", {"name": name, "namespace": namespace}, role, f"{group}:{namespace}")
            for namespace in namespaces
        ),
    ]


def binding(kind: str, metadata: dict[str, str], role: str, group: str) -> dict[str, Any]:
    subject = {"apiGroup": RBAC, "kind": "Group", "name": group}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    return rbac_object(kind, metadata, roleRef=reference, subjects=[subject])


def rbac_object(kind: str, metadata: dict[str, str], **content: Any) -> dict[str, Any]:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **content}
