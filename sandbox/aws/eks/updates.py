"""Updates: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeUpdate.html"""

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.errors import not_found
from sandbox.aws.eks.records import ADDON, NODEGROUP, UPDATE, Record
from sandbox.aws.eks.service import Service
from sandbox.aws.pages import page


class Updates:
    def __init__(self, service: Service) -> None:
        self._service = service

    def handlers(self) -> Handlers:
        return {
            ("eks", "DescribeUpdate"): self.describe_update,
            ("eks", "ListUpdates"): self.list_updates,
        }

    def describe_update(self, call: Call) -> Result:
        parameters = call.parameters
        name, update_id = parameters["name"], parameters["updateId"]
        of = self._of(call)
        update = self._service.records.get(UPDATE, call.account, call.region, name, update_id)
        if update is None or update.state["key"] != of.key:
            raise not_found(f"No update found for ID: {update_id}", clusterName=name)
        return {"update": update.described()}

    def list_updates(self, call: Call) -> Result:
        of = self._of(call)
        updates = self._service.records.all(UPDATE, call.account, call.region, of.cluster)
        mine = [update for update in updates if update.state["key"] == of.key]
        mine.sort(key=lambda update: -float(update.resource["createdAt"]))
        return page([update.names[-1] for update in mine], call.parameters, "updateIds")

    def _of(self, call: Call) -> Record:
        """What the request asks the updates of: the cluster, or one of its node groups or add-ons."""
        parameters = call.parameters
        cluster = self._service.cluster(call, parameters["name"])
        for kind, parameter in ((NODEGROUP, "nodegroupName"), (ADDON, "addonName")):
            if name := parameters.get(parameter):
                record = self._service.records.get(kind, call.account, call.region, cluster.cluster, name)
                if record is None:
                    raise not_found(f"No {parameter.removesuffix('Name')} found for name: {name}.")
                return record
        return cluster
