# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An EKS add-on, as module eks_addon declares it."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.eks_waiters import wait_for, wait_for_update
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State


class EksAddon(Resource):
    name = "addon"
    computed = frozenset({"addon_arn", "status"})
    comparisons: ClassVar = {"configuration_values": same, "pod_identity_associations": same_items}

    @property
    def identity(self) -> str:
        return f"{self.params['cluster_name']}/{self.params['addon_name']}"

    def describe(self) -> State | None:
        description = self._describe()
        if description is None or description["status"] == "DELETING":
            return None
        state = boto3_resource_to_ansible_dict(
            description, transform_tags=False, force_tags=False, ignore_list=["tags"]
        )
        return {
            **state,
            "configuration_values": json.loads(state.get("configuration_values") or "{}"),
            "pod_identity_associations": [
                self._association(arn) for arn in state.get("pod_identity_associations") or []
            ],
            "tags": state.get("tags") or {},
        }

    def desired(self) -> State:
        return self.declared(
            "cluster_name",
            "addon_name",
            "addon_version",
            "configuration_values",
            "service_account_role_arn",
            "pod_identity_associations",
            "tags",
        )

    def create(self, desired: State) -> None:
        self.wait("absent")  # the add-on is still there until its deletion is complete
        request = self._request()
        if desired.get("tags"):
            request["tags"] = desired["tags"]
        eks.create_addon(self.client("eks"), *self._key, **request)

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        # All that is declared is sent: EKS takes a role that is left out for a role to take away.
        update = eks.update_addon(self.client("eks"), *self._key, **self._request())
        wait_for_update(
            self.client("eks"),
            self.params["cluster_name"],
            update,
            f"add-on {self.identity}",
            self.params["wait_timeout"],
            addonName=self.params["addon_name"],
        )

    def delete(self, current: State) -> None:
        eks.delete_addon(self.client("eks"), *self._key, preserve=self.params["preserve"])

    def tag(self, current: State, tags: dict[str, str]) -> None:
        eks.tag_resource(self.client("eks"), current["addon_arn"], tags)

    def untag(self, current: State, keys: list[str]) -> None:
        eks.untag_resource(self.client("eks"), current["addon_arn"], keys)

    def settled(self, current: State) -> bool:
        return current["status"] == "ACTIVE"

    def wait(self, state: str) -> None:
        timeout = self.params["wait_timeout"]
        wait_for(f"addon {state}", f"Add-on {self.identity}", self._describe, timeout)

    @property
    def _key(self) -> tuple[str, str]:
        return self.params["cluster_name"], self.params["addon_name"]

    def _describe(self) -> dict[str, Any] | None:
        return eks.describe_addon(self.client("eks"), *self._key)

    def _association(self, arn: str) -> dict[str, Any]:
        """What a Pod Identity association of the add-on ties together; EKS names it by its ARN only."""
        found = eks.describe_pod_identity_association(
            self.client("eks"), self.params["cluster_name"], arn.rsplit("/", 1)[-1]
        )
        return {
            key: (found or {}).get(word)
            for key, word in (("service_account", "serviceAccount"), ("role_arn", "roleArn"))
        }

    def _request(self) -> dict[str, Any]:
        state = self.declared(
            "addon_version", "service_account_role_arn", "pod_identity_associations", "resolve_conflicts"
        )
        request = snake_dict_to_camel_dict(state)
        if self.params["configuration_values"] is not None:
            request["configurationValues"] = json.dumps(self.params["configuration_values"], sort_keys=True)
        return request
