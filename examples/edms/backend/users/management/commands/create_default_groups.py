from django.contrib.auth.models import Group, Permission

from users.seeding import SeedCommand

_READ = ("documents.view_document", "documents.view_documenttype", "documents.view_documentsource")
_EDIT = (*_READ, "documents.change_document")

# Groups say what their members see and change on the admin site; roles decide everywhere else.
GROUPS = {
    "Document Readers": _READ,
    "Document Authors": _EDIT,
    "Document Reviewers": _READ,
    "Document Approvers": _READ,
    "Document Administrators": (
        *_EDIT,
        "documents.add_documenttype",
        "documents.change_documenttype",
        "documents.add_documentsource",
        "documents.change_documentsource",
    ),
    "User Administrators": (
        "users.view_user",
        "users.view_role",
        "users.view_userrole",
        "users.add_userrole",
        "users.change_userrole",
    ),
}


class Command(SeedCommand):
    help = "Creates the default groups with their permissions."
    kind = "groups"

    def seed(self):
        for name, permissions in GROUPS.items():
            group, created = Group.objects.get_or_create(name=name)
            if created:
                group.permissions.set([find_permission(label) for label in permissions])
            yield name, created


def find_permission(label):
    app_label, codename = label.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
