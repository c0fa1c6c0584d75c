"""After its removal nothing of a role is found: not by the project's discovery, not by the tagging API."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import boto3
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

ROOT = Path(__file__).resolve().parents[3]
ROLE = os.environ["MOLECULE_SCENARIO_NAME"]
SITE = {"platform:environment": "sandbox", "platform:site": "sandbox_eu_west_1"}
# AWS lists them for a while, or until a waiting period is over, and a last snapshot is meant to stay: the
# role's own test looks at their state.
LINGERING = (":cluster-snapshot:", ":natgateway/", ":kms:", ":secretsmanager:", ":vpc-endpoint/")


def test_the_site_has_nothing_of_it() -> None:
    _AnsibleCollectionFinder([str(ROOT / "collections")])._install()
    package = "ansible_collections.notejam.platform.plugins.module_utils.site"
    discover = importlib.import_module(f"{package}.{ROLE}").discover
    assert discover(boto3.session.Session(), SITE) is None


def test_nothing_carries_its_tag() -> None:
    pages = boto3.client("resourcegroupstaggingapi").get_paginator("get_resources")
    wanted = [{"Key": "platform:component", "Values": [ROLE]}]
    found = pages.paginate(TagFilters=wanted).build_full_result()["ResourceTagMappingList"]
    arns = [each["ResourceARN"] for each in found]
    assert [arn for arn in arns if not any(word in arn for word in LINGERING)] == []
