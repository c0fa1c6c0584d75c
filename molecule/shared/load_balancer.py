"""What a cluster's AWS Load Balancer Controller makes for Notejam's Ingress, for scenarios without a cluster.

`python molecule/shared/load_balancer.py made|gone`: the load balancer with its tags, in a VPC of its own.
"""

import sys
from typing import Any

import boto3

NAME = "scenario-load-balancer"
TAGS = {
    "elbv2.k8s.aws/cluster": "notejam-sandbox",
    "ingress.k8s.aws/stack": "notejam/notejam",
    "ingress.k8s.aws/resource": "LoadBalancer",
}


def make() -> None:
    ec2 = boto3.client("ec2")
    named = [{"Key": "Name", "Value": NAME}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": named}])[
        "Vpc"
    ]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    zones = ec2.describe_availability_zones()["AvailabilityZones"][:2]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone["ZoneName"])
        for n, zone in enumerate(zones)
    ]
    boto3.client("elbv2").create_load_balancer(
        Name=NAME,
        Subnets=[each["Subnet"]["SubnetId"] for each in subnets],
        Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
    )


def remove() -> None:
    ec2, elbv2 = boto3.client("ec2"), boto3.client("elbv2")
    [balancer] = elbv2.describe_load_balancers(Names=[NAME])["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])

    def of(vpc: str, name: str = "vpc-id") -> list[dict[str, Any]]:
        return [{"Name": name, "Values": [vpc]}]

    vpc = balancer["VpcId"]
    for subnet in ec2.describe_subnets(Filters=of(vpc))["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in ec2.describe_internet_gateways(Filters=of(vpc, "attachment.vpc-id"))["InternetGateways"]:
        ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_vpc(VpcId=vpc)


if __name__ == "__main__":
    {"made": make, "gone": remove}[sys.argv[1]]()
