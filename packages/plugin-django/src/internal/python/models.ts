/** Runs all migrations in another database of the same server: in that which `PGDATABASE` names, and in no other. */
export const modelsScript = `
import os, runpy, sys

manage, alias, scratch = sys.argv[1], sys.argv[2], os.environ.pop("PGDATABASE", "")
if not scratch:
    sys.exit("PGDATABASE names no database")
if not os.path.isfile(manage):
    sys.exit("there is no %s in %s" % (manage, os.getcwd()))

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(manage)))
from django.core import management

execute = management.execute_from_command_line


def migrate(*args, **kwargs):
    """What manage.py calls once it has said where the settings are."""
    from django.conf import settings
    if alias not in settings.DATABASES:
        sys.exit("the settings have no database %s, but %s" % (alias, ", ".join(settings.DATABASES)))
    for name, database in settings.DATABASES.items():
        # Migrations that change rows name other databases, or none: they must not get at those in use.
        if "sqlite" not in database["ENGINE"]:
            database["NAME"] = scratch
        elif name == alias:
            sys.exit("the database %s is %s, which has no schema to compare here" % (alias, database["ENGINE"]))
    execute([manage, "migrate", "--noinput", "--no-color", "--verbosity", "0", "--database", alias])


management.execute_from_command_line = migrate
sys.argv = [manage, "migrate"]
runpy.run_path(manage, run_name="__main__")
`
