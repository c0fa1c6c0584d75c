"""RDS's API: Aurora PostgreSQL with real servers behind it; the rest is the emulator's."""

from sandbox.aws.calls import Call, Handler, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.errors import NotImplementedByEmulator
from sandbox.aws.rds.bridge import Bridge
from sandbox.aws.rds.clusters import Clusters
from sandbox.aws.rds.instances import Instances
from sandbox.aws.rds.postgresql import PostgreSQL
from sandbox.aws.rds.records import Records
from sandbox.settings import Settings

SERVICE = "rds"
# The emulator would say yes to these and do nothing to the servers.
REFUSED = (
    "CreateDBClusterSnapshot",
    "FailoverDBCluster",
    "PromoteReadReplica",
    "PromoteReadReplicaDBCluster",
    "RebootDBCluster",
    "RebootDBInstance",
    "RestoreDBClusterFromSnapshot",
    "RestoreDBClusterToPointInTime",
    "StartDBCluster",
    "StopDBCluster",
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
        records = Records(documents)
        self._clusters = Clusters(records, times, settings)
        self._instances = Instances(records, self._clusters, times, settings)
        self.bridge = Bridge(records, postgresql, clients, settings)

    def handlers(self) -> Handlers:
        served: dict[str, Handler] = {
            "CreateDBCluster": self._clusters.create,
            "DescribeDBClusters": self._clusters.describe,
            "ModifyDBCluster": self._clusters.modify,
            "DeleteDBCluster": self._clusters.delete,
            "CreateDBInstance": self._instances.create,
            "DescribeDBInstances": self._instances.describe,
            "ModifyDBInstance": self._instances.modify,
            "DeleteDBInstance": self._instances.delete,
            **dict.fromkeys(REFUSED, refuse),
        }
        return {(SERVICE, operation): handler for operation, handler in served.items()}


def refuse(call: Call) -> Result:
    """Say that nothing was done. Raises NotImplementedByEmulator, always."""
    raise NotImplementedByEmulator(call.operation.service, call.operation.name)
