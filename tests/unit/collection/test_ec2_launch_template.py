"""The module ec2_launch_template: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
TEMPLATE: dict[str, Any] = {
    "name": "notejam-test-system",
    "security_group_ids": ["sg-b", "sg-a"],
    "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
    "block_device_mappings": [
        {
            "device_name": "/dev/xvda",
            "ebs": {"volume_type": "gp3", "volume_size": 40, "encrypted": True, "kms_key_id": KEY},
        }
    ],
    "launched_tags": {"instance": {"Name": "node"}, "volume": {"Name": "node"}},
    "tags": {"Name": "notejam-test-system"},
}


@pytest.fixture(autouse=True)
def _account(strict_account: None) -> None:
    """An empty account for each test."""


def version(number: str = "$Default") -> dict[str, Any]:
    ec2 = boto3.client("ec2")
    found = ec2.describe_launch_template_versions(LaunchTemplateName=TEMPLATE["name"], Versions=[number])
    return dict(found["LaunchTemplateVersions"][0])


def test_creates_the_template() -> None:
    run = four_steps("ec2_launch_template", **TEMPLATE)
    assert run.writes == ["CreateLaunchTemplate"]
    data = version()["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert data["BlockDeviceMappings"][0]["Ebs"]["KmsKeyId"] == KEY
    assert {one["ResourceType"] for one in data["TagSpecifications"]} == {"instance", "volume"}
    [template] = boto3.client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert template["Tags"] == [{"Key": "Name", "Value": "notejam-test-system"}]


@pytest.mark.parametrize(
    "change",
    [
        {"security_group_ids": ["sg-a"]},
        {"metadata_options": {"http_put_response_hop_limit": 2}},
        {"launched_tags": {"instance": {"Name": "other"}}},
        {
            "block_device_mappings": [
                {**TEMPLATE["block_device_mappings"][0], "ebs": {"volume_type": "gp3", "volume_size": 80}}
            ]
        },
    ],
)
def test_a_difference_makes_the_next_version_which_the_plan_numbers(change: dict[str, Any]) -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    planned = run_module("ec2_launch_template", check_mode=True, **TEMPLATE | change)
    assert planned.result["launch_template"]["default_version"] == "2"
    run = four_steps("ec2_launch_template", **TEMPLATE | change)
    assert run.writes == ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]
    assert run.result["launch_template"]["default_version"] == "2"
    assert version()["VersionNumber"] == 2
    # What a task leaves out stays.
    assert version()["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_the_order_of_the_groups_is_no_difference() -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    assert not run_module(
        "ec2_launch_template", **TEMPLATE | {"security_group_ids": ["sg-a", "sg-b"]}
    ).changed


def by_hand() -> None:
    """A version that somebody made."""
    boto3.client("ec2").create_launch_template_version(
        LaunchTemplateName=TEMPLATE["name"],
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}},
    )


def test_a_version_that_nobody_takes_is_left_alone() -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    by_hand()
    assert not run_module("ec2_launch_template", **TEMPLATE).changed
    run = four_steps("ec2_launch_template", **TEMPLATE | {"security_group_ids": ["sg-a"]})
    assert run.result["launch_template"]["default_version"] == "3"


def test_a_version_that_somebody_made_the_default_is_followed_by_the_declared_one() -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    by_hand()
    boto3.client("ec2").modify_launch_template(LaunchTemplateName=TEMPLATE["name"], DefaultVersion="2")
    run = four_steps("ec2_launch_template", **TEMPLATE)
    assert run.result["launch_template"]["default_version"] == "3"
    assert version()["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_tags_are_the_templates_own() -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    run = four_steps("ec2_launch_template", **TEMPLATE | {"tags": {"owner": "platform"}})
    assert run.writes == ["CreateTags", "DeleteTags"]
    assert version()["VersionNumber"] == 1


def test_deletes_the_template() -> None:
    run_module("ec2_launch_template", **TEMPLATE)
    four_steps("ec2_launch_template", name=TEMPLATE["name"], state="absent")
    assert boto3.client("ec2").describe_launch_templates()["LaunchTemplates"] == []


def test_an_unknown_way_of_metadata_is_refused() -> None:
    run = run_module("ec2_launch_template", **TEMPLATE | {"metadata_options": {"http_tokens": "maybe"}})
    assert run.result["failed"]
    assert "optional, required" in run.result["msg"]
