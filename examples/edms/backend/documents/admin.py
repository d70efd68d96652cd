from django.contrib import admin
from django.utils.html import format_html

from documents.models import Document, DocumentSource, DocumentType


@admin.register(DocumentType)
class DocumentTypeAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "created_by"]
    exclude = ["created_by"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(DocumentSource)
class DocumentSourceAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "is_active"]


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):
    """Titles and classification only: files and status go through the API, which enforces the lifecycle."""

    list_display = ["title", "document_type", "status", "version", "author", "updated_at"]
    list_filter = ["status", "document_type", "source"]
    search_fields = ["title"]
    fields = ["title", "document_type", "source", "status", "version", "author", "download", "sha256"]
    readonly_fields = ["status", "version", "author", "download", "sha256"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="file")
    def download(self, document):
        if not document.file:
            return "-"
        return format_html('<a href="/api/documents/{}/file/">download</a>', document.uuid)
