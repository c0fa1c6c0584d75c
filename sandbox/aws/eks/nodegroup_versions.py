"""The versions of node groups: of Kubernetes, of the AMI's release, of the launch template.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html
"""

import re
from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.eks.errors import invalid_parameter
from sandbox.aws.eks.nodegroup_config import check_launch_template

# The patch version of Kubernetes and the dates of the AMIs with it, the newest last:
# https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html
PATCHES = {"1.33": "1.33.5", "1.34": "1.34.2", "1.35": "1.35.0"}
DATES = ("20260107", "20260120")
RELEASE = re.compile(r"(1\.\d+)\.\d+-\d{8}")


def releases(version: str) -> list[str]:
    """The AMI releases of a Kubernetes version, the newest last."""
    return [f"{PATCHES.get(version, f'{version}.0')}-{date}" for date in DATES]


def check_release(wanted: str | None, version: str) -> str:
    """The release asked for, or the newest. Raises InvalidParameterException for one that there is not."""
    offered = releases(version)
    if wanted and wanted not in offered:
        raise invalid_parameter(
            f"Requested release version {wanted} is not valid for kubernetes version {version}."
        )
    return wanted or offered[-1]


def check_version_change(
    call: Call, resource: dict[str, Any], cluster_version: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """What of the node group's resource an UpdateNodegroupVersion asks to be other.

    Raises InvalidParameterException for what cannot be.
    """
    now = resource["version"]
    requested = parameters.get("releaseVersion")
    version = parameters.get("version") or now
    if requested and not parameters.get("version") and (match := RELEASE.fullmatch(requested)):
        version = match[1]
    if version not in (now, cluster_version):
        raise invalid_parameter(
            f"Requested Nodegroup kubernetes version {version} is not that of the cluster, {cluster_version}",
            clusterName=resource["clusterName"],
            nodegroupName=resource["nodegroupName"],
        )
    wanted: dict[str, Any] = {"version": version, "releaseVersion": check_release(requested, version)}
    template = check_launch_template(call, parameters)
    kept = resource.get("launchTemplate")
    if template and not kept:
        raise invalid_parameter(
            "The node group was created without a launch template: it can't be updated to one."
        )
    if template and kept and template["id"] != kept["id"]:
        raise invalid_parameter("A node group's launch template can be changed to another version of it only")
    if template or kept:
        wanted["launchTemplate"] = template or kept
    return wanted
