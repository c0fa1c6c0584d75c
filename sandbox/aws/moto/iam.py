"""IAM's trust policies and deletions as moto differs from AWS.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from typing import Any

from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_malformed_trust()
    _refuse_to_delete_what_is_attached()


def _refuse_malformed_trust() -> None:
    """CreateRole checks the trust policy as UpdateAssumeRolePolicy does."""

    def create_role(
        self: Any, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any
    ) -> Any:
        IAMTrustPolicyDocumentValidator(assume_role_policy_document).validate()
        return create(self, role_name, assume_role_policy_document, *args, **kwargs)

    create = replace(IAMBackend, "create_role", create_role)


def _refuse_to_delete_what_is_attached() -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html"""

    def delete_policy(self: Any, policy_arn: str) -> None:
        if self.get_policy(policy_arn).attachment_count:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        delete(self, policy_arn)

    delete = replace(IAMBackend, "delete_policy", delete_policy)
