# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in no region: IAM's roles, policies and providers, and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope, keep
from ansible_collections.notejam.platform.plugins.module_utils.provider_trust import trusting
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """IAM and Budgets."""
    iam = session.client("iam")
    for page in iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"]):
        for each in page["RoleDetailList"]:
            tags = as_dict(each.get("Tags"))
            if found := scope.claim(each["Arn"], tags, "identity", _global(scope, each["RoleName"])):
                yield found
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        for each in page["Policies"]:
            tags = as_dict(iam.list_policy_tags(PolicyArn=each["Arn"])["Tags"])
            if found := scope.claim(each["Arn"], tags, "identity", _global(scope, each["PolicyName"])):
                yield found
    for page in iam.get_paginator("list_instance_profiles").paginate():
        for each in page["InstanceProfiles"]:
            name = each["InstanceProfileName"]
            profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
            tags = as_dict(profile.get("Tags"))
            if found := scope.claim(each["Arn"], tags, "cluster", _global(scope, name)):
                yield found
    for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        tags = as_dict(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=each["Arn"])["Tags"])
        if found := scope.claim(each["Arn"], tags, "identity"):
            roles = ", ".join(trusting(iam, each["Arn"]))
            yield keep(found, f"is trusted by {roles}") if roles else found
    if scope.account_wide:
        yield from _budgets(session, scope)


def _global(scope: Scope, name: str) -> str:
    """A name tells nothing of the site: it only counts where all of them go."""
    return name if scope.account_wide else ""


def _budgets(session: Session, scope: Scope) -> Iterator[Found]:
    budgets: Any = session.client("budgets", region_name="us-east-1")
    for page in budgets.get_paginator("describe_budgets").paginate(AccountId=scope.account):
        for each in page.get("Budgets", ()):
            arn = f"arn:{scope.partition}:budgets::{scope.account}:budget/{each['BudgetName']}"
            if found := scope.claim(arn, {}, "observability", each["BudgetName"]):
                yield found
