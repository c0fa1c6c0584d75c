"""The server behind each instance's record: where it listens, whom it follows, and what it is set to."""

from sandbox.aws.rds.parameter_groups import ParameterGroups, Value
from sandbox.aws.rds.parameters import catalog, family_of
from sandbox.aws.rds.postgresql import Cluster, Instance
from sandbox.aws.rds.records import CLUSTER, Record, Records
from sandbox.settings import Settings

IN_SYNC, PENDING = "in-sync", "pending-reboot"


class Servers:
    """Reads records, and changes none."""

    def __init__(
        self,
        records: Records,
        cluster_groups: ParameterGroups,
        instance_groups: ParameterGroups,
        settings: Settings,
    ) -> None:
        self._records = records
        self._cluster_groups = cluster_groups
        self._instance_groups = instance_groups
        self._settings = settings

    def place(self, cluster: Record) -> Cluster:
        return Cluster(cluster.account, cluster.region, cluster.identifier)

    def server(self, record: Record, cluster: Record, *, writes: bool | None = None) -> Instance:
        """The instance's server; the one that writes answers for the cluster's endpoint, too."""
        endpoint, reader = (self._settings.address(host) for host in cluster.state["hosts"])
        if writes is None:
            writes = record.state["writer"] and not cluster.state["replicates"]
        return Instance(
            self.place(cluster),
            record.identifier,
            self._settings.address(record.state["host"]),
            cluster.answer["Port"],
            (endpoint,) if writes else (),
            (endpoint, reader),
        )

    def reader_endpoint(self, cluster: Record) -> str:
        return self._settings.address(cluster.state["hosts"][1])

    def readers(self, cluster: Record) -> list[str]:
        """Addresses of who answers for the reader endpoint: the writer does while it is alone.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
        """
        up = [
            each
            for each in self._records.instances(cluster)
            if each.state["started"] and not each.state["rebuild"] and each.status != "deleting"
        ]
        readers = [each for each in up if not each.state["writer"]]
        return [self._settings.address(each.state["host"]) for each in readers or up]

    def primary(self, cluster: Record) -> Record | None:
        """The cluster that this one is a secondary of, in a global database."""
        if not cluster.state["replicates"]:
            return None
        region, _, identifier = cluster.state["replicates"].partition("/")
        return self._records.get(CLUSTER, cluster.account, region, identifier)

    def source(self, record: Record, cluster: Record) -> Instance | None:
        """Whose log the server reads: None for one that writes, or whose source is not there yet."""
        if not record.state["writer"]:
            writer = self._records.writer(cluster)
            return self.server(writer, cluster) if writer and not writer.state["rebuild"] else None
        primary = self.primary(cluster)
        writer = self._records.writer(primary) if primary else None
        return self.server(writer, primary) if writer and primary else None

    def writes(self, record: Record, cluster: Record) -> bool:
        return bool(record.state["writer"] and not cluster.state["replicates"])

    def wanted(self, record: Record, cluster: Record) -> dict[str, Value]:
        """What the groups set for the server, the instance's over the cluster's."""
        of_cluster = self._cluster_groups.values(
            cluster.account, cluster.region, cluster.state["parameter_group"]
        )
        own = self._instance_groups.values(record.account, record.region, record.state["parameter_group"])
        return of_cluster | own

    def defaults(self, cluster: Record) -> dict[str, str]:
        """The engine's defaults that differ from PostgreSQL's here."""
        known = catalog(family_of(cluster.answer["EngineVersion"]))
        return {"rds.force_ssl": known["rds.force_ssl"].default or "0"}

    def due(self, record: Record, cluster: Record) -> tuple[dict[str, str], dict[str, str]]:
        """What a running server can take over now, and the two groups' states after that.

        Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html
        """
        applied = record.state["applied"]
        if record.state["groups"] != self.groups(record, cluster):
            before, now = record.state["groups"], self.groups(record, cluster)
            return applied, {
                "cluster_group_status": IN_SYNC if before[0] == now[0] else PENDING,
                "group_status": IN_SYNC if before[1] == now[1] else PENDING,
            }
        known = catalog(family_of(cluster.answer["EngineVersion"]))
        own = self._instance_groups.values(record.account, record.region, record.state["parameter_group"])
        wanted, states = (
            self.wanted(record, cluster),
            {"cluster_group_status": IN_SYNC, "group_status": IN_SYNC},
        )
        after = dict(applied)
        for name in wanted.keys() | applied.keys():
            value = wanted.get(name)
            if (value.value if value else None) == applied.get(name):
                continue
            if known[name].static or (value and not value.immediate):
                states["group_status" if name in own else "cluster_group_status"] = PENDING
            elif value:
                after[name] = value.value
            else:
                del after[name]
        return after, states

    @staticmethod
    def groups(record: Record, cluster: Record) -> list[str]:
        return [cluster.state["parameter_group"], record.state["parameter_group"]]
