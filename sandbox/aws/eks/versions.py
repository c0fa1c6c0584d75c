"""The Kubernetes versions that EKS offers.

Source: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
"""

import datetime
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.errors import invalid_parameter
from sandbox.aws.pages import page

# version: (released on EKS, end of standard support, end of extended support)
RELEASES = {
    "1.33": ("2025-05-29", "2026-07-29", "2027-07-29"),
    "1.34": ("2025-10-02", "2026-12-02", "2027-12-02"),
    "1.35": ("2026-01-27", "2027-03-27", "2028-03-27"),
}
PLATFORM = "eks.1"


class Versions:
    """`current` is the sandbox's own, e.g. "1.35.4".

    A cluster can be of that one or of an older one, to be updated from: to EKS's API it is then what it says,
    while the programs behind it are the sandbox's own at any version.
    """

    def __init__(self, current: str) -> None:
        self.patch_version = current
        self.current = ".".join(current.split(".")[:2])

    def handlers(self) -> Handlers:
        return {("eks", "DescribeClusterVersions"): self.describe_cluster_versions}

    def check(self, version: str) -> str:
        """`version` when a cluster can have it. Raises InvalidParameterException for any other."""
        if version not in {*RELEASES, self.current}:
            raise invalid_parameter(f"unsupported Kubernetes version {version}")
        if minor(version) > minor(self.current):
            raise invalid_parameter(
                f"unsupported Kubernetes version {version}: this sandbox was built with "
                f"{self.patch_version}; NOTEJAM_KUBERNETES_VERSION chooses another for a new sandbox"
            )
        return version

    def describe_cluster_versions(self, call: Call) -> Result:
        parameters = call.parameters
        wanted = parameters.get("clusterVersions") or sorted({*RELEASES, self.current}, reverse=True)
        for version in wanted:
            if version not in {*RELEASES, self.current}:
                raise invalid_parameter(f"The cluster version {version} is not valid")
        found = [self._information(version) for version in wanted]
        if parameters.get("defaultOnly"):
            found = [information for information in found if information["defaultVersion"]]
        status = parameters.get("versionStatus") or parameters.get("status")
        if status:
            found = [information for information in found if information["versionStatus"] == status.upper()]
        return page(found, parameters, "clusterVersions")

    def _information(self, version: str) -> dict[str, Any]:
        dates = RELEASES.get(version, RELEASES[max(RELEASES)])
        released, standard, extended = (
            datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.UTC) for date in dates
        )
        now = datetime.datetime.now(datetime.UTC)
        status = "STANDARD_SUPPORT" if now < standard else "EXTENDED_SUPPORT"
        return {
            "clusterVersion": version,
            "clusterType": "eks",
            "defaultPlatformVersion": PLATFORM,
            "defaultVersion": version == self.current,
            "releaseDate": released,
            "endOfStandardSupportDate": standard,
            "endOfExtendedSupportDate": extended,
            "status": status.lower(),
            "versionStatus": status,
            "kubernetesPatchVersion": self.patch_version if version == self.current else f"{version}.0",
        }


def minor(version: str) -> int:
    """35 of "1.35"."""
    return int(version.split(".")[1])
