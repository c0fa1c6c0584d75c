# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An EKS cluster's control plane, as module eks_cluster declares it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.compare import holds
from ansible_collections.notejam.platform.plugins.module_utils.eks_waiters import wait_for, wait_for_update
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import step_problem
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
# EKS refuses a request that changes more than one of these ("Only one type of update can be allowed").
VPC_CONFIG_UPDATES = (
    ("endpoint_public_access", "endpoint_private_access", "public_access_cidrs"),
    ("subnet_ids",),
    ("security_group_ids",),
)
CREATION_ONLY = ("bootstrap_cluster_creator_admin_permissions",)


def same_access(current: Any, desired: Any) -> bool:
    """Compares access_config without what EKS takes at creation and never tells again."""
    return holds(current, {key: value for key, value in desired.items() if key not in CREATION_ONLY})


class EksCluster(Resource):
    name = "cluster"
    immutable = frozenset({"role_arn", "kubernetes_network_config"})
    computed = frozenset(
        {"arn", "status", "endpoint", "certificate_authority", "identity", "platform_version"}
    )
    comparisons: ClassVar = {"access_config": same_access}

    def describe(self) -> State | None:
        description = eks.describe_cluster(self.client("eks"), self.identity)
        if description is None or description["status"] == "DELETING":
            return None
        state = boto3_resource_to_ansible_dict(
            description, transform_tags=False, force_tags=False, ignore_list=["tags"]
        )
        network = state["resources_vpc_config"]
        for key in ("subnet_ids", "security_group_ids", "public_access_cidrs"):
            network[key] = sorted(network.get(key, []))
        if not network["endpoint_public_access"]:
            network["public_access_cidrs"] = []
        state["logging"] = sorted(
            log_type
            for setup in state.get("logging", {}).get("cluster_logging", [])
            if setup.get("enabled")
            for log_type in setup.get("types", [])
        )
        return {**state, "tags": state.get("tags") or {}}

    def desired(self) -> State:
        state = self.declared(
            "name",
            "version",
            "role_arn",
            "resources_vpc_config",
            "kubernetes_network_config",
            "logging",
            "encryption_config",
            "access_config",
            "upgrade_policy",
            "zonal_shift_config",
            "deletion_protection",
            "tags",
        )
        network = state.get("resources_vpc_config", {})
        for key in ("subnet_ids", "security_group_ids", "public_access_cidrs"):
            if key in network:
                network[key] = sorted(network[key])
        if network.get("endpoint_public_access") is False:
            network["public_access_cidrs"] = []
        if "logging" in state:
            state["logging"] = sorted(state["logging"])
        return state

    def create(self, desired: State) -> None:
        missing = [key for key in ("role_arn", "resources_vpc_config") if key not in desired]
        if missing:
            raise eks.AnsibleEksError(
                message=f"Cluster {self.identity} does not exist and cannot be made without "
                f"{' and '.join(missing)}. Declare them in this task, or run the task that creates it first."
            )
        self.wait("absent")  # the name is taken until an earlier cluster is gone
        request = snake_dict_to_camel_dict({key: desired[key] for key in desired if key != "tags"})
        if not request["resourcesVpcConfig"].get("publicAccessCidrs"):
            request["resourcesVpcConfig"].pop("publicAccessCidrs", None)
        if "logging" in request:
            request["logging"] = _logging(desired["logging"])
        if desired.get("tags"):
            request["tags"] = desired["tags"]
        request["bootstrapSelfManagedAddons"] = self.params["bootstrap_self_managed_addons"]
        eks.create_cluster(self.client("eks"), **request)

    def refuse(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        if "encryption_config" in changes and changes["encryption_config"][0]:
            old, new = changes["encryption_config"]
            raise eks.AnsibleEksError(
                message=f"Cluster {self.identity}: encryption_config is {old!r} and the task asks for "
                f"{new!r}, but EKS cannot change the key of a cluster. Declare the present key again; "
                "KMS rotates the key itself."
            )
        if "version" in changes and (problem := step_problem(self.identity, *changes["version"])):
            raise eks.AnsibleEksError(message=problem)

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        for request in self._updates(changes):
            self.wait("present")  # EKS takes one change at a time, and none before the cluster is active
            update = request()
            wait_for_update(
                self.client("eks"),
                self.identity,
                update,
                f"cluster {self.identity}",
                self.params["wait_timeout"],
            )

    def retained(self, current: State) -> str | None:
        """A protected cluster fails the plan, too: whoever goes on would remove what it stands on."""
        if current.get("deletion_protection") and current["status"] not in ("CREATING", "FAILED"):
            raise eks.AnsibleEksError(
                message=f"Cluster {self.identity} is protected from deletion. "
                "Apply it with deletion_protection: false first, then delete it."
            )
        return None

    def delete(self, current: State) -> None:
        eks.delete_cluster(self.client("eks"), self.identity)

    def tag(self, current: State, tags: dict[str, str]) -> None:
        eks.tag_resource(self.client("eks"), current["arn"], tags)

    def untag(self, current: State, keys: list[str]) -> None:
        eks.untag_resource(self.client("eks"), current["arn"], keys)

    def settled(self, current: State) -> bool:
        return current["status"] == "ACTIVE"

    def wait(self, state: str) -> None:
        wait_for(
            f"cluster {state}",
            f"Cluster {self.identity}",
            lambda: eks.describe_cluster(self.client("eks"), self.identity),
            self.params["wait_timeout"],
        )

    def _updates(self, changes: dict[str, tuple[Any, Any]]) -> list[Callable[[], dict[str, Any]]]:
        """One request for each kind of change, in the order in which they are made."""
        client, name = self.client("eks"), self.identity
        requests: list[Callable[[], dict[str, Any]]] = []

        def configure(**request: Any) -> None:
            requests.append(lambda: eks.update_cluster_config(client, name, **request))

        if "version" in changes:
            requests.append(lambda: eks.update_cluster_version(client, name, changes["version"][1]))
        if "encryption_config" in changes:
            encryption = snake_dict_to_camel_dict(changes["encryption_config"][1])
            requests.append(lambda: eks.associate_encryption_config(client, name, encryption))
        if "access_config" in changes:
            mode = changes["access_config"][1]["authentication_mode"]
            configure(accessConfig={"authenticationMode": mode})
        if "resources_vpc_config" in changes:
            old, new = changes["resources_vpc_config"]
            for keys in VPC_CONFIG_UPDATES:
                if any(old.get(key) != new.get(key) for key in keys):
                    part = {key: new[key] for key in keys if key in new}
                    if not new["endpoint_public_access"]:
                        part.pop("public_access_cidrs", None)  # EKS refuses ranges of an endpoint that is off
                    configure(resourcesVpcConfig=snake_dict_to_camel_dict(part))
        if "logging" in changes:
            configure(logging=_logging(changes["logging"][1]))
        for key in ("upgrade_policy", "zonal_shift_config", "deletion_protection"):
            if key in changes:
                configure(**snake_dict_to_camel_dict({key: changes[key][1]}))
        return requests


def _logging(types: list[str]) -> dict[str, Any]:
    """The request that switches these log types on and all others off."""
    setups = [
        {"types": [name for name in LOG_TYPES if (name in types) is enabled], "enabled": enabled}
        for enabled in (True, False)
    ]
    return {"clusterLogging": [setup for setup in setups if setup["types"]]}
