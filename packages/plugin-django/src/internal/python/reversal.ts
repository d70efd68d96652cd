/** Which migrations are applied, and what it takes to get back to those of an earlier time. */
export const reversalHandlers = `
def applied_rows(request):
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder
    recorder, apps = MigrationRecorder(connections[database_of(request)]), request["apps"]
    rows = recorder.migration_qs.order_by("id").values_list("app", "name") if recorder.has_table() else []
    return [(app, name) for app, name in rows if not apps or app in apps]


def applied(request):
    names = {}
    for app, name in applied_rows(request):
        names.setdefault(app, []).append(name)
    return names


def dotted(keys):
    return ["%s.%s" % key for key in keys]


def reversal(request):
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    executor = MigrationExecutor(connections[database_of(request)])
    loader, rows = executor.loader, applied_rows(request)
    recorded = {(app, name) for app, names in request["recorded"].items() for name in names}
    replaced = {key: [tuple(one) for one in migration.replaces] for key, migration in loader.disk_migrations.items() if migration.replaces}

    def kept(key):
        # What stands for several migrations in one is no newer than those.
        return key in recorded or (key in replaced and all(one in recorded for one in replaced[key]))

    newer = [key for key in rows if not kept(key)]
    stand_ins = {one for key in rows for one in replaced.get(key, [])}
    unknown = [key for key in newer if key not in loader.disk_migrations]
    found = {
        "newer": dotted(newer),
        "lacking": dotted(sorted(key for key in recorded if key not in rows and key not in stand_ins)),
        "unknown": dotted(unknown),
        "entangled": dotted(key for key in newer if key not in unknown and key not in loader.graph.nodes),
        "plan": [],
        "targets": [],
    }
    if unknown or found["entangled"] or not newer:
        return found
    targets = []
    for app in dict.fromkeys(app for app, _ in newer):
        own = [key for key in loader.graph.nodes if key[0] == app and key in rows and kept(key)]
        if not own and any(key[0] == app and key in recorded for key in rows):
            # Nothing of the code stands for what was applied then: all of the app would go.
            return {**found, "entangled": dotted(key for key in newer if key[0] == app)}
        ends = [key for key in own if not any(child.key in own for child in loader.graph.node_map[key].children)]
        targets.extend(ends or [(app, None)])
    plan = [migration for migration, _ in executor.migration_plan(targets)]
    reached = [(migration.app_label, migration.name) for migration in plan]
    order = [app for app, _ in reached]
    return {
        **found,
        "entangled": dotted([key for key in reached if kept(key)] + [key for key in newer if key not in reached]),
        "plan": [
            {"app": migration.app_label, "name": migration.name, "irreversible": irreversible(migration), "losses": reverse_losses(migration)}
            for migration in plan
        ],
        "targets": [{"app": app, "name": name} for app, name in sorted(targets, key=lambda key: order.index(key[0]) if key[0] in order else len(order))],
    }


def named(operation):
    code = getattr(operation, "code", None)
    return "%s %s" % (type(operation).__name__, code.__name__) if code is not None else operation.describe()


def irreversible(migration):
    return [named(operation) for operation in database_operations(migration.operations) if not operation.reversible]


def reverse_losses(migration):
    """What goes with a migration that is taken back: what it has added, and what code of its own may remove."""
    from django.db.migrations.operations import AddField, CreateModel, RunPython, RunSQL
    losses = []
    for operation in database_operations(migration.operations):
        if isinstance(operation, CreateModel):
            lost = operation.options.get("managed", True) and not operation.options.get("proxy", False)
        elif isinstance(operation, RunPython):
            lost = operation.reverse_code is not RunPython.noop
        elif isinstance(operation, RunSQL):
            lost = operation.reverse_sql != RunSQL.noop
        else:
            lost = isinstance(operation, AddField)
        if lost:
            losses.append(named(operation))
    return losses
`
