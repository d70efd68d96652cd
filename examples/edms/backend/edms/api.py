"""The base of the JSON views: authentication by session or HTTP Basic, and errors as JSON."""

import base64
import binascii
import json

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views import View

from users.permissions import has_permission


class ApiError(Exception):
    def __init__(self, status, message, **details):
        super().__init__(message)
        self.status = status
        self.body = {"error": message, **details}


class CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request, reason):
        return reason


class ApiView(View):
    @classmethod
    def as_view(cls, **initkwargs):
        view = super().as_view(**initkwargs)
        view.csrf_exempt = True  # authenticate() checks the token, for sessions only
        return view

    def dispatch(self, request, *args, **kwargs):
        try:
            self.authenticate(request)
            return super().dispatch(request, *args, **kwargs)
        except ApiError as error:
            return JsonResponse(error.body, status=error.status)
        except Http404:
            return JsonResponse({"error": "not found"}, status=404)

    def authenticate(self, request):
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            request.user = check_password(request, *decode_basic(credentials))
        elif request.user.is_authenticated:
            check = CsrfCheck(lambda _: None)
            check.process_request(request)
            if reason := check.process_view(request, None, (), {}):
                raise ApiError(403, f"CSRF check failed: {reason}")

    def require(self, action):
        if not self.request.user.is_authenticated:
            raise ApiError(401, "sign in first")
        if not has_permission(self.request.user, action):
            raise ApiError(403, f"no permission to {action} documents")

    def data(self):
        """The fields of a JSON object or of a form; all of them text."""
        if self.request.content_type != "application/json":
            return self.request.POST
        try:
            data = json.loads(self.request.body)
        except ValueError:
            raise ApiError(400, "the body is not JSON") from None
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            raise ApiError(400, "the body must be a JSON object of strings")
        return data

    def files(self):
        limit = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
        if int(self.request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise ApiError(413, f"the request exceeds {limit} bytes")
        return self.request.FILES


def decode_basic(credentials):
    try:
        username, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise ApiError(401, "malformed Authorization header")
    return username, password


def check_password(request, username, password):
    form = AuthenticationForm(request, data={"username": username, "password": password})
    if not form.is_valid():
        raise ApiError(401, "wrong username or password")
    return form.get_user()
