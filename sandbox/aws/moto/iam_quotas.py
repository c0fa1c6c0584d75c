"""IAM's quotas and what keeps a policy from deletion, neither of which moto knows.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Callable
from typing import Any

from moto.iam.exceptions import DeleteConflictException, LimitExceededException
from moto.iam.models import IAMBackend, ManagedPolicy

from sandbox.aws.patching import replace

# Characters of a document, not counting white space.
MANAGED_POLICY = 6144
TRUST_POLICY = 2048
INLINE_POLICIES_OF_A_ROLE = 10240
# Managed policies attached to one user, group or role.
ATTACHED = 10


def install() -> None:
    """Patch moto, once in a process."""
    _limit_sizes()
    _limit_attachments()
    _keep_what_is_used()


def _limit_sizes() -> None:
    """Every operation that takes a document refuses one that is too long."""
    policy_size = (MANAGED_POLICY, f"PolicySize: {MANAGED_POLICY}")
    trust_size = (TRUST_POLICY, f"ACLSizePerRole: {TRUST_POLICY}")
    for name, parameter, position, (most, quota) in (
        ("create_policy", "policy_document", 2, policy_size),
        ("create_policy_version", "policy_document", 1, policy_size),
        ("create_role", "assume_role_policy_document", 1, trust_size),
        ("update_assume_role_policy", "policy_document", 1, trust_size),
    ):
        _limit_size(name, parameter, position, most, quota)

    def put_role_policy(self: Any, role_name: str, policy_name: str, policy_json: str) -> None:
        others = {**self.get_role(role_name).policies, policy_name: policy_json}
        if sum(map(size, others.values())) > INLINE_POLICIES_OF_A_ROLE:
            raise LimitExceededException(
                f"Maximum policy size of {INLINE_POLICIES_OF_A_ROLE} bytes exceeded for role {role_name}"
            )
        put(self, role_name, policy_name, policy_json)

    put = replace(IAMBackend, "put_role_policy", put_role_policy)


def _limit_size(name: str, parameter: str, position: int, most: int, quota: str) -> None:
    def limited(self: Any, *args: Any, **kwargs: Any) -> Any:
        document = kwargs[parameter] if parameter in kwargs else args[position]
        if size(document) > most:
            raise LimitExceededException(f"Cannot exceed quota for {quota}")
        return unlimited(self, *args, **kwargs)

    unlimited: Callable[..., Any] = replace(IAMBackend, name, limited)


def _limit_attachments() -> None:
    """Attaching what is attached changes nothing, and does not count twice."""

    def attach_to(self: Any, owner: Any) -> None:
        if self.arn in owner.managed_policies:
            return
        if len(owner.managed_policies) >= ATTACHED:
            raise LimitExceededException(
                f"Cannot exceed quota for PoliciesPer{type(owner).__name__}: {ATTACHED}"
            )
        attach(self, owner)

    attach = replace(ManagedPolicy, "attach_to", attach_to)


def _keep_what_is_used() -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html"""

    def delete_policy(self: Any, policy_arn: str) -> None:
        if any(role.permissions_boundary_arn == policy_arn for role in self.get_roles()):
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(self.get_policy(policy_arn).versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must delete the "
                "policy's versions. The default version is deleted with the policy."
            )
        delete(self, policy_arn)

    delete = replace(IAMBackend, "delete_policy", delete_policy)


def size(document: str) -> int:
    return len("".join(document.split()))
