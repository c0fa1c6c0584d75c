"""What Route 53's health checkers see of a load balancer: whether it listens, and has a healthy target.

Sources: https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

import re
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Documents
from sandbox.aws.elbv2 import HEALTH, HEALTHY

BALANCER = re.compile(r"[a-z0-9-]+\.([a-z0-9-]+)\.elb\.amazonaws\.com\.?")


class Route53:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def handlers(self) -> Handlers:
        return {("route53", "GetHealthCheckStatus"): self.get_health_check_status}

    def get_health_check_status(self, call: Call) -> Result:
        result = call.forward()
        identifier = call.parameters["HealthCheckId"]
        check = call.client("route53").get_health_check(HealthCheckId=identifier)["HealthCheck"]
        configuration = check["HealthCheckConfig"]
        name = configuration.get("FullyQualifiedDomainName", "").lower()
        if match := BALANCER.fullmatch(name):
            told = self._seen(call.client("elbv2", match[1]), name, configuration.get("Port"))
            for observation in result["HealthCheckObservations"]:
                observation["StatusReport"]["Status"] = told
        return result

    def _seen(self, elbv2: Any, name: str, port: int | None) -> str:
        balancers = elbv2.describe_load_balancers()["LoadBalancers"]
        arn = next((each["LoadBalancerArn"] for each in balancers if each["DNSName"] == name), None)
        if arn is None:
            return "Failure: DNS resolution failed: DNS response error code NXDOMAIN"
        listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        if port not in [each["Port"] for each in listeners]:
            return "Failure: The health checker could not establish a connection within the timeout limit."
        groups = elbv2.describe_target_groups()["TargetGroups"]
        own = [each["TargetGroupArn"] for each in groups if arn in each.get("LoadBalancerArns", [])]
        if any(HEALTHY in (self._documents.get(HEALTH, group) or {}).values() for group in own):
            return "Success: HTTP Status Code 200, OK"
        return "Failure: HTTP Status Code 503, Service Unavailable."
