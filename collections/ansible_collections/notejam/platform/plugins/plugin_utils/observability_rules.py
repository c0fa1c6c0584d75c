# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of what the role observability is told: whom to tell, what of the alarms differs, and the budget."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils.checks import (
    Check,
    Rule,
    at_least,
    empty_or,
    like,
    one_of,
    single,
)

# Those of the tables in the role's vars/main/alarms.yml and security.yml; a test compares them.
ALARMS = frozenset(
    [
        "backup-age",
        "certificate-age",
        "database-connections",
        "database-cpu",
        "database-deadlocks",
        "database-global-lag",
        "database-replica-lag",
        "database-storage",
        "load-balancer-errors",
        "nat-ports",
        "node-not-ready",
        "pod-restarts",
        "replicas-at-maximum",
        "requests-blocked",
        "secret-rotation",
        "slow-answers",
        "target-errors",
        "unhealthy-hosts",
    ]
)
SECURITY_ALARMS = frozenset(
    [
        "bucket-policy-changes",
        "configuration-changes",
        "failed-sign-ins",
        "gateway-changes",
        "iam-changes",
        "key-deletions",
        "network-acl-changes",
        "network-changes",
        "organization-changes",
        "root-use",
        "route-changes",
        "security-group-changes",
        "sign-in-without-mfa",
        "trail-changes",
        "unauthorized-calls",
    ]
)
TOPICS = frozenset(["critical", "warning"])
ENDPOINTS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "https": r"https://[^\s/]+\S*",
    "lambda": r"arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:.+",
    "sqs": r"arn:[\w-]+:sqs:[a-z0-9-]+:\d{12}:.+",
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
DAY, WEEK, HOUR = 86400, 604800, 3600  # seconds
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html
MOST_NOTIFICATIONS = 5
MOST_PERCENT = 1_000_000


def _subscribers(topics: dict[str, Any]) -> str | None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"""
    for topic, rows in topics.items():
        if problem := one_of(TOPICS, "topic")(topic):
            return f"in which {topic!r} {problem}"
        for row in rows or []:
            protocol, endpoint = row.get("protocol"), str(row.get("endpoint", ""))
            if protocol not in ENDPOINTS:
                known = ", ".join(ENDPOINTS)
                return f"in which {topic} has the protocol {protocol!r}, which is none of {known}."
            if not re.fullmatch(ENDPOINTS[protocol], endpoint):
                return f"in which {topic} has {endpoint!r}, which is no endpoint of {protocol}."
    return None


def _alarm_changes(names: Collection[str]) -> Check:
    """Changes by name of alarms of these names."""

    def check(changes: dict[str, Any]) -> str | None:
        for name, change in changes.items():
            if problem := one_of(names, "alarm")(name):
                return f"in which {name!r} {problem}"
            if not isinstance(change, dict) or not change:
                return f"in which {name} changes nothing. Give it options, such as threshold."
            if problem := _change(change):
                return f"in which {name} {problem}"
        return None

    return check


def _change(change: dict[str, Any]) -> str | None:
    if "threshold" in change and not _is_number(change["threshold"]):
        return f"has the threshold {change['threshold']!r}, which is no number."
    if "enabled" in change and not isinstance(change["enabled"], bool):
        return f"is enabled {change['enabled']!r}, which is neither true nor false."
    if change.get("topic", "critical") not in TOPICS:
        return f"tells the topic {change['topic']!r}, which is neither critical nor warning."
    period, periods = change.get("period", 60), change.get("evaluation_periods", 1)
    if not _is_number(period) or (period not in (10, 20, 30) and (period < 60 or period % 60)):
        return f"has a period of {period!r} seconds, which is none of 10, 20, 30 and multiples of 60."
    if not isinstance(periods, int) or periods < 1:
        return f"has {periods!r} evaluation_periods; 1 is the least."
    if period * periods > (WEEK if period >= HOUR else DAY):
        return f"looks back {period * periods} seconds; CloudWatch does for a day, or a week by the hour."
    if "evaluation_periods" in change and change.get("datapoints_to_alarm", 1) > periods:
        return f"wants {change['datapoints_to_alarm']} datapoints_to_alarm of {periods} evaluation_periods."
    return None


def _budget_amount(amount: float) -> str | None:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Spend.html"""
    return None if amount > 0 else "which is nothing to spend. Give it more than 0 US dollars a month."


def _budget_notifications(rows: list[dict[str, Any]]) -> str | None:
    """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html"""
    if len(rows) > MOST_NOTIFICATIONS:
        return f"which has {len(rows)} rows, but a budget has {MOST_NOTIFICATIONS} notifications."
    seen = Counter((row["type"], float(row["percent"])) for row in rows)
    for (kind, percent), times in seen.items():
        if not 0 < percent <= MOST_PERCENT:
            return f"in which {kind} has {percent:g} percent, not between 1 and {MOST_PERCENT}."
        if times > 1:
            return f"in which {kind} at {percent:g} percent is there twice. Make one row of the two."
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_Transition.html"
OBSERVABILITY_RULES: dict[str, Rule] = {
    "observability_alarms": Rule(_alarm_changes(ALARMS), ALARM),
    "observability_security_alarms": Rule(_alarm_changes(SECURITY_ALARMS), ALARM),
    "observability_subscribers": Rule(
        _subscribers, "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"
    ),
    "observability_load_balancer": Rule(
        empty_or(
            single(
                like(r"app/[\w-]{1,32}/[0-9a-f]{16}", "load balancer, such as app/notejam/0123456789abcdef")
            )
        )
    ),
    "observability_application_most_replicas": Rule(single(at_least(0, "(pods)"))),
    "observability_trail_archive_days": Rule(single(at_least(1, "(days)")), LIFECYCLE),
    "observability_trail_retention_days": Rule(single(at_least(1, "(days)")), LIFECYCLE),
    "observability_budget_amount": Rule(_budget_amount),
    "observability_budget_notifications": Rule(
        _budget_notifications,
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html",
    ),
}
