# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Clusters, and what runs for them: Auto Scaling groups, load balancers and their target groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import (
    ENVIRONMENT,
    Found,
    Scope,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

LARGEST_QUESTION = 20  # ARNs in one DescribeTags of Elastic Load Balancing


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """EKS, Auto Scaling and Elastic Load Balancing."""
    yield from _clusters(session.client("eks"), scope)
    yield from _scaling_groups(session.client("autoscaling"), scope)
    yield from _load_balancers(session, scope)


def _clusters(eks: Any, scope: Scope) -> Iterator[Found]:
    for name in eks.get_paginator("list_clusters").paginate().build_full_result()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        found = scope.claim(cluster["arn"], cluster.get("tags") or {}, "cluster", name)
        if found is None:
            continue
        yield found
        for group in (
            eks.get_paginator("list_nodegroups").paginate(clusterName=name).build_full_result()["nodegroups"]
        ):
            described = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
            yield Found(described["nodegroupArn"], found.component, f"is a node group of {name}")


def _scaling_groups(autoscaling: Any, scope: Scope) -> Iterator[Found]:
    for page in autoscaling.get_paginator("describe_auto_scaling_groups").paginate():
        for group in page["AutoScalingGroups"]:
            tags = as_dict(group.get("Tags"))
            if found := scope.claim(
                group["AutoScalingGroupARN"], tags, "cluster", group["AutoScalingGroupName"]
            ):
                yield found


def _load_balancers(session: Session, scope: Scope) -> Iterator[Found]:
    ec2, elbv2, classic = (session.client(name) for name in ("ec2", "elbv2", "elb"))
    asked = [{"Name": f"tag:{ENVIRONMENT}", "Values": [scope.environment]}]
    vpcs = {
        vpc["VpcId"]
        for vpc in ec2.describe_vpcs(Filters=asked)["Vpcs"]
        if scope.owns(as_dict(vpc.get("Tags")))
    }
    lists = (
        ("describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
        ("describe_target_groups", "TargetGroups", "TargetGroupArn"),
    )
    for operation, key, arn in lists:
        every = elbv2.get_paginator(operation).paginate().build_full_result()[key]
        tags = balancer_tags(elbv2, [each[arn] for each in every])
        for each in every:
            found = scope.claim(each[arn], tags[each[arn]], "cluster")
            if found is None and each.get("VpcId") in vpcs:
                found = Found(
                    each[arn], "network", f"is in {each['VpcId']}, the VPC of {scope.name}; no role made it"
                )
            if found:
                yield found
    for page in classic.get_paginator("describe_load_balancers").paginate():
        for each in page["LoadBalancerDescriptions"]:
            if each.get("VPCId") in vpcs:
                arn = scope.arn("elasticloadbalancing", f"loadbalancer/{each['LoadBalancerName']}")
                yield Found(
                    arn, "network", f"is in {each['VPCId']}, the VPC of {scope.name}; no role made it"
                )


def balancer_tags(elbv2: Any, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags of load balancers or target groups, by ARN."""
    told: dict[str, dict[str, str]] = {arn: {} for arn in arns}
    for start in range(0, len(arns), LARGEST_QUESTION):
        answer = elbv2.describe_tags(ResourceArns=arns[start : start + LARGEST_QUESTION])
        told |= {each["ResourceArn"]: as_dict(each["Tags"]) for each in answer["TagDescriptions"]}
    return told
