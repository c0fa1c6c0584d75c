"""What a person in the console might do to the security groups."""

from __future__ import annotations

import boto3


def main() -> None:
    ec2 = boto3.client("ec2")
    own = [{"Name": "tag:platform:component", "Values": ["security_groups"]}]
    found = ec2.describe_security_groups(Filters=own)["SecurityGroups"]
    ids = {
        {tag["Key"]: tag["Value"] for tag in group["Tags"]}["platform:purpose"]: group["GroupId"]
        for group in found
    }
    ec2.authorize_security_group_ingress(
        GroupId=ids["database"], IpProtocol="tcp", FromPort=5432, ToPort=5432, CidrIp="0.0.0.0/0"
    )
    ec2.revoke_security_group_ingress(
        GroupId=ids["load-balancer"], IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0"
    )


if __name__ == "__main__":
    main()
