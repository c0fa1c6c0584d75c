"""AWS is asked early and waited for late: greenfield takes as long as its longest chain, not the sum."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.commands import ROOT
from tests.conftest import FOLDER
from tests.environments.conftest import ENVIRONMENT, Site

# What EKS takes only of a control plane that is ready, and what two other roles make in the meantime.
AFTER_THE_WAIT = ("CreateAccessEntry", "CreateAddon", "CreateNodegroup")
MEANWHILE = ("CreateSecret", "CreateWebACL")


@pytest.fixture(params=["primary", "standby"])
def each(request: pytest.FixtureRequest) -> Site:
    """Either site."""
    site: Site = request.getfixturevalue(request.param)
    return site


def operations(site: Site) -> list[str]:
    """What was asked of AWS in the site's account and region, in order, by the emulator's request log."""
    logs = [FOLDER / "aws" / name for name in ("requests.1.jsonl", "requests.jsonl")]
    lines = [json.loads(line) for log in logs if log.exists() for line in log.read_text().splitlines()]
    return [
        line["operation"]
        for line in lines
        if (line["account"], line["region"]) == (site.account, site.region) and not line["error"]
    ]


def test_both_are_asked_for_before_either_is_waited_for(each: Site) -> None:
    asked = operations(each)
    cluster, database = asked.index("CreateCluster"), asked.index("CreateDBCluster")
    instances = [number for number, name in enumerate(asked) if name == "CreateDBInstance"]
    waited = min(asked.index(name) for name in AFTER_THE_WAIT)
    assert max(cluster, database, *instances) < min(asked.index(name) for name in MEANWHILE)
    assert max(asked.index(name) for name in MEANWHILE) < waited
    # Who only asks looks once at what came of it; who waits looks after all of that, until it is ready.
    assert asked[cluster:database].count("DescribeCluster") == 1
    assert "DescribeCluster" in asked[max(asked.index(name) for name in MEANWHILE) : waited]


def test_a_greenfield_run_takes_its_longest_chain_and_not_the_sum(each: Site, rehearsal: str) -> None:
    inventory = yaml.safe_load((ROOT / "inventories" / ENVIRONMENT / "hosts.yml").read_text())
    [name] = [
        name
        for group in ("primary", "standby")
        for name, variables in inventory[group]["hosts"].items()
        if variables["platform_region"] == each.region
    ]
    printed = rehearsal.split(f"Timeline of {name}, run 1:")[1].split("\n\n")[0]
    for resource in ("cluster notejam-prod", "rds_instance notejam-prod-1", "nodegroup notejam-prod/system"):
        assert f"  {resource} (" in printed, printed
    [chain] = re.findall(r"^Longest chain (\d+):(\d+): (.*)\.$", printed, re.MULTILINE)
    [together] = re.findall(r"^One after the other, .* up to (\d+):(\d+)\.$", printed, re.MULTILINE)
    assert re.search(r"nodegroup notejam-prod/\S+ > addon notejam-prod/", chain[2]), printed
    assert seconds(*chain[:2]) < seconds(*together)


def seconds(minutes: str, rest: str) -> int:
    return int(minutes) * 60 + int(rest)
