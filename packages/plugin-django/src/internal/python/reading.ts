/** What a reading session answers, all of it in transactions that the database itself keeps read-only. */

import { lookups } from "./lookups.ts"
import { migrationHandlers } from "./migrations.ts"
import { reversalHandlers } from "./reversal.ts"
import { prelude } from "./session.ts"

const readOnly = `
READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


class ReadOnly:
    """Before the first query on a connection: begins a transaction in which nothing can be written."""

    def __init__(self, stack):
        self.stack, self.entered = stack, set()

    def __call__(self, execute, sql, params, many, context):
        connection = context["connection"]
        if connection.alias not in self.entered:
            self.entered.add(connection.alias)
            self.enter(connection)
        return execute(sql, params, many, context)

    def enter(self, connection):
        from django.db import transaction
        statement = READ_ONLY.get(connection.vendor)
        if statement is None:
            raise Refused("error", "a check cannot read from %s: only PostgreSQL and SQLite are known to keep a transaction read-only" % connection.vendor)
        if not connection.in_atomic_block:
            self.stack.enter_context(transaction.atomic(using=connection.alias))
        with connection.cursor() as cursor:
            cursor.execute(statement)


def missing_files(connections):
    """SQLite makes a file that is not there when it is opened: until then the database is an empty one in memory."""
    for connection in connections:
        name = connection.settings_dict["NAME"]
        if connection.vendor == "sqlite" and "memory" not in str(name) and not os.path.exists(str(name)):
            yield connection, name


def handle(handler, request):
    from django.db import connections
    absent = list(missing_files(connections.all()))
    for connection, _ in absent:
        connection.settings_dict["NAME"] = ":memory:"
    try:
        with contextlib.ExitStack() as stack:
            guard = ReadOnly(stack)
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(guard))
            return handler(request)
    finally:
        for connection, name in absent:
            connection.close()
            connection.settings_dict["NAME"] = name


def checks(request):
    from django.core import checks as registry
    tags = request["tags"] or None
    for tag in tags or []:
        if not registry.tag_exists(tag, include_deployment_checks=True):
            known = registry.registry.registry.tags_available(True)
            raise Refused("query", "there is no check tag %s%s" % (tag, nearest(tag, known)), "the tags are " + ", ".join(sorted(known)))
    found = registry.run_checks(tags=tags, include_deployment_checks=request["deploy"])
    return [
        {"level": message.level, "id": message.id or "", "message": str(message.msg), "hint": str(message.hint or ""), "object": "" if message.obj is None else str(message.obj)}
        for message in found
        if not message.is_silenced()
    ]


def static_files(request):
    import io
    from django.contrib.staticfiles.management.commands.collectstatic import Command
    command = Command(stdout=io.StringIO(), stderr=io.StringIO())
    command.set_options(
        interactive=False, verbosity=0, link=False, clear=False, dry_run=True,
        ignore_patterns=[], use_default_ignore_patterns=True, post_process=False,
    )
    collected = command.collect()
    modified, unmodified = collected["modified"], collected["unmodified"]
    return {"missing": [str(path) for path in modified], "present": len(unmodified)}
`

const table = `
HANDLERS = {
    "checks": checks, "migrations": migrations, "applied": applied, "reversal": reversal, "static": static_files, "command": command,
    "count": count, "user": user_state, "permission": permission, "call": call,
}
main(HANDLERS, handle)
`

/** The script of a session that only reads. */
export const readingScript = [prelude, readOnly, migrationHandlers, reversalHandlers, lookups, table].join("\n")
