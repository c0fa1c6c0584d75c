"""Brings stacks about in AWS, call by call as the AWS Load Balancer Controller does.

What the controller calls is in its policy:
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
"""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.kubernetes.ingress_stacks import (
    CLUSTER_TAG,
    NOT_FOUND,
    RESOURCE_TAG,
    STACK_TAG,
    Conflict,
    Listener,
    Rule,
    Stack,
    TargetGroup,
)

QUESTION = 20  # resources in one DescribeTags
FREE_ADDRESSES = 8
SUBNET_TAGS = {"internet-facing": "kubernetes.io/role/elb", "internal": "kubernetes.io/role/internal-elb"}
CONDITIONS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


class ApplicationLoadBalancers:
    """Those of one cluster. `clients` gives botocore's client of a service; methods raise its errors."""

    def __init__(self, clients: Callable[[str], Any], cluster: str, vpc: str) -> None:
        self._clients = clients
        self._cluster = cluster
        self._vpc = vpc

    @property
    def _elbv2(self) -> Any:
        return self._clients("elbv2")

    def apply(self, stack: Stack) -> tuple[str, dict[str, TargetGroup]]:
        """Have the stack as it is to be; returns the DNS name, and the target groups by their ARN.

        Raises Conflict for what the stack lacks.
        """
        balancer = self._balancer(stack)
        arn = balancer["LoadBalancerArn"]
        self._set_attributes(stack, arn)
        groups = {each.resource: self._target_group(stack, each) for each in stack.target_groups}
        self._set_listeners(stack, arn, groups)
        self._remove_target_groups(stack.identity, set(groups.values()))
        self._set_web_acl(stack, arn)
        by_arn = {groups[each.resource]: each for each in stack.target_groups}
        return str(balancer["DNSName"]), by_arn

    def remove(self, group: str) -> None:
        """Remove all that belongs to the group."""
        for balancer in self._tagged("load_balancers", group):
            self._elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        self._remove_target_groups(group, set())

    def _tags(self, stack: Stack, resource: str) -> list[dict[str, str]]:
        own = {CLUSTER_TAG: self._cluster, STACK_TAG: stack.identity, RESOURCE_TAG: resource}
        return [{"Key": key, "Value": value} for key, value in {**stack.tags, **own}.items()]

    def _tagged(self, kind: str, group: str) -> list[dict[str, Any]]:
        """The group's own load balancers or target groups."""
        key, member = {
            "load_balancers": ("LoadBalancers", "LoadBalancerArn"),
            "target_groups": ("TargetGroups", "TargetGroupArn"),
        }[kind]
        pages = self._elbv2.get_paginator(f"describe_{kind}").paginate()
        every = {each[member]: each for each in pages.build_full_result()[key]}
        wanted = {CLUSTER_TAG: self._cluster, STACK_TAG: group}.items()
        return [every[arn] for arn, tags in self._tags_of(list(every)) if wanted <= tags.items()]

    def _tags_of(self, arns: list[str]) -> Iterable[tuple[str, dict[str, str]]]:
        for start in range(0, len(arns), QUESTION):
            asked = arns[start : start + QUESTION]
            for entry in self._elbv2.describe_tags(ResourceArns=asked)["TagDescriptions"]:
                yield entry["ResourceArn"], {tag["Key"]: tag["Value"] for tag in entry["Tags"]}

    def _retag(self, arn: str, wanted: list[dict[str, str]]) -> None:
        [(_, present)] = self._tags_of([arn])
        named = {tag["Key"]: tag["Value"] for tag in wanted}
        if unwanted := sorted(present.keys() - named.keys()):
            self._elbv2.remove_tags(ResourceArns=[arn], TagKeys=unwanted)
        if named.items() - present.items():
            self._elbv2.add_tags(ResourceArns=[arn], Tags=wanted)

    def _balancer(self, stack: Stack) -> dict[str, Any]:
        if not stack.security_groups:
            raise Conflict("no security-groups: this stand-in makes none of its own")
        tags = self._tags(stack, "LoadBalancer")
        for found in self._tagged("load_balancers", stack.identity):
            arn = found["LoadBalancerArn"]
            if found["Scheme"] != stack.scheme:
                self._elbv2.delete_load_balancer(LoadBalancerArn=arn)
                continue
            self._retag(arn, tags)
            if sorted(found["SecurityGroups"]) != sorted(stack.security_groups):
                groups = list(stack.security_groups)
                self._elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=groups)
            if found["IpAddressType"] != stack.ip_address_type:
                self._elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=stack.ip_address_type)
            return dict(found)
        made = self._elbv2.create_load_balancer(
            Name=stack.name,
            Type="application",
            Scheme=stack.scheme,
            IpAddressType=stack.ip_address_type,
            Subnets=list(stack.subnets) or self._subnets(stack.scheme),
            SecurityGroups=list(stack.security_groups),
            Tags=tags,
        )
        return dict(made["LoadBalancers"][0])

    def _subnets(self, scheme: str) -> list[str]:
        """One subnet in each zone, found by its tag.

        https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/
        """
        filters = [
            {"Name": "vpc-id", "Values": [self._vpc]},
            {"Name": f"tag:{SUBNET_TAGS[scheme]}", "Values": ["", "1"]},
        ]
        found: dict[str, str] = {}
        subnets = self._clients("ec2").describe_subnets(Filters=filters)["Subnets"]
        for subnet in sorted(subnets, key=lambda each: str(each["SubnetId"])):
            if subnet["AvailableIpAddressCount"] >= FREE_ADDRESSES:
                found.setdefault(subnet["AvailabilityZone"], subnet["SubnetId"])
        if len(found) < 2:
            raise Conflict(f"no subnets tagged {SUBNET_TAGS[scheme]} in two zones of {self._vpc}")
        return list(found.values())

    def _set_attributes(self, stack: Stack, arn: str) -> None:
        if not stack.attributes:
            return
        told = self._elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        if changed := _changed(stack.attributes, told):
            self._elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=changed)

    def _target_group(self, stack: Stack, wanted: TargetGroup) -> str:
        """The target group's ARN, with its targets registered."""
        tags = self._tags(stack, wanted.resource)
        present = self._tagged("target_groups", stack.identity)
        found = next((each for each in present if each["TargetGroupName"] == wanted.name), None)
        if found is None:
            found = self._elbv2.create_target_group(
                Name=wanted.name,
                Protocol="HTTP",
                ProtocolVersion="HTTP1",
                Port=wanted.port,
                VpcId=self._vpc,
                TargetType="ip",
                HealthCheckProtocol="HTTP",
                HealthCheckPort="traffic-port",
                Tags=tags,
                **wanted.health,
            )["TargetGroups"][0]
        elif any(found.get(key) != value for key, value in wanted.health.items()):
            self._elbv2.modify_target_group(TargetGroupArn=found["TargetGroupArn"], **wanted.health)
        arn = str(found["TargetGroupArn"])
        self._retag(arn, tags)
        if wanted.attributes:
            told = self._elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            if changed := _changed(wanted.attributes, told):
                self._elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=changed)
        self._register(arn, set(wanted.servers))
        return arn

    def _register(self, arn: str, wanted: set[str]) -> None:
        told = self._elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        present = {f"{each['Target']['Id']}:{each['Target']['Port']}" for each in told}
        if new := wanted - present:
            described = self._clients("ec2").describe_vpcs(VpcIds=[self._vpc])["Vpcs"][0]
            blocks = [each["CidrBlock"] for each in described["CidrBlockAssociationSet"]]
            targets = [_target(each, [ipaddress.ip_network(block) for block in blocks]) for each in new]
            self._elbv2.register_targets(TargetGroupArn=arn, Targets=targets)
        if old := present - wanted:
            self._elbv2.deregister_targets(TargetGroupArn=arn, Targets=[_target(each, []) for each in old])

    def _remove_target_groups(self, group: str, kept: set[str]) -> None:
        for each in self._tagged("target_groups", group):
            if each["TargetGroupArn"] not in kept:
                self._elbv2.delete_target_group(TargetGroupArn=each["TargetGroupArn"])

    def _set_listeners(self, stack: Stack, balancer: str, groups: dict[str, str]) -> None:
        told = self._elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        present = {each["Port"]: each for each in told}
        for port in present.keys() - {each.port for each in stack.listeners}:
            self._elbv2.delete_listener(ListenerArn=present[port]["ListenerArn"])
        certificates = self._certificates(stack)
        for wanted in stack.listeners:
            asked: dict[str, Any] = {
                "Protocol": wanted.protocol,
                "Port": wanted.port,
                "DefaultActions": [_default_action(wanted)],
            }
            if wanted.protocol == "HTTPS":
                asked["Certificates"] = [{"CertificateArn": arn} for arn in certificates[:1]]
                asked["SslPolicy"] = stack.ssl_policy
            found = present.get(wanted.port)
            if found is None:
                tags = self._tags(stack, str(wanted.port))
                made = self._elbv2.create_listener(LoadBalancerArn=balancer, Tags=tags, **asked)
                found = made["Listeners"][0]
            elif any(not _same(found.get(key), value) for key, value in asked.items()):
                self._elbv2.modify_listener(ListenerArn=found["ListenerArn"], **asked)
            if wanted.protocol == "HTTPS":
                self._set_further_certificates(found["ListenerArn"], certificates[1:])
            self._set_rules(stack, wanted, found["ListenerArn"], groups)

    def _set_further_certificates(self, listener: str, wanted: list[str]) -> None:
        told = self._elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
        present = [each["CertificateArn"] for each in told if not each["IsDefault"]]
        if new := [{"CertificateArn": arn} for arn in wanted if arn not in present]:
            self._elbv2.add_listener_certificates(ListenerArn=listener, Certificates=new)
        if old := [{"CertificateArn": arn} for arn in present if arn not in wanted]:
            self._elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=old)

    def _certificates(self, stack: Stack) -> list[str]:
        """Those that the Ingresses name, else ACM's for their hosts. Raises Conflict for a host without one.

        https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/cert_discovery/
        """
        if all(each.protocol != "HTTPS" for each in stack.listeners):
            return []
        if stack.certificates:
            return list(stack.certificates)
        acm = self._clients("acm")
        pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED"])
        names = {}
        for summary in pages.build_full_result()["CertificateSummaryList"]:
            arn = summary["CertificateArn"]
            described = acm.describe_certificate(CertificateArn=arn)["Certificate"]
            names[arn] = {described["DomainName"], *described.get("SubjectAlternativeNames", [])}
        found = []
        for host in stack.hosts:
            fitting = [arn for arn, own in names.items() if own & {host, f"*.{host.partition('.')[2]}"}]
            if not fitting:
                raise Conflict(f"no certificate found for host: {host}")
            found += fitting
        if not found:
            raise Conflict("an HTTPS listener has neither certificates nor hosts to find them by")
        return list(dict.fromkeys(found))

    def certificate_names(self, stack: Stack) -> list[str]:
        """The DNS names that the stack's certificates are for."""
        described = [
            self._clients("acm").describe_certificate(CertificateArn=arn)["Certificate"]
            for arn in self._certificates(stack)
        ]
        return [name for each in described for name in (each["DomainName"], *each["SubjectAlternativeNames"])]

    def _set_rules(self, stack: Stack, listener: Listener, arn: str, groups: dict[str, str]) -> None:
        told = self._elbv2.describe_rules(ListenerArn=arn)["Rules"]
        present = {each["Priority"]: each for each in told if not each["IsDefault"]}
        for priority, rule in enumerate(listener.rules, 1):
            actions = [{"Type": "forward", "TargetGroupArn": groups[rule.target_group]}]
            found = present.pop(str(priority), None)
            if found is None:
                tags = self._tags(stack, f"{listener.port}:{priority}")
                self._elbv2.create_rule(
                    ListenerArn=arn, Priority=priority, Conditions=rule.conditions, Actions=actions, Tags=tags
                )
            elif not _is(found, rule, groups[rule.target_group]):
                self._elbv2.modify_rule(RuleArn=found["RuleArn"], Conditions=rule.conditions, Actions=actions)
        for unwanted in present.values():
            self._elbv2.delete_rule(RuleArn=unwanted["RuleArn"])

    def _set_web_acl(self, stack: Stack, arn: str) -> None:
        """Without the annotation the association is nobody's, and stays as it is."""
        if stack.web_acl is None:
            return
        waf = self._clients("wafv2")
        present = (waf.get_web_acl_for_resource(ResourceArn=arn).get("WebACL") or {}).get("ARN", "")
        if stack.web_acl and present != stack.web_acl:
            waf.associate_web_acl(ResourceArn=arn, WebACLArn=stack.web_acl)
        elif present and not stack.web_acl:
            waf.disassociate_web_acl(ResourceArn=arn)


def _changed(wanted: dict[str, str], told: list[dict[str, str]]) -> list[dict[str, str]]:
    present = {each["Key"]: each["Value"] for each in told}
    return [{"Key": key, "Value": value} for key, value in wanted.items() if present.get(key) != value]


def _target(text: str, ranges: list[Any]) -> dict[str, Any]:
    """A target as RegisterTargets takes it; one outside of the VPC's ranges is of all zones."""
    address, _, port = text.rpartition(":")
    outside = ranges and not any(ipaddress.ip_address(address) in each for each in ranges)
    return {"Id": address, "Port": int(port), **({"AvailabilityZone": "all"} if outside else {})}


def _default_action(listener: Listener) -> dict[str, Any]:
    if not listener.redirect:
        return NOT_FOUND
    redirect = {"Protocol": "HTTPS", "Port": listener.redirect, "StatusCode": "HTTP_301"}
    return {"Type": "redirect", "RedirectConfig": redirect}


def _same(found: Any, wanted: Any) -> bool:
    """Whether what AWS tells has all that is wanted; it adds what was left to its defaults."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_same(found.get(key), wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_same, found, wanted))
    return bool(found == wanted)


def _is(found: dict[str, Any], rule: Rule, group: str) -> bool:
    def values(conditions: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
        return sorted(
            (each["Field"], sorted((each.get(CONDITIONS[each["Field"]]) or each)["Values"]))
            for each in conditions
        )

    [action] = found["Actions"]
    return action.get("TargetGroupArn") == group and values(found["Conditions"]) == values(rule.conditions)
