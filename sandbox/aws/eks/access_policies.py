"""EKS's access policies, by name.

Source: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
"""

ARN = "arn:aws:eks::aws:cluster-access-policy/"

# Those that a person or a role can be given; EKS keeps further ones for its own service-linked roles.
NAMES = (
    "AmazonAIOpsAssistantPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
)
GROUP = "eks-access-policy"


def group(name: str, namespace: str | None = None) -> str:
    """The Kubernetes group that stands for a policy in the sandbox's cluster, or for it in one namespace."""
    return f"{GROUP}:{name}:{namespace}" if namespace else f"{GROUP}:{name}"
