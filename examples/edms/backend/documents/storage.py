import base64
import hashlib
import os
from uuid import uuid4

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage


class EncryptedStorage(FileSystemStorage):
    """Encrypts files at rest. A file is complete before it gets its name, so backups never see half of one."""

    @property
    def cipher(self):
        digest = hashlib.sha256(b"edms storage v1\0" + settings.EDMS_MASTER_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

    def _save(self, name, content):
        content.seek(0)
        encrypted = ContentFile(self.cipher.encrypt(content.read()))
        written = super()._save(f"temp/{uuid4().hex}", encrypted)
        target = self.path(name)
        os.makedirs(os.path.dirname(target), mode=self.directory_permissions_mode, exist_ok=True)
        os.replace(self.path(written), target)
        return name

    def _open(self, name, mode="rb"):
        with super()._open(name, mode) as stored:
            return ContentFile(self.cipher.decrypt(stored.read()), name=name)

    def url(self, name):
        raise NotImplementedError("documents have no URL of their own; the API serves them")
