"""What kind of resource an event is about, as CloudTrail names kinds.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html
"""

EC2 = {
    "acl": "NetworkAcl",
    "eipalloc": "EIP",
    "fl": "FlowLog",
    "i": "Instance",
    "igw": "InternetGateway",
    "lt": "LaunchTemplate",
    "nat": "NatGateway",
    "rtb": "RouteTable",
    "sg": "SecurityGroup",
    "subnet": "Subnet",
    "vol": "Volume",
    "vpc": "VPC",
    "vpce": "VPCEndpoint",
}
# By what the operation's name says, for services of several kinds; the first that fits counts.
NOUNS = {
    "cloudwatch": [("Dashboard", "AWS::CloudWatch::Dashboard"), ("Alarm", "AWS::CloudWatch::Alarm")],
    "eks": [("Nodegroup", "AWS::EKS::Nodegroup"), ("Addon", "AWS::EKS::Addon"), ("", "AWS::EKS::Cluster")],
    "elbv2": [
        ("TargetGroup", "AWS::ElasticLoadBalancingV2::TargetGroup"),
        ("Listener", "AWS::ElasticLoadBalancingV2::Listener"),
        ("LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ],
    "iam": [
        ("OpenIDConnectProvider", "AWS::IAM::OIDCProvider"),
        ("Role", "AWS::IAM::Role"),
        ("User", "AWS::IAM::User"),
        ("Group", "AWS::IAM::Group"),
        ("Policy", "AWS::IAM::ManagedPolicy"),
    ],
    "rds": [
        ("DBCluster", "AWS::RDS::DBCluster"),
        ("DBInstance", "AWS::RDS::DBInstance"),
        ("DBSubnetGroup", "AWS::RDS::DBSubnetGroup"),
    ],
    "wafv2": [
        ("WebACL", "AWS::WAFv2::WebACL"),
        ("IPSet", "AWS::WAFv2::IPSet"),
        ("RuleGroup", "AWS::WAFv2::RuleGroup"),
    ],
    "acm": [("Certificate", "AWS::ACM::Certificate")],
    "cloudtrail": [("", "AWS::CloudTrail::Trail")],
    "ecr": [("", "AWS::ECR::Repository")],
    "kms": [("Alias", "AWS::KMS::Alias"), ("", "AWS::KMS::Key")],
    "logs": [("", "AWS::Logs::LogGroup")],
    "route53": [("", "AWS::Route53::HostedZone")],
    "s3": [("", "AWS::S3::Bucket")],
    "secretsmanager": [("", "AWS::SecretsManager::Secret")],
    "sns": [("", "AWS::SNS::Topic")],
}


def resource_type(service: str, operation: str, resource: str) -> str:
    """Such as `AWS::EC2::VPC`; empty for a kind that is not known here."""
    if service == "ec2":
        kind = EC2.get(resource.partition("-")[0])
        return f"AWS::EC2::{kind}" if kind else ""
    return next((kind for noun, kind in NOUNS.get(service, []) if noun in operation), "")
