"""Health endpoints, answered before host names, sessions and the redirect to https come into play."""

import logging
import os

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponseNotAllowed, JsonResponse

logger = logging.getLogger(__name__)


class HealthMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        answer = {"/health/": ready, "/health/live/": live}.get(request.path)
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = answer()
        response["Cache-Control"] = "no-store"
        return response


def live():
    """The process answers. Says nothing about the database."""
    return JsonResponse({"status": "ok", "release": os.environ.get("EDMS_RELEASE", "unknown")})


def ready():
    """The application can work: the database answers and has every migration that this code knows."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = pending_migrations()
    except Error as error:
        # The details name hosts and users, so they go to the log only.
        logger.warning("health: database unavailable: %s", error)
        return unready("unavailable", "unknown", f"database unavailable ({type(error).__name__})")
    if pending:
        return unready("ok", "pending", f"migrations pending: {', '.join(pending)}")
    return JsonResponse({"status": "ok", "database": "ok", "migrations": "applied"})


def unready(database, migrations, reason):
    body = {"status": "error", "database": database, "migrations": migrations, "reason": reason}
    return JsonResponse(body, status=503)


def pending_migrations():
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
