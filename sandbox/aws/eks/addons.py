"""Add-ons: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html and its siblings."""

from typing import Any

import yaml

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks import pod_identity
from sandbox.aws.eks.addon_versions import ADDONS, configuration_schema
from sandbox.aws.eks.errors import in_use, invalid_parameter, not_found
from sandbox.aws.eks.records import ADDON, Record, new_id
from sandbox.aws.eks.service import Service, check_enumerations, check_role
from sandbox.aws.pages import page


class Addons:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._records = service.records

    def handlers(self) -> Handlers:
        return {
            ("eks", "CreateAddon"): self.create_addon,
            ("eks", "DescribeAddon"): self.describe_addon,
            ("eks", "ListAddons"): self.list_addons,
            ("eks", "UpdateAddon"): self.update_addon,
            ("eks", "DeleteAddon"): self.delete_addon,
            ("eks", "DescribeAddonVersions"): self.describe_addon_versions,
            ("eks", "DescribeAddonConfiguration"): self.describe_addon_configuration,
        }

    def _get(self, call: Call) -> Record:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        name = call.parameters["addonName"]
        record = self._records.get(ADDON, call.account, call.region, cluster.cluster, name)
        if record is None:
            raise not_found(f"No addon: {name} found in cluster: {cluster.cluster}", addonName=name)
        return record

    def create_addon(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        cluster = self._service.active_cluster(call, parameters["clusterName"])
        name = parameters["addonName"]
        version = check_version(name, parameters.get("addonVersion"), cluster.resource["version"])
        existing = self._records.get(ADDON, call.account, call.region, cluster.cluster, name)
        if existing:
            if existing.state["token"] and existing.state["token"] == parameters.get("clientRequestToken"):
                return {"addon": existing.described()}
            raise in_use("Addon already exists.", clusterName=cluster.cluster, addonName=name)
        base = f"arn:aws:eks:{call.region}:{call.account}:addon/{cluster.cluster}/{name}"
        resource = {
            "addonName": name,
            "clusterName": cluster.cluster,
            "status": "CREATING",
            "addonVersion": version,
            "health": {"issues": []},
            "addonArn": f"{base}/{new_id()}",
            "createdAt": clock.now(),
            "modifiedAt": clock.now(),
            "tags": parameters.get("tags") or {},
            "namespaceConfig": {"namespace": "kube-system"},
            **self._configuration(call, parameters),
        }
        state = {"token": parameters.get("clientRequestToken"), "installed": None}
        done_at = self._service.times.done_at("eks-addon")
        record = Record(ADDON, call.account, call.region, [cluster.cluster, name], resource, done_at, state)
        self._associate(call, record, parameters)
        self._records.save(record)
        return {"addon": record.described()}

    def _configuration(self, call: Call, parameters: dict[str, Any]) -> dict[str, Any]:
        configuration: dict[str, Any] = {}
        if values := parameters.get("configurationValues"):
            check_values(values)
            configuration["configurationValues"] = values
        if role := parameters.get("serviceAccountRoleArn"):
            check_role(call, role, None, "serviceAccountRoleArn")
            configuration["serviceAccountRoleArn"] = role
        return configuration

    def _associate(self, call: Call, record: Record, parameters: dict[str, Any]) -> None:
        """Make the pod identity associations that the add-on owns."""
        wanted = parameters.get("podIdentityAssociations")
        if wanted is None:
            return
        owner = record.resource["addonArn"]
        pod_identity.remove_owned(self._service, record, owner)
        record.resource["podIdentityAssociations"] = [
            pod_identity.associate(
                self._service,
                call,
                record.cluster,
                {"namespace": "kube-system", **association},
                owner,
            ).resource["associationArn"]
            for association in wanted
        ]

    def describe_addon(self, call: Call) -> Result:
        return {"addon": self._get(call).described()}

    def list_addons(self, call: Call) -> Result:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        addons = self._records.all(ADDON, call.account, call.region, cluster.cluster)
        return page([record.names[-1] for record in addons], call.parameters, "addons")

    def update_addon(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        record = self._get(call)
        if record.status in ("DEGRADED", "CREATE_FAILED", "UPDATE_FAILED"):
            record.status = "ACTIVE"  # a failed add-on is mended by an update
        cluster = self._service.cluster(call, record.cluster)
        shown: dict[str, Any] = {}
        if wanted := parameters.get("addonVersion"):
            record.resource["addonVersion"] = check_version(
                record.names[-1], wanted, cluster.resource["version"]
            )
            shown["AddonVersion"] = wanted
        configuration = self._configuration(call, parameters)
        if parameters.get("configurationValues") == "":
            record.resource.pop("configurationValues", None)
        record.resource |= configuration
        names = {
            "configurationValues": "ConfigurationValues",
            "serviceAccountRoleArn": "ServiceAccountRoleArn",
        }
        shown |= {names[name]: value for name, value in configuration.items()}
        if parameters.get("resolveConflicts"):
            shown["ResolveConflicts"] = parameters["resolveConflicts"]
        self._associate(call, record, parameters)
        done_at = self._service.times.done_at("eks-addon-update")
        return {"update": self._service.begin_update(record, "AddonUpdate", shown, done_at)}

    def delete_addon(self, call: Call) -> Result:
        record = self._get(call)
        record.status = "DELETING"
        record.state["preserve"] = bool(call.parameters.get("preserve"))
        record.done_at = self._service.times.done_at("eks-addon-delete")
        pod_identity.remove_owned(self._service, record, record.resource["addonArn"])
        self._records.save(record)
        return {"addon": record.described()}

    def describe_addon_versions(self, call: Call) -> Result:
        parameters = call.parameters
        name, version = parameters.get("addonName"), parameters.get("kubernetesVersion")
        if name and name not in ADDONS:
            raise not_found(f"Addon {name} specified is not supported", addonName=name)
        found = [kind.information(version) for kind in ADDONS.values() if name in (None, kind.name)]
        for filter_name, member in (("types", "type"), ("owners", "owner"), ("publishers", "publisher")):
            if wanted := parameters.get(filter_name):
                found = [information for information in found if information[member] in wanted]
        return page([one for one in found if one["addonVersions"]], parameters, "addons")

    def describe_addon_configuration(self, call: Call) -> Result:
        name, version = call.parameters["addonName"], call.parameters["addonVersion"]
        if name not in ADDONS or not any(version in some for some in ADDONS[name].versions.values()):
            raise not_found(f"Addon {name} of version {version} is not supported", addonName=name)
        return {
            "addonName": name,
            "addonVersion": version,
            "configurationSchema": configuration_schema(),
            "podIdentityConfiguration": [],
        }


def check_version(name: str, wanted: str | None, cluster_version: str) -> str:
    """The version asked for, or the default. Raises InvalidParameterException for one not offered."""
    if name not in ADDONS:
        raise invalid_parameter(
            f"Addon {name} specified is not supported in {cluster_version} kubernetes version"
        )
    offered = ADDONS[name].offered(cluster_version)
    if wanted is not None and wanted not in offered:
        raise invalid_parameter(
            f"Addon version specified is not supported: {name} {wanted} for Kubernetes {cluster_version} "
            f"(supported: {', '.join(offered)})",
            addonName=name,
        )
    return wanted or offered[0]


def check_values(values: str) -> None:
    """Raises InvalidParameterException unless the text is a JSON or YAML object."""
    try:
        parsed = yaml.safe_load(values)
    except yaml.YAMLError:
        parsed = None
    if not isinstance(parsed, dict):
        raise invalid_parameter("ConfigurationValue is not in a valid JSON or YAML format")
