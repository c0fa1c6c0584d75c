"""Which tools the sandbox needs: what each is built from, and what programs it gives."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.settings import CHECKOUT

MODULES = CHECKOUT / "sandbox" / "tools"


@dataclass(frozen=True)
class Tool:
    """A Go module of `sandbox/tools/` and what is built from it.

    Its versions stand in its go.mod; `module` is the one that the tool is named by.
    """

    name: str
    programs: Sequence[str]  # what it gives
    packages: Sequence[str] = (".",)  # import paths of its main packages
    module: str = ""  # none: it is our own
    linked: Sequence[str] = ()  # variables set to the version by the linker, as "<import path>.<name>={}"
    configuration: Sequence[str] = ()  # modules whose `config` folder is kept with the programs
    tiers: frozenset[str] = frozenset({"node", "virtual"})
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", MODULES / self.name)

    @property
    def version(self) -> str:
        """The version of `module` in go.mod, e.g. "1.35.4"."""
        if not self.module:
            return "1"
        go_mod = (self.folder / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)", go_mod, re.MULTILINE)
        if not found:
            raise ValueError(f"{self.folder}/go.mod requires no {self.module}")
        return found[1]

    @property
    def linker_flags(self) -> str:
        major, minor = [*self.version.split("."), "0"][:2]
        values = (text.format(version=self.version, major=major, minor=minor) for text in self.linked)
        return " ".join(["-s -w", *(f"-X {value}" for value in values)])

    @property
    def key(self) -> str:
        """Name of the built tool in the cache: another source, version or recipe is another key."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
        recipe = [self.linker_flags, *self.packages, *self.programs, *self.configuration]
        digest.update("\0".join(recipe).encode())
        return f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"


VERSION_PACKAGE = "k8s.io/component-base/version"
FLUX_CONTROLLERS = ("github.com/fluxcd/source-controller", "github.com/fluxcd/kustomize-controller")

# In the order in which a site needs them: EKS's control plane, its nodes, its add-ons, then Flux.
TOOLS = (
    Tool("pause", ("pause",), tiers=frozenset({"node"})),
    Tool("etcd", ("etcd",), ("go.etcd.io/etcd/server/v3",), "go.etcd.io/etcd/server/v3"),
    Tool(
        "kubernetes",
        (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "kubectl",
        ),
        module="k8s.io/kubernetes",
        linked=(
            f"{VERSION_PACKAGE}.gitVersion=v{{version}}",
            f"{VERSION_PACKAGE}.gitMajor={{major}}",
            f"{VERSION_PACKAGE}.gitMinor={{minor}}",
        ),
    ),
    Tool(
        "kwok",
        ("kwok",),
        ("sigs.k8s.io/kwok/cmd/kwok",),
        "sigs.k8s.io/kwok",
        tiers=frozenset({"virtual"}),
    ),
    Tool(
        "coredns",
        ("coredns",),
        ("github.com/coredns/coredns",),
        "github.com/coredns/coredns",
        tiers=frozenset({"node"}),
    ),
    Tool(
        "flux",
        ("source-controller", "kustomize-controller"),
        FLUX_CONTROLLERS,
        FLUX_CONTROLLERS[0],
        configuration=FLUX_CONTROLLERS,
    ),
)


def for_tier(tier: str) -> list[Tool]:
    """The tools that a sandbox of this tier needs, in the order in which they are needed."""
    return [tool for tool in TOOLS if tier in tool.tiers]
