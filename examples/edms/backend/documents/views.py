from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import transaction
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404

from documents.forms import DocumentForm, FileForm, SearchForm, StatusForm
from documents.lifecycle import TRANSITIONS, delete_document, replace_file
from documents.models import Document, DocumentSource, DocumentType, Status
from edms.api import ApiError, ApiView
from users.permissions import has_permission


def describe(document):
    return {
        "uuid": str(document.uuid),
        "title": document.title,
        "document_type": document.document_type.code,
        "source": document.source.code,
        "status": document.status,
        "author": document.author.username,
        "version": document.version,
        "file": f"/api/documents/{document.uuid}/file/" if document.file else None,
        "size": document.size,
        "sha256": document.sha256,
        "created_at": document.created_at.isoformat(),
        "updated_at": document.updated_at.isoformat(),
    }


def visible_documents(user):
    """Effective documents are there for everybody, all others for those who hold a role."""
    documents = Document.objects.select_related("document_type", "source", "author")
    return documents if has_permission(user, "read") else documents.filter(status=Status.EFFECTIVE)


def search(documents, query):
    """Titles that contain the query, whatever the accents, or that have a word much like it; the best first."""
    matches = Q(title__unaccent__icontains=query) | Q(title__trigram_word_similar=query)
    ranked = documents.filter(matches).annotate(rank=TrigramWordSimilarity(query, "title"))
    return ranked.order_by("-rank", "-created_at", "-pk")


def check(form):
    if not form.is_valid():
        quarantined = any(error.code == "quarantined" for errors in form.errors.as_data().values() for error in errors)
        raise ApiError(422 if quarantined else 400, "invalid input", fields=form.errors.get_json_data())
    return form.cleaned_data


def locked(uuid):
    return get_object_or_404(Document.objects.select_for_update(), uuid=uuid)


class DocumentList(ApiView):
    def get(self, request):
        wanted = check(SearchForm(request.GET))
        documents = visible_documents(request.user)
        if wanted["status"]:
            documents = documents.filter(status=wanted["status"])
        if wanted["document_type"]:
            documents = documents.filter(document_type__code=wanted["document_type"])
        if wanted["q"]:
            documents = search(documents, wanted["q"])
        start = wanted["offset"] or 0
        page = documents[start : start + (wanted["limit"] or 50)]
        return JsonResponse({"count": documents.count(), "results": [describe(document) for document in page]})

    @transaction.atomic
    def post(self, request):
        self.require("write")
        form = DocumentForm(self.data(), self.files(), instance=Document(author=request.user))
        if upload := check(form)["upload"]:
            form.instance.attach(upload)
        return JsonResponse(describe(form.save()), status=201)


class DocumentDetail(ApiView):
    def get(self, request, uuid):
        return JsonResponse(describe(get_object_or_404(visible_documents(request.user), uuid=uuid)))

    @transaction.atomic
    def delete(self, request, uuid):
        self.require("write")
        document = locked(uuid)
        if document.author_id != request.user.pk and not has_permission(request.user, "administer"):
            raise ApiError(403, "only the author and administrators delete a document")
        if document.status != Status.DRAFT:
            raise ApiError(409, "only drafts can be deleted")
        delete_document(document)
        return HttpResponse(status=204)


class DocumentFile(ApiView):
    def get(self, request, uuid):
        document = get_object_or_404(visible_documents(request.user), uuid=uuid)
        if not document.file:
            raise Http404
        return FileResponse(document.file.open(), as_attachment=True, filename=document.file.name.rsplit("/", 1)[-1])

    @transaction.atomic
    def post(self, request, uuid):
        self.require("write")
        document = locked(uuid)
        if document.status != Status.DRAFT:
            raise ApiError(409, "only drafts take a new file")
        replace_file(document, check(FileForm(files=self.files()))["upload"], request.user)
        return JsonResponse(describe(document))


class DocumentStatus(ApiView):
    @transaction.atomic
    def post(self, request, uuid):
        self.require("read")
        document = locked(uuid)
        status = check(StatusForm(self.data()))["status"]
        action = TRANSITIONS.get((document.status, status))
        if action is None:
            raise ApiError(409, f"{document.status} documents cannot become {status}")
        self.require(action)
        if status == Status.APPROVED and document.author_id == request.user.pk:
            raise ApiError(403, "authors cannot approve their own documents")
        document.status = status
        document.save(update_fields=["status", "updated_at"])
        return JsonResponse(describe(document))


class DocumentTypes(ApiView):
    def get(self, request):
        return JsonResponse({"results": list(DocumentType.objects.values("code", "name", "description"))})


class DocumentSources(ApiView):
    def get(self, request):
        return JsonResponse({"results": list(DocumentSource.objects.filter(is_active=True).values("code", "name"))})
