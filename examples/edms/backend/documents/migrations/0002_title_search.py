from django.contrib.postgres.indexes import GinIndex
from django.core.management.base import CommandError
from django.db import migrations


def require_extensions(apps, schema_editor):
    """Extensions are the database administrator's to create: the application's role may not be allowed to."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        installed = {name for (name,) in cursor.fetchall()}
    missing = sorted({"pg_trgm", "unaccent"} - installed)
    if missing:
        raise CommandError(f"Create these extensions in the database first: {', '.join(missing)}")


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(require_extensions, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="document",
            index=GinIndex(fields=["title"], name="document_title_trigram", opclasses=["gin_trgm_ops"]),
        ),
    ]
