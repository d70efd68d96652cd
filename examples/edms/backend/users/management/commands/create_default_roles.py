from users.models import Level, Module, Role
from users.permissions import level_flags
from users.seeding import SeedCommand

ROLES = [
    (Module.DOCUMENTS, Level.READ, "reader", "Reads all documents"),
    (Module.DOCUMENTS, Level.WRITE, "author", "Creates documents and sends them to review"),
    (Module.DOCUMENTS, Level.REVIEW, "reviewer", "Reviews documents"),
    (Module.DOCUMENTS, Level.APPROVE, "approver", "Approves documents and makes them effective"),
    (Module.DOCUMENTS, Level.ADMIN, "administrator", "Manages document types, sources and all documents"),
    (Module.SCHEDULER, Level.READ, "viewer", "Sees scheduled jobs"),
    (Module.SCHEDULER, Level.WRITE, "operator", "Starts scheduled jobs"),
    (Module.SCHEDULER, Level.ADMIN, "administrator", "Changes schedules"),
    (Module.USERS, Level.READ, "viewer", "Sees users and their roles"),
    (Module.USERS, Level.WRITE, "editor", "Changes users"),
    (Module.USERS, Level.ADMIN, "administrator", "Assigns roles"),
    (Module.AUDIT, Level.READ, "auditor", "Reads the audit trail"),
    (Module.BACKUP, Level.READ, "viewer", "Sees backups"),
    (Module.BACKUP, Level.ADMIN, "operator", "Makes and restores backups"),
]


class Command(SeedCommand):
    help = "Creates the default roles of every module."
    kind = "roles"

    def seed(self):
        for module, level, name, description in ROLES:
            role, created = Role.objects.get_or_create(
                module=module,
                level=level,
                defaults={"name": name, "description": description, **level_flags(level)},
            )
            yield f"{role.module}:{role.level} {role.name}", created
