from documents.models import DocumentSource
from users.seeding import SeedCommand

SOURCES = [
    ("original-digital", "Original digital draft"),
    ("scanned-original", "Scanned original"),
    ("scanned-copy", "Scanned copy"),
    ("external", "External document"),
]


class Command(SeedCommand):
    help = "Creates the default document sources."
    kind = "document sources"

    def seed(self):
        for code, name in SOURCES:
            _, created = DocumentSource.objects.get_or_create(code=code, defaults={"name": name})
            yield code, created
