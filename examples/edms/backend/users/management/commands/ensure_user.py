import os

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from users.models import Role, User


class Command(BaseCommand):
    help = (
        "Makes sure that a user exists and holds the given roles and groups. A new user gets the password in "
        "EDMS_USER_PASSWORD; the password of an existing user, and a role that was withdrawn, stay as they are."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--role", action="append", default=[], metavar="MODULE:LEVEL", help="such as O1:write")
        parser.add_argument("--group", action="append", default=[], metavar="NAME")

    @transaction.atomic
    def handle(self, username, email, role, group, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            user = self.create(username, email)
            self.stdout.write(f"created  user  {username}")
        else:
            self.stdout.write(f"exists   user  {username}")
        for label in role:
            assignment, created = user.user_roles.get_or_create(role=find_role(label))
            state = "granted" if created else "holds  " if assignment.is_active else "withdrawn, left so:"
            self.stdout.write(f"{state}  role  {label}")
        for name in group:
            found = Group.objects.filter(name=name).first()
            if found is None:
                raise CommandError(f"There is no group {name!r}; run create_default_groups first.")
            joined = not user.groups.filter(pk=found.pk).exists()
            user.groups.add(found)
            self.stdout.write(f"{'joined ' if joined else 'in     '}  group  {name}")

    def create(self, username, email):
        password = os.environ.get("EDMS_USER_PASSWORD")
        if not password:
            raise CommandError(f"Set EDMS_USER_PASSWORD to create the user {username}.")
        user = User(username=username, email=email)
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user.save()
        return user


def find_role(label):
    module, _, level = label.partition(":")
    try:
        return Role.objects.get(module=module, level=level)
    except Role.DoesNotExist:
        raise CommandError(f"There is no role {label!r}; run create_default_roles first.") from None
