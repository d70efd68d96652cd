"""Reads settings from the environment; every complaint names the key it is about."""

import os

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def require(*keys: str) -> dict[str, str]:
    """The values of all keys, or one error that names every key that is missing or empty."""
    missing = [key for key in keys if not os.environ.get(key)]
    if missing:
        raise ImproperlyConfigured(f"Set these environment variables: {', '.join(missing)}")
    return {key: os.environ[key] for key in keys}


def text(key: str, default: str) -> str:
    return os.environ.get(key) or default


def flag(key: str) -> bool:
    value = os.environ.get(key, "").strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{key} must be 1 or 0, not {value!r}")
    return value in _TRUE


def integer(key: str, default: int) -> int:
    value = os.environ.get(key) or str(default)
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{key} must be a whole number, not {value!r}")
    return int(value)


def items(key: str) -> list[str]:
    """A comma-separated list."""
    return [item.strip() for item in os.environ.get(key, "").split(",") if item.strip()]
