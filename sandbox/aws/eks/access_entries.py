"""Access entries: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html and its
siblings.
"""

from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.access_policies import ARN, NAMES
from sandbox.aws.eks.errors import in_use, invalid_parameter, invalid_request, not_found
from sandbox.aws.eks.records import ACCESS_ENTRY, Record, new_id
from sandbox.aws.eks.service import ROLE_ARN, Service
from sandbox.aws.identities import role_of
from sandbox.aws.pages import page

RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")
NODE_TYPES = {
    "EC2_LINUX": ["system:nodes"],
    "EC2_WINDOWS": ["system:nodes", "eks:kube-proxy-windows"],
    "FARGATE_LINUX": ["system:node-proxier", "system:bootstrappers", "system:nodes"],
    "HYBRID_LINUX": ["system:nodes"],
    "HYPERPOD_LINUX": ["system:nodes"],
    "EC2": ["system:nodes"],
}
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"
CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"


class AccessEntries:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._records = service.records

    def handlers(self) -> Handlers:
        return {
            ("eks", "CreateAccessEntry"): self.create_access_entry,
            ("eks", "DescribeAccessEntry"): self.describe_access_entry,
            ("eks", "ListAccessEntries"): self.list_access_entries,
            ("eks", "UpdateAccessEntry"): self.update_access_entry,
            ("eks", "DeleteAccessEntry"): self.delete_access_entry,
            ("eks", "ListAccessPolicies"): self.list_access_policies,
            ("eks", "AssociateAccessPolicy"): self.associate_access_policy,
            ("eks", "DisassociateAccessPolicy"): self.disassociate_access_policy,
            ("eks", "ListAssociatedAccessPolicies"): self.list_associated_access_policies,
        }

    def _cluster(self, call: Call) -> Record:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        if cluster.resource["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            raise invalid_request(
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
                "to perform this operation.",
                clusterName=cluster.cluster,
            )
        return cluster

    def _get(self, call: Call) -> Record:
        cluster = self._cluster(call)
        arn = call.parameters["principalArn"]
        record = self._records.get(ACCESS_ENTRY, call.account, call.region, cluster.cluster, arn)
        if record is None:
            raise not_found(
                "The specified principalArn could not be found. You can view your available access entries "
                "with 'ListAccessEntries'."
            )
        return record

    def create_access_entry(self, call: Call) -> Result:
        parameters = call.parameters
        cluster = self._cluster(call)
        self._service.active_cluster(call, cluster.cluster)
        arn, kind = parameters["principalArn"], parameters.get("type") or "STANDARD"
        if self._records.get(ACCESS_ENTRY, call.account, call.region, cluster.cluster, arn):
            raise in_use("The specified access entry resource is already in use on this cluster.")
        check_principal(call, arn)
        groups, username = parameters.get("kubernetesGroups") or [], parameters.get("username")
        if kind in NODE_TYPES:
            if groups or username:
                raise invalid_parameter(f"kubernetesGroups and username can't be set for type {kind}")
            groups, username = NODE_TYPES[kind], NODE_USERNAME
        elif kind != "STANDARD":
            raise invalid_parameter(f"The type {kind} is not one of STANDARD, {', '.join(NODE_TYPES)}")
        else:
            check_names(groups, username)
        record = new_entry(
            cluster, arn, kind, groups, username or default_username(arn), parameters.get("tags") or {}
        )
        self._records.save(record)
        return {"accessEntry": record.described()}

    def describe_access_entry(self, call: Call) -> Result:
        return {"accessEntry": self._get(call).described()}

    def list_access_entries(self, call: Call) -> Result:
        cluster = self._cluster(call)
        wanted = call.parameters.get("associatedPolicyArn")
        entries = self._records.all(ACCESS_ENTRY, call.account, call.region, cluster.cluster)
        arns = [entry.names[-1] for entry in entries if wanted is None or wanted in entry.state["policies"]]
        return page(arns, call.parameters, "accessEntries")

    def update_access_entry(self, call: Call) -> Result:
        parameters = call.parameters
        record = self._get(call)
        if record.resource["type"] != "STANDARD":
            raise invalid_parameter(f"An access entry of type {record.resource['type']} can't be updated")
        groups = parameters.get("kubernetesGroups")
        check_names(groups or [], parameters.get("username"))
        if groups is not None:
            record.resource["kubernetesGroups"] = groups
        if parameters.get("username"):
            record.resource["username"] = parameters["username"]
        record.touch()
        self._records.save(record)
        return {"accessEntry": record.described()}

    def delete_access_entry(self, call: Call) -> Result:
        self._records.delete(self._get(call))
        return {}

    def list_access_policies(self, call: Call) -> Result:
        policies = [{"name": name, "arn": f"{ARN}{name}"} for name in NAMES]
        return page(policies, call.parameters, "accessPolicies")

    def associate_access_policy(self, call: Call) -> Result:
        parameters = call.parameters
        record = self._get(call)
        arn, scope = parameters["policyArn"], parameters["accessScope"]
        if arn.removeprefix(ARN) not in NAMES:
            raise invalid_parameter("The policyArn parameter format is not valid")
        if record.resource["type"] != "STANDARD":
            raise invalid_request(f"Policies can't be associated with type {record.resource['type']}")
        if scope.get("type") not in ("cluster", "namespace"):
            raise invalid_parameter("The access scope's type must be cluster or namespace")
        if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
            raise invalid_parameter("Namespaces are needed for the scope namespace, and for that only")
        associate(record, arn, scope["type"], scope.get("namespaces") or [])
        self._records.save(record)
        return {
            "clusterName": record.cluster,
            "principalArn": record.names[-1],
            "associatedAccessPolicy": associated(record)[arn],
        }

    def disassociate_access_policy(self, call: Call) -> Result:
        record = self._get(call)
        if record.state["policies"].pop(call.parameters["policyArn"], None) is None:
            raise not_found("No association found with the specified policyArn for this access entry.")
        self._records.save(record)
        return {}

    def list_associated_access_policies(self, call: Call) -> Result:
        record = self._get(call)
        result = page(list(associated(record).values()), call.parameters, "associatedAccessPolicies")
        return {"clusterName": record.cluster, "principalArn": record.names[-1], **result}


def associated(record: Record) -> dict[str, Any]:
    """The entry's policies by ARN, as the API tells them."""
    copy = Record(**{**vars(record), "resource": record.state["policies"]})
    return dict(copy.described())


def associate(record: Record, policy_arn: str, scope: str, namespaces: list[str]) -> None:
    before = record.state["policies"].get(policy_arn)
    record.state["policies"][policy_arn] = {
        "policyArn": policy_arn,
        "accessScope": {"type": scope, "namespaces": namespaces},
        "associatedAt": before["associatedAt"] if before else clock.now(),
        "modifiedAt": clock.now(),
    }


def new_entry(
    cluster: Record, arn: str, kind: str, groups: list[str], username: str, tags: dict[str, str]
) -> Record:
    _, _, _, _, account, principal = arn.split(":", 5)
    path = f"{cluster.cluster}/{principal.split('/')[0]}/{account}/{principal.rsplit('/', 1)[-1]}"
    resource = {
        "clusterName": cluster.cluster,
        "principalArn": arn,
        "kubernetesGroups": groups,
        "accessEntryArn": f"arn:aws:eks:{cluster.region}:{cluster.account}:access-entry/{path}/{new_id()}",
        "createdAt": clock.now(),
        "modifiedAt": clock.now(),
        "tags": tags,
        "username": username,
        "type": kind,
    }
    names = [cluster.cluster, arn]
    return Record(ACCESS_ENTRY, cluster.account, cluster.region, names, resource, 0.0, {"policies": {}})


def add_creator(service: Service, call: Call, cluster: Record) -> None:
    """The creator's entry: https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html"""
    if cluster.resource["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    arn = role_of(call.principal.arn)
    record = new_entry(cluster, arn, "STANDARD", [], default_username(arn), {})
    associate(record, f"{ARN}{CLUSTER_ADMIN}", "cluster", [])
    service.records.save(record)


def add_for_nodes(service: Service, call: Call, cluster: Record, node_role: str) -> None:
    """The entry that EKS makes for a managed node group's role, unless there is one.

    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    if cluster.resource["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    names = (cluster.account, cluster.region, cluster.cluster, node_role)
    if service.records.get(ACCESS_ENTRY, *names) is None:
        groups = NODE_TYPES["EC2_LINUX"]
        service.records.save(new_entry(cluster, node_role, "EC2_LINUX", groups, NODE_USERNAME, {}))


def default_username(arn: str) -> str:
    """A user's ARN; for a role, the ARN of its sessions, each by its own name."""
    match = ROLE_ARN.fullmatch(arn)
    if match is None:
        return arn
    role = match[3].rsplit("/", 1)[-1]
    return f"arn:aws:sts::{match[2]}:assumed-role/{role}/{{{{SessionName}}}}"


def check_names(groups: list[str], username: str | None) -> None:
    for name in [*groups, *([username] if username else [])]:
        if name.startswith(RESERVED_GROUPS):
            raise invalid_parameter(f"The name {name} can't start with one of {', '.join(RESERVED_GROUPS)}")


def check_principal(call: Call, arn: str) -> None:
    """Raises InvalidParameterException unless the ARN is of an IAM user or role that exists."""
    iam = call.client("iam")
    _, _, resource = arn.rpartition(":")
    kind, _, path = resource.partition("/")
    name = path.rsplit("/", 1)[-1]
    try:
        if kind == "role":
            found = iam.get_role(RoleName=name)["Role"]["Arn"]
        elif kind == "user":
            found = iam.get_user(UserName=name)["User"]["Arn"]
        else:
            found = ""
    except ClientError:
        found = ""
    if found != arn:
        raise invalid_parameter("The specified principalArn is invalid: invalid principal.")
