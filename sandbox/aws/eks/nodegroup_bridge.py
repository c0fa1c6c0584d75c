"""What the bridge does for node groups: nodes come, are replaced and go, as EKS has it.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
"""

import math
from dataclasses import dataclass
from typing import Any

from sandbox.aws import clock
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.eks import nodes
from sandbox.aws.eks.auto_scaling import AutoScaling, Sizes
from sandbox.aws.eks.bridged import Bridged
from sandbox.aws.eks.records import Record

# Pods start and stop in real time: how long EKS waits for them to go is scaled to no less than this, seconds.
PATIENCE = 120
MINIMAL = "MINIMAL"


@dataclass
class NodegroupBridge:
    bridged: Bridged
    times: CreationTimes
    auto_scaling: AutoScaling

    def advance(self, record: Record, look: bool) -> None:
        """One step of what is to be done for the node group.

        `look` has it ask for its Auto Scaling group though nothing is under way that it knows of.
        """
        if record.status == "DELETING":
            self._remove(record)
        elif record.status == "CREATE_FAILED":
            return
        elif not record.state["joins"]:
            if passed(record.done_at):
                self.bridged.finish(
                    record, "CREATE_FAILED", lambda current: current.resource.update(health=nodes.no_join())
                )
        elif look or self._is_busy(record):
            self._provide(record)
            self._observe(record)
            self._start(record)
            self._replace(record)
            self._let_go(record)
            self._conclude(record)

    def _is_busy(self, record: Record) -> bool:
        leaving = any("leaving" in node for node in record.state["nodes"].values())
        return record.status != "ACTIVE" or leaving or bool(record.state.get("resized"))

    def _remove(self, record: Record) -> None:
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        for name in record.state["nodes"]:
            kubernetes_nodes.delete(name)
        if passed(record.done_at):
            self.auto_scaling.remove(record)
            self.bridged.records.delete(record)

    def _save(self, record: Record) -> None:
        """Keep what is known of the nodes now."""
        kept = {name: record.state[name] for name in ("nodes", "templates", "launches")}
        self.bridged.change(record, lambda current: current.state.update(kept))

    def _provide(self, record: Record) -> None:
        """Have an Auto Scaling group of the sizes and the generation that are wanted."""
        generation = wanted_generation(record)
        replacement = record.state.get("replacement")
        resource = replacement["resource"] if replacement else record.resource
        if record.state["launches"] != generation:
            self.auto_scaling.provide(record, generation, resource)
            self._save(record)
        if record.state.get("resized"):
            self._resize(record)
            record.state["resized"] = False
            self.bridged.change(record, lambda current: current.state.update(resized=False))

    def _resize(self, record: Record) -> None:
        """Have the Auto Scaling group of the sizes that the node group is of."""
        scaling = record.resource["scalingConfig"]
        self.auto_scaling.resize(
            record, Sizes(scaling["minSize"], scaling["maxSize"], scaling["desiredSize"])
        )

    def _observe(self, record: Record) -> None:
        """Take over what instances the Auto Scaling group has now, and what sizes."""
        sizes, instances = self.auto_scaling.observe(record)
        if "replacement" not in record.state:
            self._take_sizes(record, sizes)
        kept = record.state["nodes"]
        by_instance = {node["instance"]: name for name, node in kept.items()}
        lost = sorted(by_instance.keys() - {each.id for each in instances})
        for gone in lost:  # before others come, who may have their addresses, and so their names
            self.bridged.kubernetes(record).nodes.delete(by_instance[gone])
            del kept[by_instance.pop(gone)]
        new = [each for each in instances if each.id not in by_instance]
        names = self.auto_scaling.names(record, [each.id for each in new])
        generations = {version: generation for generation, version in record.state["templates"].items()}
        changed = bool(new or lost)
        for each in new:
            kept[names[each.id]] = {
                "instance": each.id,
                "zone": each.zone,
                "instance_type": each.instance_type,
                "generation": generations.get(each.version, record.state["launches"]),
            }
            by_instance[each.id] = names[each.id]
        for each in instances:
            node = kept[by_instance[each.id]]
            if each.is_leaving and "leaving" not in node:
                self.bridged.kubernetes(record).nodes.cordon(by_instance[each.id], True)
                node |= {"cordoned": True, "leaving": clock.now(), "sent": True}
                changed = True
        if changed:
            self._save(record)

    def _take_sizes(self, record: Record, sizes: Sizes) -> None:
        """The group's sizes are those of its Auto Scaling group, whoever changed them."""
        told = {"minSize": sizes.least, "maxSize": sizes.most, "desiredSize": sizes.desired}
        if record.resource["scalingConfig"] == told:
            return

        def take(current: Record) -> None:
            if not current.state.get("resized") and "replacement" not in current.state:
                current.resource["scalingConfig"] = told

        self.bridged.change(record, take)
        record.resource["scalingConfig"] = told

    def _start(self, record: Record) -> None:
        """Have a node for each instance that stays."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        present = set(kubernetes_nodes.names())
        for name, node in record.state["nodes"].items():
            if name not in present and "leaving" not in node:
                kubernetes_nodes.create(
                    name,
                    nodes.labels(record, node["generation"]),
                    record.resource["taints"],
                    node["zone"],
                    node["instance_type"],
                    node["instance"],
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
        if "replacement" not in record.state:
            return
        old, kept = self._old(record), record.state["nodes"]
        self._surge(record, len(old))
        if not old or not self._ready(record):
            return
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        for name in old:
            if not kept[name].get("cordoned"):
                kubernetes_nodes.cordon(name, True)
                kept[name]["cordoned"] = True
        leaving = [name for name in old if "leaving" in kept[name]]
        for name in [each for each in old if each not in leaving][: max_unavailable(record) - len(leaving)]:
            kept[name]["leaving"] = clock.now()
        self._save(record)

    def _surge(self, record: Record, old: int) -> None:
        """Let the Auto Scaling group have the old nodes that are there and the new ones that should be."""
        desired = old + self._wanted(record)
        scaling = record.resource["scalingConfig"]
        sizes = self.auto_scaling.sizes(record)
        wanted = Sizes(0, max(scaling["maxSize"], desired), desired)
        if sizes != wanted:
            self.auto_scaling.resize(record, wanted)

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
                if not node.get("sent"):
                    self.auto_scaling.send_away(record, node["instance"])
                self.auto_scaling.terminate(record, node["instance"])
                del kept[name]
                self._save(record)

    def _fail(self, record: Record, name: str, left: list[str]) -> None:
        """Give up the replacement: what is old is used again, what is new stays as far as it is desired."""
        kubernetes_nodes = self.bridged.kubernetes(record).nodes
        kept, old = record.state["nodes"], self._old(record)
        for each in old:
            kubernetes_nodes.cordon(each, False)
            for mark in ("cordoned", "leaving", "drained"):
                kept[each].pop(mark, None)
        stay = max(0, int(record.resource["scalingConfig"]["desiredSize"]) - len(old))
        for each in self._new(record)[stay:]:
            kubernetes_nodes.cordon(each, True)
            self.auto_scaling.send_away(record, kept[each]["instance"])
            kept[each] |= {"cordoned": True, "leaving": clock.now(), "sent": True}
        error = {
            "errorCode": "PodEvictionFailure",
            "errorMessage": "Reached max retries while trying to evict pods from nodes in node group "
            f"{record.names[-1]}: {', '.join(left)}",
            "resourceIds": [name],
        }

        def end(current: Record) -> None:
            current.state["nodes"] = kept
            current.state.pop("replacement", None)

        self._resize(record)
        self.bridged.finish(record, "ACTIVE", end, [error])
        del record.state["replacement"]

    def _conclude(self, record: Record) -> None:
        """Say that what was asked for is done, when it is."""
        if record.status not in ("CREATING", "UPDATING") or not passed(record.done_at):
            return
        leaving = any("leaving" in node for node in record.state["nodes"].values())
        if not leaving and not self._old(record) and self._ready(record):
            if "replacement" in record.state:
                self._resize(record)
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
