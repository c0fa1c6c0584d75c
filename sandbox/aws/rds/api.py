"""RDS's API: Aurora PostgreSQL with real servers behind it; subnet groups are the emulator's."""

from typing import Any

from sandbox.aws.calls import Call, Handler, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.emulator import writes
from sandbox.aws.errors import NotImplementedByEmulator
from sandbox.aws.rds import versions
from sandbox.aws.rds.bridge import Bridge
from sandbox.aws.rds.cluster_changes import ClusterChanges
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.global_clusters import GlobalClusters
from sandbox.aws.rds.instances import Instances
from sandbox.aws.rds.parameter_groups import ParameterGroups
from sandbox.aws.rds.postgresql import PostgreSQL
from sandbox.aws.rds.records import CLUSTER_GROUP, INSTANCE_GROUP, Records
from sandbox.aws.rds.restores import Restores
from sandbox.aws.rds.servers import Servers
from sandbox.aws.rds.snapshots import Snapshots
from sandbox.aws.rds.subnet_groups import SubnetGroups
from sandbox.aws.rds.tags import Tags
from sandbox.settings import Settings

SERVICE = "rds"
# The emulator would say yes to these and do nothing to the servers.
REFUSED = (
    "BacktrackDBCluster",
    "CreateBlueGreenDeployment",
    "CreateDBClusterEndpoint",
    "CreateDBInstanceReadReplica",
    "CreateDBProxy",
    "CreateDBSnapshot",
    "ModifyDBClusterSnapshotAttribute",
    "PromoteReadReplica",
    "PromoteReadReplicaDBCluster",
    "RebootDBCluster",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceToPointInTime",
    "StartDBInstance",
    "StartExportTask",
    "StopDBInstance",
)


class RDS:
    """The handlers of RDS, and the bridge that runs the servers."""

    def __init__(
        self,
        documents: Documents,
        times: CreationTimes,
        clients: Clients,
        postgresql: PostgreSQL,
        settings: Settings,
    ) -> None:
        self._records = records = Records(documents)
        cluster_groups = ParameterGroups(records, CLUSTER_GROUP)
        instance_groups = ParameterGroups(records, INSTANCE_GROUP)
        clusters = Clusters(records, cluster_groups, times, settings)
        changes = ClusterChanges(records, clusters, cluster_groups, times)
        snapshots = Snapshots(records, clusters, times)
        self._parts: tuple[Any, ...] = (
            cluster_groups,
            instance_groups,
            clusters,
            changes,
            Instances(records, clusters, instance_groups, times, settings),
            snapshots,
            Restores(records, clusters, snapshots, times),
            GlobalClusters(records, times, settings),
            SubnetGroups(records),
            Tags(records),
            versions,
        )
        servers = Servers(records, cluster_groups, instance_groups, settings)
        self.bridge = Bridge(records, postgresql, servers, changes, clients)

    def handlers(self) -> Handlers:
        served: dict[str, Handler] = {}
        for part in self._parts:
            served |= part.handlers()
        served |= dict.fromkeys(REFUSED, refuse)
        return {
            (SERVICE, operation): self._whole(handler) if writes(operation) else handler
            for operation, handler in served.items()
        }

    def _whole(self, handler: Handler) -> Handler:
        """The operation changes all that it changes, or nothing, and the bridge does not meanwhile."""

        def handle(call: Call) -> Result:
            with self._records.transaction():
                return handler(call)

        return handle


def refuse(call: Call) -> Result:
    """Say that nothing was done. Raises NotImplementedByEmulator, always."""
    raise NotImplementedByEmulator(call.operation.service, call.operation.name)
