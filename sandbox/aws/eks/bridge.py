"""The bridge from EKS's records to the sandbox's Kubernetes: brings about what was asked for, step by step.

A thread goes over all records again and again. It keeps nothing in memory, so that after a restart it goes
on; what it does may be done again.
"""

import base64
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import passed
from sandbox.aws.eks import nodes
from sandbox.aws.eks.access_policies import ARN
from sandbox.aws.eks.addon_versions import ADDONS
from sandbox.aws.eks.networking import delete_security_group
from sandbox.aws.eks.records import ACCESS_ENTRY, ADDON, CLUSTER, KINDS, NODEGROUP, UPDATE, Record, Records
from sandbox.aws.kubernetes_ports import Clusters, Kubernetes
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rounds
ROUNDS_TO_BIND_AGAIN = 6


@dataclass
class Bridge:
    """`authenticator_url` takes a cluster: where its API server has tokens reviewed."""

    records: Records
    clusters: Clusters
    clients: Clients
    authenticator_url: Callable[[Record], str]

    def __post_init__(self) -> None:
        self._rounds = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eks-bridge", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the round under way is over."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.step()

    def step(self) -> None:
        """One round over everything; what fails is logged, and tried again in the next round."""
        self._rounds += 1
        for cluster in list(self.records.all(CLUSTER)):
            self._try(self._cluster, cluster)
            if cluster.status in ("ACTIVE", "UPDATING"):
                for kind, advance in (
                    (ADDON, self._addon),
                    (NODEGROUP, self._nodegroup),
                    (ACCESS_ENTRY, self._access_entry),
                ):
                    for record in list(
                        self.records.all(kind, cluster.account, cluster.region, cluster.cluster)
                    ):
                        self._try(advance, record)

    def _try(self, advance: Callable[[Record], None], record: Record) -> None:
        try:
            advance(record)
        except Exception as error:
            log.warning("%s %s: %s (tried again)", record.kind, "/".join(record.names), error, exc_info=True)

    def _change(self, record: Record, change: Callable[[Record], None]) -> None:
        """Apply a change to the record as it is now; a client may have changed it meanwhile."""
        with self.records.transaction():
            current = self.records.get(record.kind, record.account, record.region, *record.names)
            if current is not None:
                change(current)
                self.records.save(current)

    def _finish(self, record: Record, status: str, change: Callable[[Record], None] | None = None) -> None:
        """Give the record its new status, unless a client asked for something else meanwhile."""
        before = record.status

        def finish(current: Record) -> None:
            if current.status != before:
                return
            current.status = status
            if change:
                change(current)
            if before == "UPDATING":
                self._finish_updates(current)

        self._change(record, finish)

    def _finish_updates(self, record: Record) -> None:
        for update in self.records.all(UPDATE, record.account, record.region, record.cluster):
            if update.state["key"] == record.key and update.status == "InProgress":
                update.status = "Successful"
                self.records.save(update)

    def _kubernetes(self, record: Record) -> Kubernetes:
        """What is behind the cluster that the record is, or belongs to. Raises LookupError without one."""
        cluster = self.records.get(CLUSTER, record.account, record.region, record.cluster)
        if cluster is None:
            raise LookupError(f"there is no cluster {record.cluster}")
        return self.clusters.of(cluster.state["place"], cluster.account, cluster.region)

    def _cluster(self, record: Record) -> None:
        control_plane = self._kubernetes(record).control_plane
        if record.status == "CREATING":
            control_plane.create(
                record.resource["version"],
                self.authenticator_url(record),
                record.resource["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
            )
            if passed(record.done_at) and control_plane.ready():
                self._finish(record, "ACTIVE", self._tell_endpoint)
        elif record.status == "UPDATING" and passed(record.done_at):
            self._finish(record, "ACTIVE")
        elif record.status == "DELETING" and passed(record.done_at):
            control_plane.delete()
            if place := record.state["place"]:
                self.clusters.remove(place)
            self._forget(record)

    def _tell_endpoint(self, record: Record) -> None:
        control_plane = self._kubernetes(record).control_plane
        resource = record.resource
        resource["endpoint"] = control_plane.endpoint
        resource["certificateAuthority"] = {
            "data": base64.b64encode(control_plane.certificate_authority).decode()
        }
        resource["identity"] = {"oidc": {"issuer": control_plane.oidc_issuer}}
        resource["resourcesVpcConfig"]["clusterSecurityGroupId"] = record.state["security_group"]

    def _forget(self, record: Record) -> None:
        ec2 = self.clients.get("ec2", record.account, record.region)
        delete_security_group(ec2, record.state["security_group"])
        with self.records.transaction():
            for kind in KINDS[1:]:
                for child in list(self.records.all(kind, record.account, record.region, record.cluster)):
                    self.records.delete(child)
            self.records.delete(record)

    def _addon(self, record: Record) -> None:
        addons, name = self._kubernetes(record).addons, record.names[-1]
        if record.status == "DELETING":
            if passed(record.done_at):
                if not record.state.get("preserve"):
                    addons.remove(name)
                self.records.delete(record)
            return
        if record.status in ("CREATE_FAILED", "UPDATE_FAILED"):
            return
        wanted = [record.resource["addonVersion"], record.resource.get("configurationValues")]
        if record.state["installed"] != wanted:
            try:
                addons.install(name, wanted[0], wanted[1])
            except SandboxError as error:
                self._addon_failed(record, str(error))
                return
            self._change(record, lambda current: current.state.update(installed=wanted))
        if not passed(record.done_at):
            return
        healthy = (self._has_nodes(record) and addons.healthy(name)) or self._healthy_without_nodes(record)
        if healthy and record.status != "ACTIVE":
            self._finish(record, "ACTIVE", lambda current: current.resource.update(health={"issues": []}))
        elif not healthy and record.status in ("CREATING", "UPDATING") and not self._has_nodes(record):
            # https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting-addons.html
            self._finish(
                record, "DEGRADED", lambda current: current.resource.update(health=no_replicas(name))
            )

    def _addon_failed(self, record: Record, message: str) -> None:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonIssue.html"""
        issue = {"code": "ConfigurationConflict", "message": message, "resourceIds": []}
        status = "UPDATE_FAILED" if record.status == "UPDATING" else "CREATE_FAILED"
        self._finish(record, status, lambda current: current.resource.update(health={"issues": [issue]}))

    def _has_nodes(self, record: Record) -> bool:
        groups = self.records.all(NODEGROUP, record.account, record.region, record.cluster)
        return any(group.state["nodes"] for group in groups)

    def _healthy_without_nodes(self, record: Record) -> bool:
        return not self._has_nodes(record) and ADDONS[record.names[-1]].daemon_set

    def _nodegroup(self, record: Record) -> None:
        kubernetes_nodes = self._kubernetes(record).nodes
        if record.status == "DELETING":
            for name in record.state["nodes"]:
                kubernetes_nodes.delete(name)
            if passed(record.done_at):
                self.records.delete(record)
            return
        if record.status == "CREATE_FAILED":
            return
        if not record.state["joins"]:
            if passed(record.done_at):
                self._finish(
                    record, "CREATE_FAILED", lambda current: current.resource.update(health=nodes.no_join())
                )
            return
        self._scale(record)
        ready = all(kubernetes_nodes.ready(name) for name in record.state["nodes"])
        if record.status in ("CREATING", "UPDATING") and passed(record.done_at) and ready:
            self._finish(record, "ACTIVE")

    def _scale(self, record: Record) -> None:
        """Have as many nodes as the group wants; `record` is then as it is kept."""
        kubernetes_nodes = self._kubernetes(record).nodes
        others = self.records.all(NODEGROUP, record.account, record.region, record.cluster)
        taken = {name for group in others for name in group.state["nodes"]}
        wanted, removed = nodes.planned(record, taken)
        if wanted != record.state["nodes"]:
            self._change(record, lambda current: current.state.update(nodes=wanted))
            record.state["nodes"] = wanted
        present = set(kubernetes_nodes.names())
        for name in removed:
            kubernetes_nodes.delete(name)
        for name, node in wanted.items():
            if name not in present:
                kubernetes_nodes.create(
                    name, nodes.labels(record), record.resource["taints"], node["zone"], node["instance_type"]
                )

    def _access_entry(self, record: Record) -> None:
        bound = record.state.get("bound", {})
        wanted = {arn: policy["accessScope"] for arn, policy in record.state["policies"].items()}
        for arn, scope in wanted.items():
            # A namespace may come later than the policy that is for it.
            if bound.get(arn) != scope or (scope["namespaces"] and self._rounds % ROUNDS_TO_BIND_AGAIN == 0):
                namespaces = scope["namespaces"] if scope["type"] == "namespace" else None
                self._kubernetes(record).access_policies.bind(arn.removeprefix(ARN), namespaces)
        if bound != wanted:
            self._change(record, lambda current: current.state.update(bound=wanted))


def no_replicas(name: str) -> dict[str, list[dict[str, object]]]:
    return {
        "issues": [
            {
                "code": "InsufficientNumberOfReplicas",
                "message": f"The add-on is unhealthy because no pod of {name} is scheduled: "
                "no nodes available to schedule pods",
                "resourceIds": [],
            }
        ]
    }
