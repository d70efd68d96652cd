/** Questions about models, users, groups, permissions and commands. */
export const lookups = `
def database_of(request):
    from django.db import connections
    alias = request["database"]
    if alias not in connections:
        raise Refused("query", "there is no database %s in DATABASES%s" % (alias, nearest(alias, connections)), "the databases are " + ", ".join(connections))
    return alias


def model_of(label):
    from django.apps import apps
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        known = [model._meta.label for model in apps.get_models()]
        raise Refused("model", "there is no model %s%s" % (label, nearest(label, known)), "name it as app.Model, such as " + ", ".join(known[:3]))


def filtered(model, database, lookups):
    from django.core.exceptions import FieldError, ValidationError
    query = model._default_manager.using(database)
    for path, value in lookups.items():
        try:
            model._default_manager.using(database).filter(**{path: value}).query.sql_with_params()
        except (FieldError, ValidationError, ValueError, TypeError) as error:
            raise Refused("query", "filter.%s does not fit %s: %s" % (path, model._meta.label, said(error)), "correct the path or the value of the filter")
        except Exception as error:
            if type(error).__name__ != "EmptyResultSet":
                raise
    return query.filter(**lookups)


def count(request):
    query = filtered(model_of(request["model"]), database_of(request), request["filter"])
    return query.order_by().values("pk").distinct().count()


def command(request):
    from django.core.management import get_commands
    name, known = request["command"], get_commands()
    if name not in known:
        own = sorted(key for key, app in known.items() if not app.startswith("django."))
        raise Refused("command", "manage.py has no command %s%s" % (name, nearest(name, known)), "the application's own commands are " + ", ".join(own))
    return True


def user_of(username, database):
    from django.contrib.auth import get_user_model
    model = get_user_model()
    return model._default_manager.using(database).filter(**{model.USERNAME_FIELD: username}).first()


def check_groups(names, database):
    from django.contrib.auth.models import Group
    known = set(Group.objects.using(database).values_list("name", flat=True)) if names else set()
    for name in names:
        if name not in known:
            raise Refused("group", "there is no group %s%s" % (name, nearest(name, known)), "the groups are " + ", ".join(sorted(known)) if known else "there is no group at all: create the groups in an earlier step")


def user_state(request):
    from django.contrib.auth.hashers import check_password
    database = database_of(request)
    user = user_of(request["username"], database)
    check_groups(request["groups"], database)
    if user is None:
        return {"exists": False}
    password = request.get("password")
    groups = getattr(user, "groups", None)
    return {
        "exists": True,
        "id": str(user.pk),
        "active": bool(getattr(user, "is_active", True)),
        "staff": bool(getattr(user, "is_staff", False)),
        "superuser": bool(getattr(user, "is_superuser", False)),
        "groups": sorted(groups.using(database).values_list("name", flat=True)) if groups is not None else [],
        # The hashers' own check: the user's method would store a better hash.
        "passwordMatches": password is not None and check_password(password, user.password),
    }


def existing_user(request):
    user = user_of(request["user"], database_of(request))
    if user is None:
        raise Refused("user", "there is no user %s" % request["user"], "create the user in an earlier step")
    return user


def permission(request):
    user, wanted = existing_user(request), request["permission"]
    if user.has_perm(wanted):
        return True
    from django.contrib.auth.models import Permission
    rows = Permission.objects.using(database_of(request)).values_list("content_type__app_label", "codename")
    known = ["%s.%s" % row for row in rows]
    if wanted not in known:
        raise Refused("query", "there is no permission %s%s" % (wanted, nearest(wanted, known)), "name it as app.codename, such as documents.add_document")
    return False


def call(request):
    from django.utils.module_loading import import_string
    try:
        function = import_string(request["call"])
    except ImportError as error:
        raise Refused("query", "cannot call %s: %s" % (request["call"], error), "name a function by its module, such as users.permissions.has_write_permission")
    before = [existing_user(request)] if request.get("user") is not None else []
    return json.loads(json.dumps(function(*before, *request["args"]), default=str))
`
