# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An EKS managed node group, as module eks_nodegroup declares it."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.eks_waiters import wait_for, wait_for_update
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State

CONFIG_KEYS = frozenset({"scaling_config", "update_config", "labels", "taints"})
VERSION_KEYS = frozenset({"version", "release_version", "launch_template"})
# Keys of these maps are the user's own: no change of case.
OPAQUE = ("labels", "tags")


class EksNodegroup(Resource):
    name = "nodegroup"
    immutable = frozenset(
        {"subnets", "instance_types", "ami_type", "capacity_type", "disk_size", "node_role"}
    )
    computed = frozenset({"nodegroup_arn", "status", "resources"})
    comparisons: ClassVar = {"labels": same, "taints": same_items}

    @property
    def identity(self) -> str:
        return f"{self.params['cluster_name']}/{self.params['nodegroup_name']}"

    def describe(self) -> State | None:
        description = self._describe()
        if description is None or description["status"] == "DELETING":
            return None
        state = boto3_resource_to_ansible_dict(
            description, transform_tags=False, force_tags=False, ignore_list=OPAQUE
        )
        return {
            **state,
            "subnets": sorted(state["subnets"]),
            "labels": state.get("labels") or {},
            "taints": state.get("taints") or [],
            "tags": state.get("tags") or {},
        }

    def desired(self) -> State:
        state = self.declared(
            "cluster_name",
            "nodegroup_name",
            "node_role",
            "subnets",
            "scaling_config",
            "update_config",
            "instance_types",
            "ami_type",
            "capacity_type",
            "disk_size",
            "labels",
            "taints",
            "launch_template",
            "version",
            "release_version",
            "tags",
        )
        if "subnets" in state:
            state["subnets"] = sorted(state["subnets"])
        if "scaling_config" in state and self.params["keep_desired_size"]:
            self._keep_desired_size(state["scaling_config"])
        return state

    def create(self, desired: State) -> None:
        missing = [key for key in ("node_role", "subnets") if key not in desired]
        if missing:
            raise eks.AnsibleEksError(
                message=f"Node group {self.identity} does not exist and cannot be made without "
                f"{' and '.join(missing)}. Declare them in this task, or run the task that creates it first."
            )
        self.wait("absent")  # the name is taken until an earlier group is gone
        keys = desired.keys() - {"cluster_name", "nodegroup_name", *OPAQUE}
        request = snake_dict_to_camel_dict({key: desired[key] for key in keys})
        request.update({key: desired[key] for key in OPAQUE if desired.get(key)})
        eks.create_nodegroup(self.client("eks"), *self._key, **request)

    def refuse(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        old_template, new_template = changes.get("launch_template", ({}, {}))
        for key in ("id", "name"):
            if new_template.get(key) and (old_template or {}).get(key) != new_template[key]:
                raise eks.AnsibleEksError(
                    message=f"Node group {self.identity}: launch_template.{key} is "
                    f"{(old_template or {}).get(key)!r} and the task asks for {new_template[key]!r}, but EKS "
                    "only takes another version of the same template. Make a second node group with it, "
                    "then delete this one."
                )

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        if CONFIG_KEYS & changes.keys():
            self.wait("present")
            request = self._config_request(changes)
            self._finish(eks.update_nodegroup_config(self.client("eks"), *self._key, **request))
        if VERSION_KEYS & changes.keys():
            self.wait("present")
            wanted = self.declared("version", "release_version", "launch_template")
            request = snake_dict_to_camel_dict(wanted) | {"force": self.params["force"]}
            self._finish(eks.update_nodegroup_version(self.client("eks"), *self._key, **request))

    def delete(self, current: State) -> None:
        eks.delete_nodegroup(self.client("eks"), *self._key)

    def tag(self, current: State, tags: dict[str, str]) -> None:
        eks.tag_resource(self.client("eks"), current["nodegroup_arn"], tags)

    def untag(self, current: State, keys: list[str]) -> None:
        eks.untag_resource(self.client("eks"), current["nodegroup_arn"], keys)

    def settled(self, current: State) -> bool:
        return current["status"] == "ACTIVE"

    def wait(self, state: str) -> None:
        timeout = self.params["wait_timeout"]
        wait_for(f"nodegroup {state}", f"Node group {self.identity}", self._describe, timeout)

    @property
    def _key(self) -> tuple[str, str]:
        return self.params["cluster_name"], self.params["nodegroup_name"]

    def _describe(self) -> dict[str, Any] | None:
        return eks.describe_nodegroup(self.client("eks"), *self._key)

    def _finish(self, update: dict[str, Any]) -> None:
        """An update of nodes replaces them one by one and may take long; the next change must wait for it."""
        cluster, group = self._key
        wait_for_update(
            self.client("eks"),
            cluster,
            update,
            f"node group {self.identity}",
            self.params["wait_timeout"],
            nodegroupName=group,
        )

    def _keep_desired_size(self, scaling: dict[str, int]) -> None:
        """Put the size that an autoscaler chose in place of the declared one, as far as the limits allow.

        A size at the minimum was held there by it, and goes down with it.
        """
        current = self._describe()
        if current:
            size, fewest = current["scalingConfig"]["desiredSize"], current["scalingConfig"]["minSize"]
            if size == fewest > scaling.get("min_size", fewest):
                size = scaling.get("desired_size", scaling["min_size"])
            size = max(size, scaling.get("min_size", size))
            scaling["desired_size"] = min(size, scaling.get("max_size", size))

    def _config_request(self, changes: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
        request: dict[str, Any] = {}
        if "scaling_config" in changes:
            request["scalingConfig"] = snake_dict_to_camel_dict(changes["scaling_config"][1])
        if "update_config" in changes:
            # The declared part alone: EKS refuses a number together with a percentage.
            request["updateConfig"] = snake_dict_to_camel_dict(
                self.declared("update_config")["update_config"]
            )
        if "labels" in changes:
            old, new = changes["labels"]
            request["labels"] = {
                "addOrUpdateLabels": new,
                "removeLabels": sorted(old.keys() - new.keys()),
            }
        if "taints" in changes:
            old, new = changes["taints"]
            kept = {(taint["key"], taint["effect"]) for taint in new}
            request["taints"] = {
                "addOrUpdateTaints": new,
                "removeTaints": [taint for taint in old if (taint["key"], taint["effect"]) not in kept],
            }
        return request
