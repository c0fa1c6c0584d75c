"""CloudWatch Logs as moto differs from AWS.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
"""

from typing import Any

from moto.logs.exceptions import (
    InvalidParameterException,
    LogsClientError,
    ResourceNotFoundException,
)
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.aws.moto.metric_filters import check, count_by_metric_filters
from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTIONS = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_other_retentions()
    _tell_class_and_protection()
    _change_keys()
    _write_metric_filters_over()
    count_by_metric_filters()


def _refuse_other_retentions() -> None:
    """API_PutRetentionPolicy.html: only some numbers of days can be chosen."""

    def put_retention_policy(self: Any, log_group_name: str, retention_in_days: int) -> None:
        if retention_in_days not in RETENTIONS:
            raise InvalidParameterException(
                constraint="Member must satisfy enum value set of retention days",
                parameter="retentionInDays",
                value=retention_in_days,
            )
        put(self, log_group_name, retention_in_days)

    put = replace(LogsBackend, "put_retention_policy", put_retention_policy)


def _tell_class_and_protection() -> None:
    """API_LogGroup.html (logGroupClass, deletionProtectionEnabled), API_DeleteLogGroup.html"""

    def create_log_group(self: Any) -> str:
        answer: str = create(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        group.log_group_class = self._get_param("logGroupClass") or "STANDARD"
        group.deletion_protection = bool(self._get_param("deletionProtectionEnabled"))
        return answer

    def to_describe_dict(self: Any) -> dict[str, Any]:
        return {
            **describe(self),
            "logGroupClass": getattr(self, "log_group_class", "STANDARD"),
            "deletionProtectionEnabled": getattr(self, "deletion_protection", False),
        }

    def put_log_group_deletion_protection(self: Any) -> str:
        identifier = self._get_param("logGroupIdentifier")
        group = _group(self, identifier.rpartition(":")[2])
        group.deletion_protection = self._get_param("deletionProtectionEnabled")
        return ""

    def delete_log_group(self: Any) -> str:
        name = self._get_param("logGroupName")
        if getattr(_group(self, name), "deletion_protection", False):
            raise LogsClientError(
                "ValidationException", f"The log group {name} is protected against deletion."
            )
        answer: str = delete(self)
        filters = self.logs_backend.filters
        filters.metric_filters = [one for one in filters.metric_filters if one["logGroupName"] != name]
        return answer

    create = replace(LogsResponse, "create_log_group", create_log_group)
    describe = replace(LogGroup, "to_describe_dict", to_describe_dict)
    delete = replace(LogsResponse, "delete_log_group", delete_log_group)
    LogsResponse.put_log_group_deletion_protection = put_log_group_deletion_protection  # type: ignore[attr-defined]


def _change_keys() -> None:
    """API_AssociateKmsKey.html, API_DisassociateKmsKey.html"""

    def associate_kms_key(self: Any) -> str:
        _group(self, self._get_param("logGroupName")).kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate_kms_key(self: Any) -> str:
        _group(self, self._get_param("logGroupName")).kms_key_id = None
        return ""

    LogsResponse.associate_kms_key = associate_kms_key  # type: ignore[attr-defined]
    LogsResponse.disassociate_kms_key = disassociate_kms_key  # type: ignore[attr-defined]


def _write_metric_filters_over() -> None:
    """API_PutMetricFilter.html: a filter of the same name is written over; its log group has to be there."""

    def put_metric_filter(self: Any) -> str:
        _group(self, self._get_param("logGroupName"))
        check(self._get_param("filterPattern"), self._get_param("metricTransformations"))
        answer: str = put(self)
        return answer

    def add_filter(self: Any, name: str, pattern: str, group: str, metrics: Any) -> None:
        self.delete_filter(name, group)
        add(self, name, pattern, group, metrics)

    put = replace(LogsResponse, "put_metric_filter", put_metric_filter)
    add = replace(MetricFilters, "add_filter", add_filter)


def _group(response: Any, name: str) -> Any:
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException()
    return group
