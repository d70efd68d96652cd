from django.core.management.base import CommandError

from documents.models import DocumentType
from users.models import User
from users.seeding import SeedCommand

TYPES = [
    ("policy", "Policy", "What the organisation commits to"),
    ("manual", "Manual", "How a system or a department works"),
    ("procedure", "Procedure", "Standard operating procedure"),
    ("work-instruction", "Work instruction", "One task, step by step"),
    ("form", "Form", "Template to be filled in"),
    ("record", "Record", "Filled-in form or other evidence"),
    ("specification", "Specification", "Requirements on a product or a material"),
]


class Command(SeedCommand):
    help = "Creates the default document types, in the name of the first superuser."
    kind = "document types"

    def seed(self):
        owner = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if owner is None:
            raise CommandError("Document types belong to a superuser and there is none; run createsuperuser first.")
        for code, name, description in TYPES:
            _, created = DocumentType.objects.get_or_create(
                code=code, defaults={"name": name, "description": description, "created_by": owner}
            )
            yield code, created
