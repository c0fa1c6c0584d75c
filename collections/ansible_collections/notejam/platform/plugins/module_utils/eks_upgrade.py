# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Upgrades of a cluster's control plane, node groups and add-ons: each one version, followed to its end.

All that an upgrade has to remember is in EKS: who starts again finds the update under way and follows it.
One that somebody else has started towards another version is refused, not waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils import eks, eks_updates
from ansible_collections.notejam.platform.plugins.module_utils.eks_waiters import wait_for, wait_for_update
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import minor, step_problem
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def upgrade_argument_spec(wait_timeout: int, **own: Any) -> dict[str, Any]:
    """The module's own options and `wait_timeout`: an upgrade is always waited for, and never taken back."""
    return {"wait_timeout": {"type": "int", "default": wait_timeout}, **own}


class Upgrade(Resource):
    """One part's way to another version. States hold the version under `version_key`, and the status."""

    word: ClassVar[str]
    """The part's kind in a sentence."""
    version_key: ClassVar[str] = "version"
    parameter: ClassVar[str] = eks_updates.CLUSTER_PARAMETER
    """How EKS's updates name the version."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.params = {**self.params, "state": "present", "wait": True}

    @property
    def cluster_name(self) -> str:
        return str(self.params["cluster_name"])

    @property
    def target(self) -> str:
        return str(self.params[self.version_key])

    @property
    def title(self) -> str:
        """The part as messages call it."""
        return f"{self.word} {self.identity}"

    @property
    def of(self) -> dict[str, str]:
        """How EKS's operations on updates name the part; nothing for the control plane."""
        return {}

    def read(self) -> dict[str, Any] | None:
        """EKS's description of the part."""
        raise AssertionError(f"{type(self).__name__} does not define read()")

    def state(self, description: dict[str, Any]) -> State:
        """What of the description the module tells."""
        raise AssertionError(f"{type(self).__name__} does not define state()")

    def start(self) -> dict[str, Any]:
        """Ask for the upgrade; returns EKS's update."""
        raise AssertionError(f"{type(self).__name__} does not define start()")

    def refusal(self, current: State) -> str | None:
        """Why this cannot be upgraded so, seen before anything is asked for; None when it can."""
        return None

    def advice(self, errors: list[dict[str, Any]]) -> str:
        """What to do about an update that failed with these errors."""
        return "Mend that, and run again."

    def describe(self) -> State | None:
        description = self.read()
        if description is None:
            raise eks.AnsibleEksError(
                message=f"There is no {self.title} to upgrade: site.yml makes it, at the version declared."
            )
        current = self.state(description)
        if current[self.version_key] != self.target:
            if problem := self.refusal(current):
                raise eks.AnsibleEksError(message=problem)
            self._running(description)
        return current

    def desired(self) -> State:
        return {self.version_key: self.target}

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        self._follow(self._running(current) or self.start())

    def settled(self, current: State) -> bool:
        return current["status"] == "ACTIVE"

    def wait(self, state: str) -> None:
        if (description := self.read()) and (running := self._running(description)):
            self._follow(running)
        timeout = self.params["wait_timeout"]
        wait_for(f"{self.name} {state}", sentence(self.title), self.read, timeout)

    def _running(self, described: dict[str, Any]) -> dict[str, Any] | None:
        """The upgrade to our version that is under way. Raises AnsibleEksError when it is another update."""
        if described["status"] != "UPDATING":
            return None
        running = eks_updates.running_update(self.client("eks"), self.cluster_name, **self.of)
        if running and not eks_updates.goes_to(running, self.parameter, self.target):
            raise eks.AnsibleEksError(message=somebody_elses(self.title, running, self.target))
        return running

    def _follow(self, update: dict[str, Any]) -> None:
        client, timeout = self.client("eks"), self.params["wait_timeout"]
        try:
            wait_for_update(client, self.cluster_name, update, self.title, timeout, **self.of)
        except eks.AnsibleEksError as error:
            ended = eks.describe_update(client, self.cluster_name, update["id"], **self.of)
            raise eks.AnsibleEksError(
                message=f"{error.message}. {self.advice(ended.get('errors', []))}"
            ) from error


def sentence(words: str) -> str:
    """The words with a capital at their beginning, and names in them as they are."""
    return words[:1].upper() + words[1:]


def somebody_elses(title: str, update: dict[str, Any], target: str) -> str:
    """The sentence about an update that is not the upgrade to `target`."""
    return (
        f"{sentence(title)} is being changed by an update that is not the upgrade to {target}: "
        f"{eks_updates.told(update)}. EKS makes one at a time: let it end, then run again."
    )


class ClusterUpgrade(Upgrade):
    name = word = "cluster"

    @property
    def identity(self) -> str:
        return self.cluster_name

    def read(self) -> dict[str, Any] | None:
        return eks.describe_cluster(self.client("eks"), self.cluster_name)

    def state(self, description: dict[str, Any]) -> State:
        return {
            "name": description["name"],
            "version": description["version"],
            "status": description["status"],
        }

    def refusal(self, current: State) -> str | None:
        if problem := step_problem(self.cluster_name, current["version"], self.target):
            return problem
        return not_offered(self.client("eks"), self.target)

    def start(self) -> dict[str, Any]:
        return eks.update_cluster_version(self.client("eks"), self.cluster_name, self.target)

    def advice(self, errors: list[dict[str, Any]]) -> str:
        return "EKS has gone back to the version before, and the cluster serves. Mend that, and run again."


class NodegroupUpgrade(Upgrade):
    name, word = "nodegroup", "node group"

    @property
    def identity(self) -> str:
        return f"{self.cluster_name}/{self.params['nodegroup_name']}"

    @property
    def of(self) -> dict[str, str]:
        return {"nodegroupName": self.params["nodegroup_name"]}

    def read(self) -> dict[str, Any] | None:
        return eks.describe_nodegroup(self.client("eks"), self.cluster_name, self.params["nodegroup_name"])

    def state(self, description: dict[str, Any]) -> State:
        return {
            "nodegroup_name": description["nodegroupName"],
            # A group whose image is its launch template's own has no version.
            "version": description.get("version"),
            "status": description["status"],
        }

    def refusal(self, current: State) -> str | None:
        if current["version"] is None:
            return (
                f"{sentence(self.title)} has an image of its own, of which EKS knows no version. Name an "
                f"image for {self.target} in a new version of its launch template instead."
            )
        if minor(current["version"]) > minor(self.target):
            return (
                f"{sentence(self.title)} runs Kubernetes {current['version']} and {self.target} is asked "
                "for, but a node group never goes back. Make another one, and delete this one."
            )
        return None

    def start(self) -> dict[str, Any]:
        cluster = eks.describe_cluster(self.client("eks"), self.cluster_name) or {}
        if minor(cluster.get("version", "0.0")) < minor(self.target):
            raise eks.AnsibleEksError(
                message=f"{sentence(self.title)} cannot go to Kubernetes {self.target} before its "
                f"control plane, which runs {cluster.get('version')}: nodes are never newer. Upgrade the "
                "control plane first."
            )
        return eks.update_nodegroup_version(
            self.client("eks"),
            self.cluster_name,
            self.params["nodegroup_name"],
            version=self.target,
            force=self.params["force"],
        )

    def advice(self, errors: list[dict[str, Any]]) -> str:
        # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
        if any(error.get("errorCode") == "PodEvictionFailure" for error in errors):
            return (
                "A PodDisruptionBudget did not let EKS move pods within 15 minutes of a node, and nothing "
                "was forced. `kubectl get poddisruptionbudgets --all-namespaces` says which allow 0 "
                "disruptions: give those a replica more, or mend the pods that are not ready, and run "
                "again. force: true ends such pods unasked, and who uses them is cut off."
            )
        return "Nodes that were replaced stay so. Mend that, and run again: EKS goes on with the others."


class AddonUpgrade(Upgrade):
    name, word = "addon", "add-on"
    version_key = "addon_version"
    parameter = eks_updates.ADDON_PARAMETER

    @property
    def identity(self) -> str:
        return f"{self.cluster_name}/{self.params['addon_name']}"

    @property
    def of(self) -> dict[str, str]:
        return {"addonName": self.params["addon_name"]}

    def read(self) -> dict[str, Any] | None:
        return eks.describe_addon(self.client("eks"), self.cluster_name, self.params["addon_name"])

    def state(self, description: dict[str, Any]) -> State:
        return {
            "addon_name": description["addonName"],
            "addon_version": description["addonVersion"],
            "status": description["status"],
        }

    def refusal(self, current: State) -> str | None:
        version = self.params["kubernetes_version"]
        offered = eks.describe_addon_versions(self.client("eks"), self.params["addon_name"], version)
        return addon_not_offered(self.params["addon_name"], self.target, version, offered)

    def start(self) -> dict[str, Any]:
        # EKS takes settings and a role that are left out for such to take away; associations it leaves.
        description = self.read() or {}
        kept = {
            key: description[key]
            for key in ("configurationValues", "serviceAccountRoleArn")
            if description.get(key)
        }
        return eks.update_addon(
            self.client("eks"),
            self.cluster_name,
            self.params["addon_name"],
            addonVersion=self.target,
            resolveConflicts=self.params["resolve_conflicts"],
            **kept,
        )


def not_offered(client: Any, version: str) -> str | None:
    """The sentence about a Kubernetes version that EKS does not offer; None when it does."""
    offered = sorted(
        (each["clusterVersion"] for each in eks_updates.describe_cluster_versions(client)), key=minor
    )
    if version in offered:
        return None
    return (
        f"EKS offers no Kubernetes {version} here; it offers {', '.join(offered)}. "
        "Set the version to one of these."
    )


def addon_not_offered(
    name: str, version: str, kubernetes_version: str, offered: list[dict[str, Any]]
) -> str | None:
    """The sentence about a version that EKS does not offer for that Kubernetes; None when it does."""
    versions = [each["addonVersion"] for each in offered]
    if version in versions:
        return None
    if not versions:
        return (
            f"EKS offers no add-on {name} for Kubernetes {kubernetes_version}. Take it out of the inventory."
        )
    return (
        f"EKS does not offer add-on {name} {version} for Kubernetes {kubernetes_version}: it offers "
        f"{', '.join(versions)}. Set its version to {default_version(offered, kubernetes_version)}, which is "
        "EKS's default for it."
    )


def default_version(offered: list[dict[str, Any]], kubernetes_version: str) -> str:
    """EKS's own choice among the versions offered, which hold at least one."""
    for each in offered:
        for compatible in each.get("compatibilities", []):
            if compatible.get("clusterVersion") == kubernetes_version and compatible.get("defaultVersion"):
                return str(each["addonVersion"])
    return str(offered[0]["addonVersion"])
