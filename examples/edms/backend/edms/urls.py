from django.contrib import admin
from django.urls import path

from documents import views as documents
from users import views as users

admin.site.site_header = admin.site.site_title = "EDMS administration"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/session/", users.Session.as_view()),
    path("api/login/", users.Login.as_view()),
    path("api/logout/", users.Logout.as_view()),
    path("api/documents/", documents.DocumentList.as_view()),
    path("api/documents/<uuid:uuid>/", documents.DocumentDetail.as_view()),
    path("api/documents/<uuid:uuid>/file/", documents.DocumentFile.as_view()),
    path("api/documents/<uuid:uuid>/status/", documents.DocumentStatus.as_view()),
    path("api/document-types/", documents.DocumentTypes.as_view()),
    path("api/document-sources/", documents.DocumentSources.as_view()),
]
