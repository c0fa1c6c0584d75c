# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `cluster` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's EKS cluster, once its API can be reached."""
    wanted = {**tags, "platform:component": "cluster"}
    client = session.client("eks")
    for name in client.get_paginator("list_clusters").paginate().build_full_result()["clusters"]:
        cluster = client.describe_cluster(name=name)["cluster"]
        if (
            carries(cluster.get("tags", {}), wanted)
            and cluster.get("endpoint")
            and cluster["status"] != "DELETING"
        ):
            groups = client.get_paginator("list_nodegroups").paginate(clusterName=name).build_full_result()
            return {
                "name": name,
                "arn": cluster["arn"],
                "version": cluster["version"],
                "endpoint": cluster["endpoint"],
                "certificate_authority": cluster["certificateAuthority"]["data"],
                "oidc_issuer": cluster["identity"]["oidc"]["issuer"],
                "oidc_provider_arn": _provider(cluster),
                "security_group_id": cluster["resourcesVpcConfig"]["clusterSecurityGroupId"],
                "node_groups": sorted(groups["nodegroups"]),
            }
    return None


def _provider(cluster: dict[str, Any]) -> str:
    """The ARN that IAM gives the provider of this issuer:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    partition, account = (cluster["arn"].split(":")[index] for index in (1, 4))
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    return f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"
