"""The bridge from EKS's records to the sandbox's Kubernetes: brings about what was asked for, step by step.

A thread goes over all records again and again. It keeps nothing in memory, so that after a restart it goes
on; what it does may be done again.
"""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.eks.access_policies import ARN
from sandbox.aws.eks.addon_versions import ADDONS
from sandbox.aws.eks.auto_scaling import AutoScaling
from sandbox.aws.eks.bridged import Bridged
from sandbox.aws.eks.networking import delete_security_group
from sandbox.aws.eks.nodegroup_bridge import NodegroupBridge
from sandbox.aws.eks.records import ACCESS_ENTRY, ADDON, CLUSTER, KINDS, NODEGROUP, Record, Records
from sandbox.aws.kubernetes_ports import Clusters
from sandbox.aws.rounds import Rounds
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rounds
ROUNDS_TO_BIND_AGAIN = 6
ROUNDS_TO_LOOK = 8  # at an Auto Scaling group that nobody is known to change


@dataclass
class Bridge(Rounds):
    """`authenticator_url` takes a cluster: where its API server has tokens reviewed."""

    records: Records
    clusters: Clusters
    clients: Clients
    authenticator_url: Callable[[Record], str]
    times: CreationTimes

    def __post_init__(self) -> None:
        super().__init__("eks-bridge", PAUSE)
        self.bridged = Bridged(self.records, self.clusters)
        self._nodegroups = NodegroupBridge(self.bridged, self.times, AutoScaling(self.clients, self.records))
        self._rounds = 0

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

    def _cluster(self, record: Record) -> None:
        control_plane = self.bridged.kubernetes(record).control_plane
        if record.status == "CREATING":
            control_plane.create(
                record.resource["version"],
                self.authenticator_url(record),
                record.resource["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
            )
            if passed(record.done_at) and control_plane.ready():
                self.bridged.finish(record, "ACTIVE", self._tell_endpoint)
        elif record.status == "UPDATING" and passed(record.done_at):
            self.bridged.finish(record, "ACTIVE")
        elif record.status == "DELETING" and passed(record.done_at):
            control_plane.delete()
            if place := record.state["place"]:
                self.clusters.remove(place)
            self._forget(record)

    def _tell_endpoint(self, record: Record) -> None:
        control_plane = self.bridged.kubernetes(record).control_plane
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
        addons, name = self.bridged.kubernetes(record).addons, record.names[-1]
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
            self.bridged.change(record, lambda current: current.state.update(installed=wanted))
        if not passed(record.done_at):
            return
        healthy = (self._has_nodes(record) and addons.healthy(name)) or self._healthy_without_nodes(record)
        if healthy and record.status != "ACTIVE":
            self.bridged.finish(
                record, "ACTIVE", lambda current: current.resource.update(health={"issues": []})
            )
        elif not healthy and record.status in ("CREATING", "UPDATING") and not self._has_nodes(record):
            # https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting-addons.html
            self.bridged.finish(
                record, "DEGRADED", lambda current: current.resource.update(health=no_replicas(name))
            )

    def _addon_failed(self, record: Record, message: str) -> None:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonIssue.html"""
        issue = {"code": "ConfigurationConflict", "message": message, "resourceIds": []}
        status = "UPDATE_FAILED" if record.status == "UPDATING" else "CREATE_FAILED"
        error = {"errorCode": issue["code"], "errorMessage": message, "resourceIds": []}
        self.bridged.finish(
            record, status, lambda current: current.resource.update(health={"issues": [issue]}), [error]
        )

    def _has_nodes(self, record: Record) -> bool:
        groups = self.records.all(NODEGROUP, record.account, record.region, record.cluster)
        return any(group.state["nodes"] for group in groups)

    def _healthy_without_nodes(self, record: Record) -> bool:
        return not self._has_nodes(record) and ADDONS[record.names[-1]].daemon_set

    def _nodegroup(self, record: Record) -> None:
        self._nodegroups.advance(record, look=self._rounds % ROUNDS_TO_LOOK == 0)

    def _access_entry(self, record: Record) -> None:
        bound = record.state.get("bound", {})
        wanted = {arn: policy["accessScope"] for arn, policy in record.state["policies"].items()}
        for arn, scope in wanted.items():
            # A namespace may come later than the policy that is for it.
            if bound.get(arn) != scope or (scope["namespaces"] and self._rounds % ROUNDS_TO_BIND_AGAIN == 0):
                namespaces = scope["namespaces"] if scope["type"] == "namespace" else None
                self.bridged.kubernetes(record).access_policies.bind(arn.removeprefix(ARN), namespaces)
        if bound != wanted:
            self.bridged.change(record, lambda current: current.state.update(bound=wanted))


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
