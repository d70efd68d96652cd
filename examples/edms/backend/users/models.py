from django.contrib.auth.models import AbstractUser
from django.db import models


class Module(models.TextChoices):
    DOCUMENTS = "O1", "Document management"
    SCHEDULER = "S1", "Scheduler"
    USERS = "S2", "User management"
    AUDIT = "S3", "Audit trail"
    BACKUP = "S4", "Backup and restore"


class Level(models.TextChoices):
    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    APPROVE = "approve"
    ADMIN = "admin"


class User(AbstractUser):
    department = models.CharField(max_length=100, blank=True)


class Role(models.Model):
    """What a user may do in one module. The flags decide; the level says which flags a new role starts with."""

    name = models.CharField(max_length=50)
    module = models.CharField(max_length=2, choices=Module.choices)
    level = models.CharField(max_length=10, choices=Level.choices)
    description = models.CharField(max_length=200, blank=True)
    can_read = models.BooleanField(default=True)
    can_write = models.BooleanField(default=False)
    can_review = models.BooleanField(default=False)
    can_approve = models.BooleanField(default=False)
    can_administer = models.BooleanField(default=False)

    class Meta:
        ordering = ["module", "name"]
        constraints = [models.UniqueConstraint(fields=["module", "level"], name="role_module_level")]

    def __str__(self):
        return f"{self.module} {self.name}"


class UserRole(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="user_roles")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="user_roles")
    is_active = models.BooleanField(default=True)
    assigned_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="user_role_once")]

    def __str__(self):
        return f"{self.user}: {self.role}"
