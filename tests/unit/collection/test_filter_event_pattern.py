"""The patterns of the trail's events that are told, and the filter that writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.event_pattern import event_pattern
from ansible_collections.notejam.platform.plugins.plugin_utils.observability_rules import (
    ALARMS,
    SECURITY_ALARMS,
)

TABLES = Path(__file__).parents[3] / "roles/observability/vars/main"
TABLE: dict[str, dict[str, Any]] = yaml.safe_load((TABLES / "security.yml").read_text())[
    "__observability_security_table"
]
LONGEST = 1024


def test_events_are_looked_for_by_name_and_service() -> None:
    row = {"events": ["DisableKey", "ScheduleKeyDeletion"]}
    names = "($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)"
    assert event_pattern(row) == f"{{ {names} }}"
    of_kms = {**row, "source": "kms.amazonaws.com"}
    assert event_pattern(of_kms) == f"{{ ($.eventSource = kms.amazonaws.com) && ({names}) }}"
    assert event_pattern({"pattern": "{ $.a = 1 }"}) == "{ $.a = 1 }"


def test_a_pattern_too_long_for_cloudwatch_logs_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="The pattern of many has"):
        event_pattern({"name": "many", "events": ["DeleteEverything"] * 40})


@pytest.mark.parametrize("name", TABLE)
def test_each_row_is_whole_and_its_pattern_one_that_cloudwatch_logs_takes(name: str) -> None:
    row = TABLE[name]
    assert row.keys() >= {"description", "topic", "threshold"}
    assert row["threshold"] >= 1
    pattern = event_pattern({**row, "name": name})
    assert re.fullmatch(r"\{ .+ \}", pattern)
    assert len(pattern) <= LONGEST
    assert pattern.count("(") == pattern.count(")")


# The CIS AWS Foundations Benchmark, 4.1 to 4.15:
# https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
@pytest.mark.parametrize(
    "expected",
    [
        r'userIdentity\.type = "Root" && .*invokedBy NOT EXISTS && .*eventType != "AwsServiceEvent"',
        r'errorCode = "\*UnauthorizedOperation"\) .*errorCode = "AccessDenied\*"',
        r'eventName = "ConsoleLogin"\) && .*MFAUsed != "Yes"',
        r'eventName = ConsoleLogin\) && .*errorMessage = "Failed authentication"',
        r"eventName = AttachRolePolicy\).*eventName = PutUserPolicy\)",
        r"eventName = DeleteTrail\).*eventName = StopLogging\)",
        r"eventSource = kms\.amazonaws\.com\) && .*eventName = ScheduleKeyDeletion\)",
        r"eventSource = s3\.amazonaws\.com\) && .*eventName = PutBucketPolicy\)",
        r"eventName = AuthorizeSecurityGroupIngress\)",
        r"eventName = CreateNetworkAclEntry\)",
        r"eventName = AttachInternetGateway\)",
        r"eventSource = ec2\.amazonaws\.com\) && .*eventName = ReplaceRoute\)",
        r"eventName = ModifyVpcAttribute\)",
        r"eventSource = config\.amazonaws\.com\) && .*eventName = StopConfigurationRecorder\)",
        r"eventSource = organizations\.amazonaws\.com\) && .*eventName = LeaveOrganization\)",
    ],
)
def test_what_the_benchmark_asks_for_is_told(expected: str) -> None:
    assert any(re.search(expected, event_pattern({**row, "name": name})) for name, row in TABLE.items())


def test_the_preflight_knows_the_alarms_of_both_tables() -> None:
    alarms = yaml.safe_load((TABLES / "alarms.yml").read_text())["__observability_table"]
    assert alarms.keys() == ALARMS
    assert TABLE.keys() == SECURITY_ALARMS
