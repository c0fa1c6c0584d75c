# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a sweep looks for, and what it tells of what it finds.

Each file beside this one lists the resources of some services: `find(session, scope)` gets a boto3 session
of its own and yields what is there and is the environment's, by list calls, because the tagging API knows
neither every service nor what has no tags. It only reads, and raises botocore's errors as they are. What AWS
goes on listing after its end, such as a NAT gateway that is `deleted`, is not there. The module
leftovers_info imports them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

ENVIRONMENT, SITE, COMPONENT = "platform:environment", "platform:site", "platform:component"
GLOBAL = "global"
# Whose cluster a resource is, by the tag's key: with the cluster's name as its value.
# https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#resource-tags
# https://github.com/aws/amazon-vpc-cni-k8s#cluster_name
CLUSTER_KEYS = (
    "aws:eks:cluster-name",
    "eks:cluster-name",
    "elbv2.k8s.aws/cluster",
    "cluster.k8s.amazonaws.com/name",
    "KubernetesCluster",
)
OWNED = "kubernetes.io/cluster/"  # followed by the cluster's name; "shared" is what it only uses


def of_cluster(tags: Mapping[str, str], cluster: str) -> bool:
    """Whether EKS, or a controller in the cluster, made what carries these tags."""
    return tags.get(f"{OWNED}{cluster}") == "owned" or any(tags.get(key) == cluster for key in CLUSTER_KEYS)


@dataclass(frozen=True)
class Found:
    """`why` follows the ARN in a sentence; what is `kept` stays on purpose."""

    arn: str
    component: str
    why: str
    kept: bool = False


@dataclass(frozen=True)
class Scope:
    """What is swept: these sites of an environment, in one region; `name` begins the names of what is theirs.

    `account_wide` says whether what belongs to no site goes, too, because none of them is to be left.
    """

    environment: str
    sites: Collection[str]
    name: str
    cluster: str
    account: str
    region: str
    account_wide: bool
    partition: str = "aws"

    def arn(self, service: str, rest: str) -> str:
        """The ARN of a resource of this region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether the tags are those of something that is to go."""
        if tags.get(ENVIRONMENT) != self.environment:
            return False
        return tags.get(SITE) in self.sites or (self.account_wide and tags.get(SITE, GLOBAL) == GLOBAL)

    def is_named(self, name: str) -> bool:
        """Whether a role or a service would give this name, which may have more parts, to what is theirs."""
        return bool(re.search(rf"(^|[/-]){re.escape(self.name)}($|[/_.:-])", name))

    def claim(self, arn: str, tags: Mapping[str, str], component: str, name: str = "") -> Found | None:
        """What is to be told of a resource: by its tags, by its cluster's, or without any by its name."""
        component = tags.get(COMPONENT, component)
        if self.owns(tags):
            return Found(arn, component, f"carries the tags of {tags.get(SITE, self.environment)}")
        if ENVIRONMENT in tags:
            return None
        if of_cluster(tags, self.cluster):
            return Found(arn, component, f"was made by EKS or a controller of the cluster {self.cluster}")
        if self.is_named(name):
            return Found(arn, component, f"has the name of {self.name}, and no tags that tell whose it is")
        return None


def keep(found: Found, why: str) -> Found:
    """The same as what stays, and why."""
    return Found(found.arn, found.component, why, kept=True)
