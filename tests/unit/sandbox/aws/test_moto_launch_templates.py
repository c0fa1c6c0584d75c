"""Launch templates of the extended moto."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from sandbox.aws import moto


@mock_aws
def test_a_templates_own_tags_are_not_in_its_versions() -> None:
    moto.install()
    ec2 = boto3.client("ec2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    tags = [{"Key": "Name", "Value": "nodes"}]
    instance = {"ResourceType": "instance", "Tags": tags}
    made = ec2.create_launch_template(
        LaunchTemplateName="nodes",
        LaunchTemplateData={"TagSpecifications": [instance]},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )["LaunchTemplate"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateName="nodes")["LaunchTemplateVersions"]
    assert made["Tags"] == tags
    assert versions[0]["LaunchTemplateData"]["TagSpecifications"] == [instance]


@mock_aws
def test_a_templates_tags_are_told_as_they_are_now() -> None:
    ec2 = boto3.client("ec2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    own = {"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "nodes"}]}
    made = ec2.create_launch_template(
        LaunchTemplateName="nodes", LaunchTemplateData={"ImageId": "ami-1"}, TagSpecifications=[own]
    )["LaunchTemplate"]
    owner = [{"Key": "owner", "Value": "platform"}]
    ec2.create_tags(Resources=[made["LaunchTemplateId"]], Tags=owner)
    ec2.delete_tags(Resources=[made["LaunchTemplateId"]], Tags=[{"Key": "Name"}])
    [template] = ec2.describe_launch_templates(LaunchTemplateNames=["nodes"])["LaunchTemplates"]
    assert template["Tags"] == owner


@mock_aws
def test_a_version_has_of_its_source_what_it_does_not_say_itself() -> None:
    moto.install()
    ec2 = boto3.client("ec2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    first = {"ImageId": "ami-1", "InstanceType": "m7i.large"}
    ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=first)
    of = {"LaunchTemplateName": "nodes", "LaunchTemplateData": {"ImageId": "ami-2"}}
    for source, data in (("1", first | {"ImageId": "ami-2"}), (None, {"ImageId": "ami-2"})):
        made = ec2.create_launch_template_version(**of, **({"SourceVersion": source} if source else {}))
        assert made["LaunchTemplateVersion"]["LaunchTemplateData"] == data
        [latest] = ec2.describe_launch_template_versions(LaunchTemplateName="nodes", Versions=["$Latest"])[
            "LaunchTemplateVersions"
        ]
        assert latest["LaunchTemplateData"] == data
    gone = {"LaunchTemplateName": "nodes", "SourceVersion": "9", "LaunchTemplateData": {"ImageId": "ami-3"}}
    with pytest.raises(ClientError, match="VersionNotFound"):
        ec2.create_launch_template_version(**gone)
