/** What a writing session does: users alone. Everything else that writes is a command of manage.py. */
import { lookups } from "./lookups.ts"
import { prelude } from "./session.ts"

const users = `
def handle(handler, request):
    return handler(request)


def invalid(username, error):
    fields = getattr(error, "message_dict", None) or {"password": error.messages}
    found = "; ".join("%s: %s" % (field, " ".join(messages)) for field, messages in fields.items())
    raise Refused("invalid", "user %s cannot be saved: %s" % (username, found), "correct the fields it names")


def save_user(request):
    from django.db import transaction
    database = database_of(request)
    with transaction.atomic(using=database):
        check_groups(request["groups"], database)
        user = user_of(request["username"], database)
        if user is None:
            user = create_user(request, database)
        elif request["syncPassword"] and not same_password(user, request):
            check_quality(request, user)
            user.set_password(request["password"])
            user.save(using=database, update_fields=["password"])
        join_groups(user, request, database)
    return True


def same_password(user, request):
    from django.contrib.auth.hashers import check_password
    return check_password(request["password"], user.password)


def check_quality(request, user):
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    if request["validate"] and request.get("password") is not None:
        try:
            validate_password(request["password"], user)
        except ValidationError as error:
            invalid(request["username"], error)


def create_user(request, database):
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError
    model = get_user_model()
    names = {field.name for field in model._meta.get_fields()}
    values = {model.USERNAME_FIELD: request["username"], **request["fields"]}
    email = model.get_email_field_name()
    if request.get("email") is not None and email in names:
        values[email] = request["email"]
    for name in values:
        if name not in names:
            raise Refused("invalid", "%s has no field %s%s" % (model._meta.label, name, nearest(name, names)), "correct fields.%s" % name)
    missing = [name for name in model.REQUIRED_FIELDS if name not in values and not model._meta.get_field(name).blank]
    if missing:
        raise Refused("invalid", "%s requires %s" % (model._meta.label, ", ".join(missing)), "give them as email or fields")
    draft = model(**values)
    draft.set_password(request.get("password"))
    check_quality(request, draft)
    try:
        draft.full_clean(exclude=["password"])
    except ValidationError as error:
        invalid(request["username"], error)
    manager = model._default_manager.db_manager(database)
    for name in model.REQUIRED_FIELDS:
        values.setdefault(name, "")
    flags = {"is_staff": request["staff"], "is_superuser": request["superuser"]}
    if request["superuser"] and hasattr(manager, "create_superuser"):
        return manager.create_superuser(password=request.get("password"), **values)
    return manager.create_user(password=request.get("password"), **values, **{key: value for key, value in flags.items() if key in names})


def join_groups(user, request, database):
    from django.contrib.auth.models import Group
    if not request["groups"] and not request["exact"]:
        return
    joined = set(user.groups.using(database).values_list("name", flat=True))
    wanted = set(request["groups"])
    user.groups.add(*Group.objects.using(database).filter(name__in=wanted - joined))
    if request["exact"]:
        user.groups.remove(*Group.objects.using(database).filter(name__in=joined - wanted))


main({"save_user": save_user}, handle)
`

/** The script of a session that writes users. */
export const writingScript = [prelude, lookups, users].join("\n")
