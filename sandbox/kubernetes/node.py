"""What one node is: its name, its number, and the addresses, names and folders that follow from them."""

import contextlib
import dataclasses
import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError
from sandbox.processes import Processes, Program
from sandbox.settings import Settings, write_private

FIRST_ADDRESS = 10  # host number of node 0 in the sandbox's subnet; the databases begin at 32
NODES_AT_MOST = 22


@dataclass(frozen=True)
class Node:
    """A node of the cluster; `number` 0..21 is unique in the sandbox."""

    settings: Settings
    name: str  # of the Node object, as EKS has it: "ip-10-0-1-23.eu-west-1.compute.internal"
    number: int
    zone: str
    instance_type: str
    labels: dict[str, str]
    taints: list[dict[str, str]]  # EKS's: {"key", "value", "effect": "NO_SCHEDULE"...}
    instance_id: str  # of EC2

    @property
    def folder(self) -> Path:
        return self.settings.folder / "nodes" / f"n{self.number}"

    @property
    def program(self) -> str:
        """Name of its supervised process."""
        return f"node-n{self.number}"

    @property
    def namespace(self) -> str:
        """Name of its network namespace, and of the host's end of its cable."""
        return f"{self.settings.bridge}-n{self.number}"

    @property
    def address(self) -> IPv4Address:
        return IPv4Address(self.settings.address(FIRST_ADDRESS + self.number))

    @property
    def pod_network(self) -> IPv4Network:
        return list(self.settings.pod_network.subnets(new_prefix=24))[self.number]

    @property
    def cgroup(self) -> str:
        """Its control group, relative to each hierarchy's root."""
        return f"notejam-{self.settings.name}/n{self.number}"

    @property
    def provider_id(self) -> str:
        return f"aws:///{self.zone}/{self.instance_id}"

    @property
    def all_labels(self) -> dict[str, str]:
        """The declared labels and those that the cloud provider adds.

        https://kubernetes.io/docs/reference/labels-annotations-taints/
        """
        return {
            **self.labels,
            "node.kubernetes.io/instance-type": self.instance_type,
            "topology.kubernetes.io/region": self.settings.region,
            "topology.kubernetes.io/zone": self.zone,
        }

    @property
    def kubernetes_taints(self) -> list[dict[str, str]]:
        """The taints as Kubernetes writes them: "NO_SCHEDULE" is its "NoSchedule"."""
        return [
            {**taint, "effect": "".join(word.capitalize() for word in taint["effect"].split("_"))}
            if "_" in taint["effect"]
            else taint
            for taint in self.taints
        ]

    @property
    def processes(self) -> "NodeProcesses":
        return NodeProcesses(self)

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "settings"}
        write_private(self.folder / "node.json", json.dumps(values, indent=2) + "\n")

    @classmethod
    def load(cls, settings: Settings, path: Path) -> "Node":
        values: dict[str, Any] = json.loads(path.read_text())
        return cls(settings=settings, **values)


class NodeProcesses(Processes):
    """The programs inside a node, which its own supervisord runs."""

    def __init__(self, node: Node) -> None:
        self.folder = node.folder / "supervisor"
        self.socket = node.settings.socket(f"n{node.number}.sock")
        self.logs = node.settings.logs / f"n{node.number}"

    def declare(self, program: Program) -> None:
        """Have the node run `program` from its next start on; `ensure` does so at once."""
        path = self._configuration(program.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, self._render(program))

    def withdraw(self, name: str) -> None:
        """Have the node not run the program from its next start, or `refresh`, on."""
        self._configuration(name).unlink(missing_ok=True)

    def refresh(self) -> None:
        """Bring a running node to what is declared; one that does not run takes it up at its start."""
        with contextlib.suppress(SandboxError), self._supervisor() as supervisor:
            [[added, changed, removed]] = supervisor.reloadConfig()
            for name in (*changed, *removed):
                self._drop(supervisor, name)
            for name in (*added, *changed):
                supervisor.addProcessGroup(name)


def nodes(settings: Settings) -> list[Node]:
    """The sandbox's nodes by number."""
    found = (Node.load(settings, path) for path in (settings.folder / "nodes").glob("*/node.json"))
    return sorted(found, key=lambda node: node.number)
