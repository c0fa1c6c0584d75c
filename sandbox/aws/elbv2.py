"""Load balancers through their states, and their targets' health as who really serves them tells of it.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

import json
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Documents
from sandbox.aws.http import Request, Response
from sandbox.aws.slow_resources import CREATING, SlowResources

HEALTH = "target-health"
PATH = "/_sandbox/elbv2/target-health"
HEALTHY, UNHEALTHY = "healthy", "unhealthy"


class ELBv2:
    def __init__(self, documents: Documents, slow: SlowResources) -> None:
        self._documents = documents
        self._slow = slow

    def handlers(self) -> Handlers:
        return {
            ("elbv2", "CreateLoadBalancer"): self.create_load_balancer,
            ("elbv2", "DescribeLoadBalancers"): self.describe_load_balancers,
            ("elbv2", "RegisterTargets"): self.register_targets,
            ("elbv2", "DescribeTargetHealth"): self.describe_target_health,
            ("elbv2", "DeleteTargetGroup"): self.delete_target_group,
        }

    def create_load_balancer(self, call: Call) -> Result:
        result = call.forward()
        for each in result["LoadBalancers"]:
            if each["State"]["Code"] == "provisioning":  # else it was there, and as asked for
                self._slow.begin(each["LoadBalancerArn"], "load-balancer", CREATING)
        return result

    def describe_load_balancers(self, call: Call) -> Result:
        result = call.forward()
        for each in result["LoadBalancers"]:
            if self._slow.under_way(each["LoadBalancerArn"]):
                each["State"] = {"Code": "provisioning"}
        return result

    def register_targets(self, call: Call) -> Result:
        result = call.forward()
        group = call.parameters["TargetGroupArn"]
        for each in call.parameters["Targets"]:
            self._slow.begin(f"{group}/{each['Id']}", "load-balancer-target", CREATING)
        return result

    def describe_target_health(self, call: Call) -> Result:
        result = call.forward()
        group = call.parameters["TargetGroupArn"]
        told = self._documents.get(HEALTH, group) or {}
        for each in result["TargetHealthDescriptions"]:
            target = each["Target"]
            if each["TargetHealth"]["State"] == "initial":
                is_new = self._slow.under_way(f"{group}/{target['Id']}") is not None
                each["TargetHealth"] = health(told.get(f"{target['Id']}:{target['Port']}"), is_new)
        return result

    def delete_target_group(self, call: Call) -> Result:
        result = call.forward()
        self._documents.delete(HEALTH, call.parameters["TargetGroupArn"])
        return result

    def take_health(self, request: Request) -> Response:
        """Take up what a proxy knows of its targets: `{ARN of their group: {"10.0.0.1:8000": "healthy"}}`."""
        if request.path != PATH:
            return Response(404)
        for group, targets in json.loads(request.body).items():
            self._documents.put(HEALTH, group, targets)
        return Response(200, {"Content-Type": "application/json"}, b"{}")


def health(told: str | None, is_new: bool) -> dict[str, Any]:
    """A registered target's health, by what was told of it; what nobody tells of does not answer."""
    if told == HEALTHY:
        return {"State": HEALTHY}
    if is_new:
        return {
            "State": "initial",
            "Reason": "Elb.InitialHealthChecking",
            "Description": "Initial health checks in progress",
        }
    if told == UNHEALTHY:
        return {
            "State": UNHEALTHY,
            "Reason": "Target.FailedHealthChecks",
            "Description": "Health checks failed",
        }
    return {"State": UNHEALTHY, "Reason": "Target.Timeout", "Description": "Request timed out"}
