"""What a cluster is configured with: defaults, checks, and the one change at a time that EKS makes.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
"""

import json
from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.eks import networking
from sandbox.aws.eks.errors import invalid_parameter
from sandbox.aws.eks.service import ask
from sandbox.aws.errors import NotImplementedByEmulator

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
UNSUPPORTED = (
    "outpostConfig",
    "remoteNetworkConfig",
    "controlPlaneScalingConfig",
    "kubeApiServerConfig",
    "kubeSchedulerConfig",
    "kubeControllerManagerConfig",
)
EVERYWHERE = ["0.0.0.0/0"]


def check_unsupported(parameters: dict[str, Any]) -> None:
    """Raises NotImplementedByEmulator for what no cluster of a sandbox can be."""
    for name in UNSUPPORTED:
        if parameters.get(name):
            raise NotImplementedByEmulator("eks", f"CreateCluster with {name}")
    if parameters.get("computeConfig", {}).get("enabled"):
        raise NotImplementedByEmulator("eks", "CreateCluster with computeConfig.enabled (EKS Auto Mode)")
    if parameters.get("kubernetesNetworkConfig", {}).get("ipFamily", "ipv4") != "ipv4":
        raise NotImplementedByEmulator(
            "eks", "CreateCluster with kubernetesNetworkConfig.ipFamily other than ipv4"
        )


def complete_logging(logging: dict[str, Any], current: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every log type, the enabled ones first, as DescribeCluster tells them."""
    enabled = {
        t for part in (current or {}).get("clusterLogging", []) if part["enabled"] for t in part["types"]
    }
    for part in logging.get("clusterLogging") or []:
        types = set(part.get("types") or [])
        enabled = enabled | types if part.get("enabled") else enabled - types
    on = [name for name in LOG_TYPES if name in enabled]
    off = [name for name in LOG_TYPES if name not in enabled]
    parts = [{"types": on, "enabled": True}, {"types": off, "enabled": False}]
    return {"clusterLogging": [part for part in parts if part["types"]]}


def endpoint_access(current: dict[str, Any], requested: dict[str, Any]) -> dict[str, Any]:
    """Who reaches the API server. Raises InvalidParameterException when nobody would."""
    public = requested.get("endpointPublicAccess", current.get("endpointPublicAccess", True))
    private = requested.get("endpointPrivateAccess", current.get("endpointPrivateAccess", False))
    cidrs = requested.get("publicAccessCidrs") or current.get("publicAccessCidrs") or EVERYWHERE
    if not public and not private:
        raise invalid_parameter("Private and public endpoint access cannot be false")
    networking.check_public_cidrs(cidrs)
    if not public and requested.get("publicAccessCidrs") and requested["publicAccessCidrs"] != EVERYWHERE:
        raise invalid_parameter("Public access CIDRs cannot be specified when public access is disabled")
    return {
        "endpointPublicAccess": public,
        "endpointPrivateAccess": private,
        "publicAccessCidrs": cidrs if public else [],
    }


def check_encryption(call: Call, configuration: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html: one enabled symmetric key, for
    secrets.
    """
    if len(configuration) > 1:
        raise invalid_parameter("Only one encryptionConfig is allowed")
    for part in configuration:
        if part.get("resources") != ["secrets"]:
            raise invalid_parameter(
                'Invalid resources in encryptionConfig: only ["secrets"] can be encrypted'
            )
        arn = part.get("provider", {}).get("keyArn", "")
        if not arn.startswith("arn:"):
            raise invalid_parameter(
                "Invalid keyArn in encryptionConfig: the key's ARN is needed, not its alias"
            )
        key = ask(call.client("kms").describe_key, KeyId=arn)["KeyMetadata"]
        if key["KeyState"] != "Enabled" or key.get("KeySpec") != "SYMMETRIC_DEFAULT":
            raise invalid_parameter(
                f"The key {arn} must be symmetric and enabled; its state is {key['KeyState']}"
            )
    return configuration


def check_changes(
    call: Call, resource: dict[str, Any], parameters: dict[str, Any]
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The one change that an UpdateClusterConfig asks for: its type, what of the cluster it sets, and how it
    is told.

    Raises InvalidParameterException for none, for several at once, and for one that changes nothing.
    """
    asked = [name for name in CHANGES if parameters.get(name) is not None]
    if len(asked) != 1:
        raise invalid_parameter(
            f"Exactly one kind of configuration can be updated at a time; asked for: {
                ', '.join(asked) or 'none'
            }"
        )
    name = asked[0]
    kind, changed, shown = CHANGES[name](call, resource, parameters[name])
    if all(resource.get(key) == value for key, value in changed.items()):
        raise invalid_parameter(f"Cluster is already at the desired configuration with {name}: {shown}")
    return kind, changed, shown


Change = tuple[str, dict[str, Any], dict[str, Any]]


def _vpc(call: Call, resource: dict[str, Any], requested: dict[str, Any]) -> Change:
    current = resource["resourcesVpcConfig"]
    subnets, groups = requested.get("subnetIds"), requested.get("securityGroupIds")
    access = any(name.startswith(("endpoint", "publicAccess")) for name in requested)
    if (subnets or groups) and access:
        raise invalid_parameter("Endpoint access and VPC configuration can't be updated in the same request")
    if subnets or groups:
        found = networking.check_subnets(call, subnets or current["subnetIds"], 2)
        if found[0]["VpcId"] != current["vpcId"]:
            raise invalid_parameter(f"Subnets must belong to the cluster's VPC {current['vpcId']}")
        networking.check_security_groups(call, groups or [], current["vpcId"])
        changed = {
            "subnetIds": subnets or current["subnetIds"],
            "securityGroupIds": current["securityGroupIds"] if groups is None else groups,
        }
        shown = {
            "Subnets": json.dumps(changed["subnetIds"]),
            "SecurityGroups": json.dumps(changed["securityGroupIds"]),
        }
        return "VpcConfigUpdate", {"resourcesVpcConfig": {**current, **changed}}, shown
    changed = endpoint_access(current, requested)
    shown = {
        "EndpointPublicAccess": str(changed["endpointPublicAccess"]).lower(),
        "EndpointPrivateAccess": str(changed["endpointPrivateAccess"]).lower(),
        "PublicAccessCidrs": json.dumps(changed["publicAccessCidrs"]),
    }
    return "EndpointAccessUpdate", {"resourcesVpcConfig": {**current, **changed}}, shown


def _logging(call: Call, resource: dict[str, Any], requested: dict[str, Any]) -> Change:
    logging = complete_logging(requested, resource["logging"])
    return "LoggingUpdate", {"logging": logging}, {"ClusterLogging": json.dumps(logging)}


def _access(call: Call, resource: dict[str, Any], requested: dict[str, Any]) -> Change:
    now, wanted = resource["accessConfig"]["authenticationMode"], requested["authenticationMode"]
    if MODES.index(wanted) - MODES.index(now) not in (0, 1):
        raise invalid_parameter(f"Unsupported authentication mode update from {now} to {wanted}")
    return (
        "AccessConfigUpdate",
        {"accessConfig": {"authenticationMode": wanted}},
        {"AuthenticationMode": wanted},
    )


def _upgrade_policy(call: Call, resource: dict[str, Any], requested: dict[str, Any]) -> Change:
    return "UpgradePolicyUpdate", {"upgradePolicy": requested}, {"UpgradePolicy": json.dumps(requested)}


def _zonal_shift(call: Call, resource: dict[str, Any], requested: dict[str, Any]) -> Change:
    return (
        "ZonalShiftConfigUpdate",
        {"zonalShiftConfig": requested},
        {"ZonalShiftConfig": json.dumps(requested)},
    )


def _deletion_protection(call: Call, resource: dict[str, Any], requested: bool) -> Change:
    shown = {"DeletionProtection": str(requested).lower()}
    return "DeletionProtectionUpdate", {"deletionProtection": requested}, shown


CHANGES: dict[str, Any] = {
    "resourcesVpcConfig": _vpc,
    "logging": _logging,
    "accessConfig": _access,
    "upgradePolicy": _upgrade_policy,
    "zonalShiftConfig": _zonal_shift,
    "deletionProtection": _deletion_protection,
}
