"""What the bridge does for node groups: nodes come, are replaced and go, as EKS has it.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
"""

import math
from dataclasses import dataclass
from typing import Any

from sandbox.aws import clock
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.eks import nodes
from sandbox.aws.eks.bridged import Bridged
from sandbox.aws.eks.records import NODEGROUP, Record

# Pods start and stop in real time: how long EKS waits for them to go is scaled to no less than this, seconds.
PATIENCE = 120
MINIMAL = "MINIMAL"


@dataclass
class NodegroupBridge:
    bridged: Bridged
    times: CreationTimes

    def advance(self, record: Record) -> None:
        """One step of what is to be done for the node group."""
        if record.status == "DELETING":
            self._remove(record)
        elif record.status == "CREATE_FAILED":
            return
        elif not record.state["joins"]:
            if passed(record.done_at):
                self.bridged.finish(
                    record, "CREATE_FAILED", lambda current: current.resource.update(health=nodes.no_join())
                )
        else:
            self._launch(record)
            self._replace(record)
            self._shrink(record)
            self._let_go(record)
            self._conclude(record)

    def _remove(self, record: Record) -> None:
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        for name in record.state["nodes"]:
            kubernetes_nodes.delete(name)
        if passed(record.done_at):
            self.bridged.records.delete(record)

    def _save(self, record: Record) -> None:
        """Keep what of the nodes is known now."""
        kept = record.state["nodes"]
        self.bridged.change(record, lambda current: current.state.update(nodes=kept))

    def _launch(self, record: Record) -> None:
        """Have a node for each that the group wants."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        missing = self._wanted(record) - len(self._new(record))
        if missing > 0:
            groups = self.bridged.records.all(NODEGROUP, record.account, record.region, record.cluster)
            taken = {name for group in groups for name in group.state["nodes"]}
            record.state["nodes"] |= nodes.additional(record, missing, wanted_generation(record), taken)
            self._save(record)
        present = set(kubernetes_nodes.names())
        for name, node in record.state["nodes"].items():
            if name not in present and "leaving" not in node:
                kubernetes_nodes.create(
                    name, nodes.labels(record), record.resource["taints"], node["zone"], node["instance_type"]
                )

    def _wanted(self, record: Record) -> int:
        """How many nodes of the wanted generation there should be now.

        While others are replaced there are more nodes than desired: by as many as EKS's surge, but never one
        that would not stay.
        """
        desired = int(record.resource["scalingConfig"]["desiredSize"])
        old = len(self._old(record))
        if not old:
            return desired
        surge = 0 if record.resource["updateConfig"].get("updateStrategy") == MINIMAL else desired
        zones = 2 * len(set(record.state["zones"]))
        return min(desired, desired + min(surge, max(zones, max_unavailable(record))) - old)

    def _old(self, record: Record) -> list[str]:
        """The nodes that are to be replaced."""
        wanted = wanted_generation(record)
        if "replacement" not in record.state:
            return []
        return [name for name, node in record.state["nodes"].items() if node["generation"] != wanted]

    def _new(self, record: Record) -> list[str]:
        """The nodes that stay."""
        old = set(self._old(record))
        return [
            name for name, node in record.state["nodes"].items() if name not in old and "leaving" not in node
        ]

    def _ready(self, record: Record) -> bool:
        """Whether all nodes are there that should be, and ready."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        new = self._new(record)
        return len(new) >= self._wanted(record) and all(kubernetes_nodes.ready(name) for name in new)

    def _replace(self, record: Record) -> None:
        """Send old nodes away, so many at a time, once as many new ones are ready as there should be."""
        old = self._old(record)
        if not old or not self._ready(record):
            return
        kept = record.state["nodes"]
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        for name in old:
            if not kept[name].get("cordoned"):
                kubernetes_nodes.cordon(name, True)
                kept[name]["cordoned"] = True
        leaving = [name for name in old if "leaving" in kept[name]]
        for name in [each for each in old if each not in leaving][: max_unavailable(record) - len(leaving)]:
            kept[name]["leaving"] = clock.now()
        self._save(record)

    def _shrink(self, record: Record) -> None:
        """Send away what is more than desired, the newest first."""
        if self._old(record):
            return
        surplus = self._new(record)[int(record.resource["scalingConfig"]["desiredSize"]) :]
        for name in surplus:
            self.bridged.kubernetes(record).nodes.cordon(name, True)
            record.state["nodes"][name] |= {"cordoned": True, "leaving": clock.now()}
        if surplus:
            self._save(record)

    def _let_go(self, record: Record) -> None:
        """Evict the pods of the nodes that go, and terminate these when none is left."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        kept: dict[str, dict[str, Any]] = record.state["nodes"]
        old = self._old(record)
        for name, node in list(kept.items()):
            if "leaving" not in node:
                continue
            is_late = clock.now() >= max(
                self.times.after(node["leaving"], "eks-pod-eviction"), node["leaving"] + PATIENCE
            )
            if "drained" not in node and not (left := kubernetes_nodes.drain(name)):
                node["drained"] = clock.now()
                self._save(record)
            elif "drained" not in node and is_late and name in old and not is_forced(record):
                self._fail(record, name, left)
                return
            if is_late or passed(self.times.after(node.get("drained", clock.now()), "eks-node-termination")):
                kubernetes_nodes.delete(name)
                del kept[name]
                self._save(record)

    def _fail(self, record: Record, name: str, left: list[str]) -> None:
        """Give up the replacement: what is new stays, what is old is used again."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        for old in self._old(record):
            kubernetes_nodes.cordon(old, False)
            for mark in ("cordoned", "leaving", "drained"):
                record.state["nodes"][old].pop(mark, None)
        kept = record.state["nodes"]
        error = {
            "errorCode": "PodEvictionFailure",
            "errorMessage": "Reached max retries while trying to evict pods from nodes in node group "
            f"{record.names[-1]}: {', '.join(left)}",
            "resourceIds": [name],
        }

        def end(current: Record) -> None:
            current.state["nodes"] = kept
            current.state.pop("replacement", None)

        self.bridged.finish(record, "ACTIVE", end, [error])
        del record.state["replacement"]

    def _conclude(self, record: Record) -> None:
        """Say that what was asked for is done, when it is."""
        if record.status not in ("CREATING", "UPDATING") or not passed(record.done_at):
            return
        leaving = any("leaving" in node for node in record.state["nodes"].values())
        if not leaving and not self._old(record) and self._ready(record):
            self.bridged.finish(record, "ACTIVE", lambda current: current.state.pop("replacement", None))


def wanted_generation(record: Record) -> str:
    replacement = record.state.get("replacement")
    return str(replacement["generation"]) if replacement else nodes.generation(record.resource)


def is_forced(record: Record) -> bool:
    """Whether pods that do not go are not waited for."""
    return bool(record.state["replacement"]["force"])


def max_unavailable(record: Record) -> int:
    """How many nodes may go at once: https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""
    config = record.resource["updateConfig"]
    if percentage := config.get("maxUnavailablePercentage"):
        size = int(record.resource["scalingConfig"]["desiredSize"])
        return max(1, math.floor(size * int(percentage) / 100))
    return int(config.get("maxUnavailable", 1))
