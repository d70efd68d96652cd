import logging
from pathlib import PurePath
from uuid import uuid4

from django import forms
from django.core.files.storage import default_storage

from documents.models import Document, DocumentSource, DocumentType, Status

logger = logging.getLogger(__name__)

SIGNATURES = {
    ".pdf": b"%PDF-",
    ".docx": b"PK\x03\x04",
    ".odt": b"PK\x03\x04",
    ".xlsx": b"PK\x03\x04",
    ".png": b"\x89PNG\r\n\x1a\n",
}
TEXT = {".txt", ".md", ".csv"}


def content_matches(suffix, content):
    if suffix in SIGNATURES:
        return content.startswith(SIGNATURES[suffix])
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


class UploadField(forms.FileField):
    """Accepts known types only. A file that is not what its name says is kept in quarantine, for inspection."""

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if not upload:
            return upload
        suffix = PurePath(upload.name).suffix.lower()
        if suffix not in SIGNATURES.keys() | TEXT:
            raise forms.ValidationError(f"Files of type {suffix or 'unknown'} are not accepted.")
        content = upload.read()
        upload.seek(0)
        if not content_matches(suffix, content):
            name = default_storage.save(f"quarantine/{uuid4().hex}{suffix}", upload)
            logger.warning("upload %r is not a %s file: kept as %s", upload.name, suffix, name)
            raise forms.ValidationError(f"The content is not that of a {suffix} file.", code="quarantined")
        return upload


class DocumentForm(forms.ModelForm):
    document_type = forms.ModelChoiceField(DocumentType.objects.all(), to_field_name="code")
    source = forms.ModelChoiceField(DocumentSource.objects.filter(is_active=True), to_field_name="code")
    upload = UploadField(required=False)

    class Meta:
        model = Document
        fields = ["title", "document_type", "source"]


class FileForm(forms.Form):
    upload = UploadField()


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Status.choices)


class SearchForm(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(choices=[("", ""), *Status.choices], required=False)
    document_type = forms.SlugField(required=False)
    limit = forms.IntegerField(required=False, min_value=1, max_value=200)
    offset = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
