"""Logs as JSON, one object a line, on the standard streams, where Kubernetes collects them."""

import logging
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter


class JsonLines(JsonFormatter):
    """Time (UTC), level, logger and message, and the traceback when there is one."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname} {name} {message}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, "request"],  # which Django adds, with its query string
        )


class AccessLines(JsonLines):
    """What gunicorn's access log tells of a request.

    Without addresses, cookies, headers or query strings: nothing says who it was.
    https://docs.gunicorn.org/en/stable/settings.html#access-log-format
    """

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        atoms = record.args
        del log_data["message"]
        log_data.update(
            method=atoms["m"],
            path=atoms["U"],
            status=int(atoms["s"]),
            bytes=atoms["B"],
            milliseconds=atoms["M"],
        )


class WithoutProbes(logging.Filter):
    """Leaves out of the access log the probes that went well."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.args["U"].startswith("/healthz/") and record.args["s"] == "200")
