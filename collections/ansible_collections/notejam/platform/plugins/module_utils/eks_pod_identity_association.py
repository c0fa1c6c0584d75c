# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An EKS Pod Identity association, as module eks_pod_identity_association declares it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State


class EksPodIdentityAssociation(Resource):
    name = "association"
    computed = frozenset({"association_arn", "association_id"})

    @property
    def identity(self) -> str:
        return "{namespace}/{service_account} of {cluster_name}".format(**self.params)

    def describe(self) -> State | None:
        cluster = self.params["cluster_name"]
        found = eks.list_pod_identity_associations(
            self.client("eks"),
            cluster,
            namespace=self.params["namespace"],
            serviceAccount=self.params["service_account"],
        )
        if not found:
            return None
        description = eks.describe_pod_identity_association(
            self.client("eks"), cluster, found[0]["associationId"]
        )
        if description is None:
            return None
        state = boto3_resource_to_ansible_dict(
            description, transform_tags=False, force_tags=False, ignore_list=["tags"]
        )
        return {**state, "tags": state.get("tags") or {}}

    def desired(self) -> State:
        return self.declared(
            "cluster_name",
            "namespace",
            "service_account",
            "role_arn",
            "target_role_arn",
            "disable_session_tags",
            "tags",
        )

    def create(self, desired: State) -> None:
        if "role_arn" not in desired:
            raise eks.AnsibleEksError(
                message=f"Pod Identity association {self.identity} does not exist and cannot be made without "
                "role_arn. Declare it in this task."
            )
        keys = ("role_arn", "target_role_arn", "disable_session_tags")
        request = snake_dict_to_camel_dict({key: desired[key] for key in keys if key in desired})
        if desired.get("tags"):
            request["tags"] = desired["tags"]
        eks.create_pod_identity_association(
            self.client("eks"),
            self.params["cluster_name"],
            self.params["namespace"],
            self.params["service_account"],
            **request,
        )

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        request = snake_dict_to_camel_dict({key: new for key, (_old, new) in changes.items()})
        eks.update_pod_identity_association(
            self.client("eks"), self.params["cluster_name"], current["association_id"], **request
        )

    def delete(self, current: State) -> None:
        eks.delete_pod_identity_association(
            self.client("eks"), self.params["cluster_name"], current["association_id"]
        )

    def tag(self, current: State, tags: dict[str, str]) -> None:
        eks.tag_resource(self.client("eks"), current["association_arn"], tags)

    def untag(self, current: State, keys: list[str]) -> None:
        eks.untag_resource(self.client("eks"), current["association_arn"], keys)
