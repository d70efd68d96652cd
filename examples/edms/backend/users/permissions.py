from users.models import Level, Module, UserRole

ACTIONS = ("read", "write", "review", "approve", "administer")

LEVEL_ACTIONS = {
    Level.READ: ("read",),
    Level.WRITE: ("read", "write"),
    Level.REVIEW: ("read", "review"),
    Level.APPROVE: ("read", "review", "approve"),
    Level.ADMIN: ACTIONS,
}


def level_flags(level):
    """The permission flags that a role of this level starts with."""
    return {f"can_{action}": action in LEVEL_ACTIONS[level] for action in ACTIONS}


def has_permission(user, action, module=Module.DOCUMENTS):
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}")
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_superuser:
        return True
    roles = UserRole.objects.filter(user=user, is_active=True, role__module=module)
    return roles.filter(**{f"role__can_{action}": True}).exists()


def has_write_permission(user, module=Module.DOCUMENTS):
    return has_permission(user, "write", module)
