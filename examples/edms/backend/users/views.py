from django.contrib.auth import login, logout
from django.http import JsonResponse
from django.middleware.csrf import get_token

from edms.api import ApiError, ApiView, check_password
from users.permissions import ACTIONS, has_permission


def describe_session(request):
    user = request.user
    return {
        "user": user.get_username() or None,
        "permissions": [action for action in ACTIONS if has_permission(user, action)],
        "csrf_token": get_token(request),
    }


class Session(ApiView):
    def get(self, request):
        return JsonResponse(describe_session(request))


class Login(ApiView):
    def authenticate(self, request):
        """Nothing to check yet. No other site can send JSON here, so no token is needed either."""

    def post(self, request):
        if request.content_type != "application/json":
            raise ApiError(415, "send JSON")
        data = self.data()
        login(request, check_password(request, data.get("username", ""), data.get("password", "")))
        return JsonResponse(describe_session(request))


class Logout(ApiView):
    def post(self, request):
        logout(request)
        return JsonResponse(describe_session(request))
