"""IAM's trust policies and deletions as moto differs from AWS.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_malformed_trust()
    _refuse_to_delete_what_is_attached()
    _change_audiences()


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


def _change_audiences() -> None:
    """API_AddClientIDToOpenIDConnectProvider.html and API_RemoveClientIDFromOpenIDConnectProvider.html:
    neither fails when there is nothing to do.
    """

    def audiences(self: Any) -> tuple[list[str], str]:
        provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
        return provider.client_id_list, self._get_param("ClientID")

    def add(self: Any) -> EmptyResult:
        known, client_id = audiences(self)
        if client_id not in known:
            known.append(client_id)
        return EmptyResult()

    def remove(self: Any) -> EmptyResult:
        known, client_id = audiences(self)
        if client_id in known:
            known.remove(client_id)
        return EmptyResult()

    response: Any = IamResponse
    response.add_client_id_to_open_id_connect_provider = add
    response.remove_client_id_from_open_id_connect_provider = remove
