# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An EKS access entry with its access policies, as module eks_access_entry declares them."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State


class EksAccessEntry(Resource):
    name = "access_entry"
    immutable = frozenset({"type"})
    computed = frozenset({"access_entry_arn", "username"})
    comparisons: ClassVar = {"kubernetes_groups": same_items, "access_policies": same_items}

    @property
    def identity(self) -> str:
        return f"{self.params['principal_arn']} of {self.params['cluster_name']}"

    def describe(self) -> State | None:
        description = eks.describe_access_entry(self.client("eks"), *self._key)
        if description is None:
            return None
        state = boto3_resource_to_ansible_dict(
            description, transform_tags=False, force_tags=False, ignore_list=["tags"]
        )
        policies = eks.list_associated_access_policies(self.client("eks"), *self._key)
        return {
            **state,
            "kubernetes_groups": sorted(state.get("kubernetes_groups") or []),
            "access_policies": [_policy(item["policyArn"], item["accessScope"]) for item in policies],
            "tags": state.get("tags") or {},
        }

    def desired(self) -> State:
        state = self.declared(
            "cluster_name",
            "principal_arn",
            "type",
            "username",
            "kubernetes_groups",
            "access_policies",
            "tags",
        )
        if "access_policies" in state:
            state["access_policies"] = [
                _policy(item["policy_arn"], item.get("access_scope", {"type": "cluster"}))
                for item in state["access_policies"]
            ]
        return state

    def create(self, desired: State) -> None:
        request = snake_dict_to_camel_dict(
            {key: desired[key] for key in ("type", "username", "kubernetes_groups") if key in desired}
        )
        if desired.get("tags"):
            request["tags"] = desired["tags"]
        eks.create_access_entry(self.client("eks"), *self._key, **request)
        self._reconcile_policies([], desired.get("access_policies", []))

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        request = {key: changes[key][1] for key in ("username", "kubernetes_groups") if key in changes}
        if request:
            eks.update_access_entry(self.client("eks"), *self._key, **snake_dict_to_camel_dict(request))
        if "access_policies" in changes:
            self._reconcile_policies(*changes["access_policies"])

    def delete(self, current: State) -> None:
        eks.delete_access_entry(self.client("eks"), *self._key)

    def tag(self, current: State, tags: dict[str, str]) -> None:
        eks.tag_resource(self.client("eks"), current["access_entry_arn"], tags)

    def untag(self, current: State, keys: list[str]) -> None:
        eks.untag_resource(self.client("eks"), current["access_entry_arn"], keys)

    @property
    def _key(self) -> tuple[str, str]:
        return self.params["cluster_name"], self.params["principal_arn"]

    def _reconcile_policies(self, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
        """Grant first and take away last, so that nobody is locked out in between."""
        for policy in new:
            if policy not in old:
                # Associating a policy again replaces its scope.
                eks.associate_access_policy(
                    self.client("eks"), *self._key, policy["policy_arn"], policy["access_scope"]
                )
        kept = {policy["policy_arn"] for policy in new}
        for policy in old:
            if policy["policy_arn"] not in kept:
                eks.disassociate_access_policy(self.client("eks"), *self._key, policy["policy_arn"])


def _policy(arn: str, scope: dict[str, Any]) -> dict[str, Any]:
    """An associated policy in the one shape in which what is and what is declared are compared."""
    return {
        "policy_arn": arn,
        "access_scope": {"type": scope["type"], "namespaces": sorted(scope.get("namespaces") or [])},
    }
