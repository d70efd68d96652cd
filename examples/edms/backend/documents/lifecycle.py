"""Changes to documents that touch more than one record or file. Callers hold a lock on the document."""

from django.db import transaction

from documents.models import Status

# (from, to): the action that a user must be allowed to take.
TRANSITIONS = {
    (Status.DRAFT, Status.IN_REVIEW): "write",
    (Status.IN_REVIEW, Status.DRAFT): "review",
    (Status.IN_REVIEW, Status.APPROVED): "approve",
    (Status.APPROVED, Status.EFFECTIVE): "approve",
    (Status.EFFECTIVE, Status.OBSOLETE): "administer",
}


def replace_file(document, upload, user):
    """Attaches a new file; the one before it moves to the versions."""
    if document.file:
        storage, name = document.file.storage, document.file.name
        with storage.open(name) as previous:
            kept = storage.save(f"versions/{name.removeprefix('documents/')}", previous, max_length=255)
        document.versions.create(
            number=document.version, file=kept, size=document.size, sha256=document.sha256, replaced_by=user
        )
        document.version += 1
        transaction.on_commit(lambda: storage.delete(name))
    document.attach(upload)
    document.save()


def delete_document(document):
    files = [record.file for record in (document, *document.versions.all()) if record.file]
    document.delete()
    for file in files:
        transaction.on_commit(lambda file=file: file.storage.delete(file.name))
