# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is under way at a cluster, its node groups and its add-ons, and what EKS offers to go to.

Calls of the EKS API, one a function, as in eks.py (https://docs.aws.amazon.com/eks/latest/APIReference/).
"""

from __future__ import annotations

from typing import Any

from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.eks import Description, EksErrorHandler

CLUSTER_PARAMETER, ADDON_PARAMETER = "Version", "AddonVersion"
"""How an update's parameters name the version that it goes to:
https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateParam.html
"""


@EksErrorHandler.list_error_handler("list the updates of cluster {name}", [])
def list_updates(client: Any, name: str, **of: str) -> list[str]:
    """Ids of the updates of the cluster, or of the node group or add-on named in `of`."""
    return client.get_paginator("list_updates").paginate(name=name, **of).build_full_result()["updateIds"]


@EksErrorHandler.list_error_handler("list the add-ons of cluster {cluster_name}", [])
def list_addons(client: Any, cluster_name: str) -> list[str]:
    return (
        client.get_paginator("list_addons").paginate(clusterName=cluster_name).build_full_result()["addons"]
    )


@EksErrorHandler.common_error_handler("list the Kubernetes versions that EKS offers")
def describe_cluster_versions(client: Any) -> list[Description]:
    return client.get_paginator("describe_cluster_versions").paginate().build_full_result()["clusterVersions"]


@EksErrorHandler.common_error_handler("list the upgrade insights of cluster {cluster_name}")
def list_upgrade_insights(
    client: Any, cluster_name: str, version: str, statuses: list[str]
) -> list[Description]:
    """What EKS found that is of these statuses and stands in the way of Kubernetes `version`."""
    wanted = {"categories": ["UPGRADE_READINESS"], "kubernetesVersions": [version], "statuses": statuses}
    pages = client.get_paginator("list_insights").paginate(clusterName=cluster_name, filter=wanted)
    return pages.build_full_result()["insights"]


@EksErrorHandler.common_error_handler("describe insight {insight_id}")
def describe_insight(client: Any, cluster_name: str, insight_id: str) -> Description:
    return client.describe_insight(clusterName=cluster_name, id=insight_id)["insight"]


def running_update(client: Any, cluster_name: str, **of: str) -> Description | None:
    """The update that is in progress at the cluster, or at the node group or add-on named in `of`.

    EKS makes one at a time. Ask only about what is UPDATING: an old cluster has many updates behind it.
    """
    for update_id in list_updates(client, cluster_name, **of):
        update = eks.describe_update(client, cluster_name, update_id, **of)
        if update["status"] == "InProgress":
            return update
    return None


def goes_to(update: Description, parameter: str, version: str) -> bool:
    """Whether the update is an upgrade to this version."""
    asked = {each["type"]: each["value"] for each in update.get("params", [])}
    return asked.get(parameter) == version


def told(update: Description) -> str:
    """An update in a sentence's words: what it does, and how to follow it."""
    asked = ", ".join(f"{each['type']} {each['value']}" for each in update.get("params", []))
    return f"{update['type']} {update['id']}" + (f" ({asked})" if asked else "")
