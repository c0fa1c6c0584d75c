"""Who may have an image imported from an upstream registry.

Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sandbox.aws.clients import Clients
from sandbox.aws.conditions import met
from sandbox.aws.ecr.tokens import Bearer
from sandbox.aws.identities import as_list, principal_of, role_in, role_of, statements
from sandbox.aws.role_permissions import allows, is_about

IMPORT = "ecr:BatchImportUpstreamImage"
CREATE = "ecr:CreateRepository"
# AWS attaches AdministratorAccess to it, the emulator does not:
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
ADMINISTERING = "OrganizationAccountAccessRole"


def may(clients: Clients, bearer: Bearer, action: str, repository: str) -> bool:
    """Whether the policies of the role, of the registry and of the repository let the bearer.

    Of IAM users the emulator does not read the policies: what nobody denies them, they may.
    """
    resource = f"arn:aws:ecr:{bearer.region}:{bearer.account}:repository/{repository}"
    effects = {
        statement.get("Effect")
        for policy in _policies(clients.get("ecr", bearer.account, bearer.region), repository)
        for statement in statements(policy)
        if _names(statement, bearer)
        and is_about({"Resource": resource, **statement}, action, resource)
        and met(statement.get("Condition", {}), {"aws:principalarn": [role_of(bearer.principal)]})
    }
    return "Deny" not in effects and ("Allow" in effects or _own(clients, bearer, action, resource))


def _own(clients: Clients, bearer: Bearer, action: str, resource: str) -> bool:
    """Whether the bearer's own policies allow the action."""
    role = role_of(bearer.principal)
    if ":role/" not in role or role_in(role)[1] == ADMINISTERING:
        return True
    return allows(clients.get("iam", bearer.account, bearer.region), role, action, resource)


def _policies(ecr: Any, repository: str) -> Iterator[dict[str, Any]]:
    """The registry's, and the repository's if it is there."""
    errors = ecr.exceptions
    with suppress(errors.RegistryPolicyNotFoundException):
        yield json.loads(ecr.get_registry_policy()["policyText"])
    with suppress(errors.RepositoryNotFoundException, errors.RepositoryPolicyNotFoundException):
        yield json.loads(ecr.get_repository_policy(repositoryName=repository)["policyText"])


def _names(statement: dict[str, Any], bearer: Bearer) -> bool:
    """Whether the statement is about the bearer by name; a grant to the account is for IAM to pass on."""
    named = {"*", bearer.principal, role_of(bearer.principal)}
    if statement.get("Effect") == "Deny":
        named |= {bearer.account, f"arn:aws:iam::{bearer.account}:root"}
    return bool(named.intersection(as_list(principal_of(statement).get("AWS"))))
