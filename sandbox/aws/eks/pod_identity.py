"""Pod identity associations: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"""

import random
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.errors import in_use, not_found
from sandbox.aws.eks.records import POD_IDENTITY, Record
from sandbox.aws.eks.service import Service, check_role
from sandbox.aws.pages import page

PRINCIPAL = "pods.eks.amazonaws.com"
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


class PodIdentityAssociations:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._records = service.records

    def handlers(self) -> Handlers:
        return {
            ("eks", "CreatePodIdentityAssociation"): self.create,
            ("eks", "DescribePodIdentityAssociation"): self.describe,
            ("eks", "ListPodIdentityAssociations"): self.list,
            ("eks", "UpdatePodIdentityAssociation"): self.update,
            ("eks", "DeletePodIdentityAssociation"): self.delete,
        }

    def _get(self, call: Call) -> Record:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        identifier = call.parameters["associationId"]
        record = self._records.get(POD_IDENTITY, call.account, call.region, cluster.cluster, identifier)
        if record is None:
            raise not_found(
                f"The specified association-id {identifier} could not be found for cluster {cluster.cluster}"
            )
        return record

    def create(self, call: Call) -> Result:
        cluster = self._service.active_cluster(call, call.parameters["clusterName"])
        return {"association": associate(self._service, call, cluster.cluster, call.parameters).described()}

    def describe(self, call: Call) -> Result:
        return {"association": self._get(call).described()}

    def list(self, call: Call) -> Result:
        parameters = call.parameters
        cluster = self._service.cluster(call, parameters["clusterName"])
        found = [
            {name: record.resource[name] for name in SUMMARY if name in record.resource}
            for record in self._records.all(POD_IDENTITY, call.account, call.region, cluster.cluster)
            if parameters.get("namespace") in (None, record.resource["namespace"])
            and parameters.get("serviceAccount") in (None, record.resource["serviceAccount"])
        ]
        return page(found, parameters, "associations")

    def update(self, call: Call) -> Result:
        record = self._get(call)
        parameters = call.parameters
        if role := parameters.get("roleArn"):
            check_role(call, role, PRINCIPAL, "roleArn")
            record.resource["roleArn"] = role
        for name in ("targetRoleArn", "disableSessionTags"):
            if name in parameters:
                record.resource[name] = parameters[name]
        record.touch()
        self._records.save(record)
        return {"association": record.described()}

    def delete(self, call: Call) -> Result:
        record = self._get(call)
        self._records.delete(record)
        return {"association": record.described()}


def find(service: Service, cluster: Record, namespace: str, service_account: str) -> Record | None:
    """The association of a service account."""
    for record in service.records.all(POD_IDENTITY, cluster.account, cluster.region, cluster.cluster):
        if (record.resource["namespace"], record.resource["serviceAccount"]) == (namespace, service_account):
            return record
    return None


def associate(
    service: Service, call: Call, cluster: str, parameters: dict[str, Any], owner: str | None = None
) -> Record:
    """Make an association. Raises ResourceInUseException when the service account has one."""
    namespace, service_account = parameters["namespace"], parameters["serviceAccount"]
    record = service.cluster(call, cluster)
    check_role(call, parameters["roleArn"], PRINCIPAL, "roleArn")
    if existing := find(service, record, namespace, service_account):
        raise in_use(f"Association already exists: {existing.resource['associationId']}", clusterName=cluster)
    identifier = "a-" + "".join(random.SystemRandom().choices(ID_ALPHABET, k=17))
    base = f"arn:aws:eks:{call.region}:{call.account}:podidentityassociation"
    resource = {
        "clusterName": cluster,
        "namespace": namespace,
        "serviceAccount": service_account,
        "roleArn": parameters["roleArn"],
        "associationArn": f"{base}/{cluster}/{identifier}",
        "associationId": identifier,
        "tags": parameters.get("tags") or {},
        "createdAt": clock.now(),
        "modifiedAt": clock.now(),
        "disableSessionTags": bool(parameters.get("disableSessionTags")),
    }
    if owner:
        resource["ownerArn"] = owner
    if target := parameters.get("targetRoleArn"):
        resource["targetRoleArn"] = target
    made = Record(POD_IDENTITY, call.account, call.region, [cluster, identifier], resource)
    service.records.save(made)
    return made


def remove_owned(service: Service, addon: Record, owner: str) -> None:
    """Remove the associations that an add-on owns."""
    for record in list(service.records.all(POD_IDENTITY, addon.account, addon.region, addon.cluster)):
        if record.resource.get("ownerArn") == owner:
            service.records.delete(record)
