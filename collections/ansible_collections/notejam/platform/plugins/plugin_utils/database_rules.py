# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of what the role database is told: what Aurora PostgreSQL has, and how RDS lets it be named."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from ansible_collections.notejam.platform.plugins.plugin_utils.checks import (
    Rule,
    between,
    each,
    empty_or,
    like,
    one_of,
    single,
    window,
)

RDS = "https://docs.aws.amazon.com/AmazonRDS/latest"
CREATION = f"{RDS}/APIReference/API_CreateDBCluster.html"
SERVERLESS = "db.serverless"
LARGE = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html
FAMILIES = {
    "r5": (*LARGE, "24xlarge"),
    "r6g": LARGE,
    "r6gd": LARGE[1:],
    "r6i": (*LARGE, "24xlarge", "32xlarge"),
    "r6id": ("24xlarge", "32xlarge"),
    "r7g": LARGE,
    "r7i": (*LARGE, "24xlarge", "48xlarge"),
    "r8g": (*LARGE, "24xlarge", "48xlarge"),
    "r8gd": (*LARGE[1:], "24xlarge", "48xlarge"),
    "t3": ("medium", "large"),
    "t4g": ("medium", "large"),
    "x2g": LARGE,
}
MOST_CAPACITY = 256  # Aurora capacity units
# Those that people set, to tell what a misspelt one was meant to be. RDS itself knows all.
PARAMETERS = frozenset(
    [
        "auto_explain.log_analyze",
        "auto_explain.log_min_duration",
        "autovacuum_analyze_scale_factor",
        "autovacuum_max_workers",
        "autovacuum_naptime",
        "autovacuum_vacuum_cost_limit",
        "autovacuum_vacuum_scale_factor",
        "checkpoint_timeout",
        "deadlock_timeout",
        "default_statistics_target",
        "effective_cache_size",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "lock_timeout",
        "log_autovacuum_min_duration",
        "log_connections",
        "log_disconnections",
        "log_duration",
        "log_lock_waits",
        "log_min_duration_sample",
        "log_min_duration_statement",
        "log_min_error_statement",
        "log_min_messages",
        "log_rotation_age",
        "log_rotation_size",
        "log_statement",
        "log_statement_sample_rate",
        "log_temp_files",
        "maintenance_work_mem",
        "max_connections",
        "max_parallel_workers",
        "max_parallel_workers_per_gather",
        "max_worker_processes",
        "pg_stat_statements.max",
        "pg_stat_statements.track",
        "pgaudit.log",
        "pgaudit.role",
        "random_page_cost",
        "rds.force_admin_logging_level",
        "rds.force_autovacuum_logging_level",
        "rds.force_ssl",
        "rds.log_retention_period",
        "rds.logical_replication",
        "shared_buffers",
        "shared_preload_libraries",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "statement_timeout",
        "temp_buffers",
        "timezone",
        "track_activity_query_size",
        "track_functions",
        "track_io_timing",
        "wal_receiver_timeout",
        "wal_sender_timeout",
        "work_mem",
    ]
)
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html
OF_CLUSTERS = frozenset(["rds.force_ssl", "rds.logical_replication", "ssl_max_protocol_version", "timezone"])


def instance_class(value: str) -> str | None:
    """What is wrong with the class of the instances."""
    if value == SERVERLESS:
        return None
    match = re.fullmatch(r"db\.([a-z0-9-]+)\.([a-z0-9]+)", value)
    if not match:
        return "is no class of RDS, such as db.r6g.large."
    family, size = match[1], match[2]
    if family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        return (
            f"is of the family {family}, which Aurora PostgreSQL does not have. It has {known}, serverless."
        )
    if size not in FAMILIES[family]:
        return f"is of a size that {family} does not have. Those are {', '.join(FAMILIES[family])}."
    return None


def capacity(value: dict[str, float | None]) -> str | None:
    """What is wrong with a range of capacity; an empty one is none."""
    ends = {end: value.get(end) for end in ("min", "max")}
    if not value or list(ends.values()) == [None, None]:
        return None
    for end, units in ends.items():
        if units is None:
            return f"in which {end} is missing. A range has both ends."
        least = 0 if end == "min" else 1
        if not least <= units <= MOST_CAPACITY:
            return (
                f"in which {end} is {units:g}, not between {least} and {MOST_CAPACITY} Aurora capacity units."
            )
        if units * 2 % 1:
            return f"in which {end} is {units:g}, but capacity goes in steps of 0.5."
    low, high = (units or 0 for units in ends.values())
    return f"in which min is {low:g}, more than max, which is {high:g}." if low > high else None


def parameters(values: dict[str, Any]) -> str | None:
    """What is wrong with the parameters of a cluster or of instances."""
    for name, value in values.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?", name):
            return f"in which {name!r} is no name of a parameter, such as log_statement."
        if name not in PARAMETERS and (close := get_close_matches(name, PARAMETERS, n=1, cutoff=0.9)):
            return f"in which {name!r} is no parameter. Did you mean {close[0]}?"
        if not isinstance(value, (str, int, float)):
            return f"in which {name} is {value!r}. Write its value as a text or a number."
        if isinstance(value, bool):
            return f'in which {name} is {value!r}. Write it as RDS does, as "1" or "0", "on" or "off".'
    return None


def instance_parameters(values: dict[str, Any]) -> str | None:
    """The same, without those that only a cluster has."""
    for name in sorted(OF_CLUSTERS & values.keys()):
        return f"in which {name} is a parameter of the cluster alone. Set it in database_parameters."
    return parameters(values)


def insights_retention(days: int) -> str | None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""
    if days in (7, 731) or (days % 31 == 0 and 31 <= days <= 23 * 31):
        return None
    return "is none of what Performance Insights allows: 7, a multiple of 31 up to 713, or 731 days."


DATABASE_RULES: dict[str, Rule] = {
    "database_engine_version": Rule(
        single(like(r"\d{2}\.\d{1,2}", "version of Aurora PostgreSQL, such as 17.5"))
    ),
    "database_name": Rule(
        single(like(r"[A-Za-z][A-Za-z0-9_]{0,62}", "name of a database: letters, digits and underscores")),
        CREATION,
    ),
    "database_identifier": Rule(
        single(
            like(
                r"(?=.{1,60}$)[a-z](?:-?[a-z0-9])*",
                "identifier of a cluster whose instances are numbered: 60 small letters, digits and single "
                "hyphens at most, beginning with a letter",
            )
        ),
        CREATION,
    ),
    "database_master_username": Rule(
        single(
            like(
                r"(?!(?:admin|postgres|rdsadmin)$)[A-Za-z][A-Za-z0-9_]{0,15}",
                "name that a master user may have",
            )
        ),
        CREATION,
    ),
    "database_port": Rule(single(between(1150, 65535, "(ports)")), CREATION),
    "database_parameters": Rule(
        parameters, f"{RDS}/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html"
    ),
    "database_instance_parameters": Rule(
        instance_parameters, f"{RDS}/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html"
    ),
    "database_log_exports": Rule(
        each(one_of({"instance", "postgresql", "iam-db-auth-error"}, "log of Aurora PostgreSQL"))
    ),
    "database_instance_class": Rule(
        single(instance_class), f"{RDS}/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html"
    ),
    "database_serverless_capacity": Rule(
        capacity, f"{RDS}/APIReference/API_ServerlessV2ScalingConfiguration.html"
    ),
    "database_instance_count": Rule(
        single(between(1, 16, "instances, a writer and 15 readers")),
        f"{RDS}/AuroraUserGuide/Aurora.Replication.html",
    ),
    "database_performance_insights_retention_days": Rule(
        single(insights_retention), f"{RDS}/APIReference/API_CreateDBInstance.html"
    ),
    "database_backup_retention_days": Rule(single(between(1, 35, "days")), CREATION),
    "database_backup_window": Rule(single(window(weekly=False)), CREATION),
    "database_maintenance_window": Rule(single(window(weekly=True)), CREATION),
    # Date and time of 16 characters follow.
    "database_final_snapshot_name": Rule(
        empty_or(
            single(
                like(
                    r"(?=.{1,239}$)[A-Za-z](?:-?[A-Za-z0-9])*",
                    "beginning of a snapshot's name: a letter, then letters, digits and single hyphens",
                )
            )
        ),
        f"{RDS}/APIReference/API_CreateDBClusterSnapshot.html",
    ),
}
