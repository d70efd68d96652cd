/** The migrations that the database lacks, and the model changes that lack a migration. */
export const migrationHandlers = `
def migrations(request):
    from django.db import connections
    from django.db.migrations.exceptions import InconsistentMigrationHistory
    from django.db.migrations.executor import MigrationExecutor
    connection = connections[database_of(request)]
    executor = MigrationExecutor(connection)
    loader, apps = executor.loader, request["apps"]
    for app in apps:
        if app not in loader.migrated_apps:
            raise Refused("query", "there is no app %s with migrations%s" % (app, nearest(app, loader.migrated_apps)), "the apps are " + ", ".join(sorted(loader.migrated_apps)))
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        raise Refused("history", str(error), "the order in which migrations were applied is not the order they ask for: restore the missing one, or record it by hand after comparing the schema")
    conflicts = loader.detect_conflicts()
    if conflicts:
        names = "; ".join("%s in %s" % (", ".join(sorted(found)), app) for app, found in sorted(conflicts.items()))
        raise Refused("conflict", "several migrations are the last of their app: " + names, "merge them with makemigrations --merge, and commit the result")
    leaves = [key for key in loader.graph.leaf_nodes() if not apps or key[0] in apps]
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    losses = data_losses(connection, loader, plan)
    applied = {}
    for app, name in loader.applied_migrations:
        if (app, name) in loader.graph.nodes and (not apps or app in apps):
            applied[app] = applied.get(app, 0) + 1
    known = set(loader.disk_migrations) | {tuple(one) for m in loader.disk_migrations.values() for one in m.replaces}
    unknown = [key for key in loader.applied_migrations if key not in known and key[0] in loader.migrated_apps and (not apps or key[0] in apps)]
    return {
        "unknown": sorted("%s.%s" % key for key in unknown),
        "pending": [{"app": m.app_label, "name": m.name, "losses": losses.get((m.app_label, m.name), [])} for m in plan],
        "applied": applied,
        "missing": model_changes(loader, apps) if request["checkMissing"] else {},
    }


def model_changes(loader, only):
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.migrations.state import ProjectState
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), MigrationQuestioner(specified_apps=set(), dry_run=True)
    )
    changes = detector.changes(graph=loader.graph)
    return {
        app: [operation.describe() for migration in found for operation in migration.operations]
        for app, found in changes.items()
        if not only or app in only
    }


def database_operations(operations):
    for operation in operations:
        inner = getattr(operation, "database_operations", None)
        if inner is None:
            yield operation
        else:
            yield from database_operations(inner)


def data_losses(connection, loader, plan):
    """What pending migrations remove of what is in the database now; what they made themselves is no loss."""
    from django.db.migrations.operations import AddField, CreateModel, DeleteModel, RemoveField
    from django.db.migrations.operations import AlterModelTable, RenameModel
    if not plan:
        return {}
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    made, renamed, losses = set(), set(), {}
    for migration in plan:
        app = migration.app_label
        for operation in database_operations(migration.operations):
            if isinstance(operation, CreateModel):
                made.add((app, operation.name_lower))
            elif isinstance(operation, AddField):
                made.add((app, operation.model_name_lower, operation.name_lower))
            elif isinstance(operation, (RenameModel, AlterModelTable)):
                renamed.add(app)
            elif isinstance(operation, (DeleteModel, RemoveField)):
                field = operation.name_lower if isinstance(operation, RemoveField) else None
                model = operation.model_name_lower if field else operation.name_lower
                if (app, model) in made or (app, model, field) in made:
                    continue
                state = loader.project_state((app, migration.name), at_end=False).models.get((app, model))
                options = state.options if state else {}
                there = options.get("db_table") or "%s_%s" % (app, model)
                if options.get("managed", True) and (app in renamed or there in tables):
                    losses.setdefault((app, migration.name), []).append(operation.describe())
    return losses
`
