from django.db import migrations, models

# What each level allowed before there were flags.
FLAGS = {
    "write": ["can_write"],
    "review": ["can_review"],
    "approve": ["can_review", "can_approve"],
    "admin": ["can_write", "can_review", "can_approve", "can_administer"],
}


def flags_from_levels(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    for level, flags in FLAGS.items():
        Role.objects.filter(level=level).update(**dict.fromkeys(flags, True))


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.AddField("role", "can_read", models.BooleanField(default=True)),
        migrations.AddField("role", "can_write", models.BooleanField(default=False)),
        migrations.AddField("role", "can_review", models.BooleanField(default=False)),
        migrations.AddField("role", "can_approve", models.BooleanField(default=False)),
        migrations.AddField("role", "can_administer", models.BooleanField(default=False)),
        migrations.RunPython(flags_from_levels, migrations.RunPython.noop),
    ]
