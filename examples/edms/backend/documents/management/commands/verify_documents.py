import hashlib
from itertools import chain

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from documents.models import Document, DocumentVersion


class Command(BaseCommand):
    help = "Reads every stored file and compares it with its checksum: proves a restore, or a master key."

    def handle(self, **options):
        records = chain(
            Document.objects.exclude(file="").iterator(),
            DocumentVersion.objects.iterator(),
        )
        checked, broken = 0, 0
        for record in records:
            checked += 1
            if problem := find_problem(record):
                broken += 1
                self.stderr.write(f"{record.file.name}: {problem}")
        if broken:
            raise CommandError(f"{broken} of {checked} files cannot be trusted")
        self.stdout.write(f"files: {checked} verified")


def find_problem(record):
    try:
        with record.file.open() as file:
            content = file.read()
    except FileNotFoundError:
        return "missing"
    except InvalidToken:
        return "not readable with this EDMS_MASTER_KEY"
    if hashlib.sha256(content).hexdigest() != record.sha256:
        return "content differs from its checksum"
    return None
