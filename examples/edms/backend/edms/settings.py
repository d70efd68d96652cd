"""Everything that differs between deployments comes from the environment; see .env.example."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from edms.environment import flag, integer, items, require, text

BASE_DIR = Path(__file__).resolve().parent.parent

_required = require("SECRET_KEY", "EDMS_MASTER_KEY", "ALLOWED_HOSTS", "DB_NAME", "DB_USER", "DB_PASSWORD")

SECRET_KEY = _required["SECRET_KEY"]
DEBUG = flag("DEBUG")
ALLOWED_HOSTS = items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = items("CSRF_TRUSTED_ORIGINS")

# Documents are encrypted with this key. Without it, stored files cannot be read again.
EDMS_MASTER_KEY = _required["EDMS_MASTER_KEY"]
if len(EDMS_MASTER_KEY) < 32:
    raise ImproperlyConfigured("EDMS_MASTER_KEY must have at least 32 characters")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "users",
    "documents",
]

MIDDLEWARE = [
    "edms.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "edms.urls"
WSGI_APPLICATION = "edms.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _required["DB_NAME"],
        "USER": _required["DB_USER"],
        "PASSWORD": _required["DB_PASSWORD"],
        "HOST": text("DB_HOST", "db"),
        "PORT": integer("DB_PORT", 5432),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The reverse proxy serves the static files; documents only leave through the API.
STATIC_URL = "/static/"
STATIC_ROOT = text("STATIC_ROOT", "/app/staticfiles")
MEDIA_ROOT = text("STORAGE_ROOT", "/app/storage")
STORAGES = {
    "default": {
        "BACKEND": "documents.storage.EncryptedStorage",
        "OPTIONS": {"file_permissions_mode": 0o640, "directory_permissions_mode": 0o755},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Uploads stay in memory until they are encrypted. The proxy's client_max_body_size must not exceed this.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024

LANGUAGE_CODE = "en-us"
TIME_ZONE = text("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# A proxy in front terminates TLS and sets X-Forwarded-Proto.
if flag("EDMS_SECURE"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "INFO").upper()},
}
