"""The Kubernetes behind each EKS cluster: the sandbox's own behind the first, one beside it for any other.

A further cluster is to the sandbox's Kubernetes code what a sandbox of virtual nodes is: settings of its own
in `clusters/<place>`, with a subnet, ports, certificates and an OIDC issuer that follow from them.
"""

import dataclasses
import shutil
import threading

from sandbox import claims
from sandbox.aws.eks.service_accounts import ReviewedServiceAccounts
from sandbox.aws.kubernetes_ports import Kubernetes
from sandbox.creation import unused_indexes
from sandbox.kubernetes.access import AccessPolicies
from sandbox.kubernetes.addons import Addons
from sandbox.kubernetes.control_plane import ControlPlane
from sandbox.kubernetes.nodes import Nodes
from sandbox.machine import ports
from sandbox.processes import Processes
from sandbox.settings import SETTINGS_FILE, Settings

TIER = "virtual"  # a further cluster's nodes: they need no bridge of their own, and hardly any memory


class ControlPlanes:
    """See `sandbox.aws.kubernetes_ports.Clusters`. Methods raise SandboxError; safe for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Kubernetes] = {}
        self._lock = threading.Lock()

    def of(self, place: str, account: str, region: str) -> Kubernetes:
        with self._lock:
            if place not in self._made:
                settings = self.settings_of(place, account, region) if place else self._settings
                processes = Processes(settings)
                self._made[place] = Kubernetes(
                    ControlPlane(settings, processes),
                    Nodes(settings, processes),
                    Addons(settings, processes),
                    AccessPolicies(settings),
                    ReviewedServiceAccounts(settings),
                )
            return self._made[place]

    def settings_of(self, place: str, account: str, region: str) -> Settings:
        """The settings of a further cluster, made when there are none."""
        folder = self._settings.folder / "clusters" / place
        name = f"{self._settings.name}-{place}"
        with claims.exclusive():
            if (folder / SETTINGS_FILE).exists():
                settings = Settings.load(folder)
                claims.claim(folder, name, [settings.index])  # a reboot may have emptied the claims' folder
                return settings
            index = claims.claim(folder, name, unused_indexes(TIER)).index
            settings = dataclasses.replace(
                self._settings,
                name=name,
                folder=folder,
                index=index,
                tier=TIER,
                notejam_port=ports.free_port(8080 + index),
                account_id=account,
                region=region,
                place=place,
                gateway=self._settings.address(1),
            )
            settings.save()
        settings.logs.mkdir(exist_ok=True)
        return settings

    def remove(self, place: str) -> None:
        folder = self._settings.folder / "clusters" / place
        with self._lock:
            self._made.pop(place, None)
            shutil.rmtree(folder, ignore_errors=True)
            claims.release(folder)
