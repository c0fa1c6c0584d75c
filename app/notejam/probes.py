"""Answers for Kubernetes' probes: `/healthz/live` and `/healthz/ready`."""

import logging
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)


class ProbesMiddleware:
    """Answer probes before any other middleware.

    The kubelet asks by the pod's IP address, over HTTP and without a cookie, so neither the check of hosts
    nor the redirect to HTTPS nor a session may have a say.
    https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match request.path_info:
            case "/healthz/live":
                return _answer(200, "alive")
            case "/healthz/ready":
                return self._ready()
            case _:
                return self.get_response(request)

    def _ready(self) -> HttpResponse:
        """Ready means: the database answers, and has every migration that this release knows of."""
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            if not self._migrated:
                executor = MigrationExecutor(connection)
                missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
                if missing:
                    return _answer(503, f"migrations not applied yet: {len(missing)}")
                self._migrated = True
        except DatabaseError as error:
            logger.warning("the database does not answer: %s", error)
            return _answer(503, "the database does not answer")
        return _answer(200, "ready")


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(
        f"{text}\n", status=status, content_type="text/plain", headers={"Cache-Control": "no-store"}
    )
