"""What a person in the console might do to the network."""

from __future__ import annotations

import boto3


def main() -> None:
    ec2 = boto3.client("ec2")
    site = [{"Name": "tag:platform:site", "Values": ["sandbox_eu_west_1"]}]
    [vpc] = ec2.describe_vpcs(Filters=site)["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"]
    ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"] for log in logs])
    by_name = [*inside, {"Name": "group-name", "Values": ["default"]}]
    [group] = ec2.describe_security_groups(Filters=by_name)["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    private = [*inside, {"Name": "tag:platform:purpose", "Values": ["private"]}]
    table = ec2.describe_route_tables(Filters=private)["RouteTables"][0]
    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")


if __name__ == "__main__":
    main()
