/**
 * The interpreter's side of a session: reads batches of requests as JSON lines, answers with JSON lines.
 *
 * Answers go to a copy of the first standard output; everything the application prints goes to standard error. Lines
 * that were printed before the script took over lack the mark, and are skipped by the reader.
 */

/** Begins every answer. */
export const mark = "::shipshape::"

/** Comes first in every script. */
export const prelude = String.raw`
import contextlib, difflib, json, os, runpy, signal, sys, traceback

# The first process of a container ends at no signal that it does not handle: whoever stops it would wait.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

# Looking leaves nothing behind, compiled sources included.
sys.dont_write_bytecode = True
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
REQUESTS = os.fdopen(os.dup(0), "r", encoding="utf-8")
os.dup2(2, 1)
sys.stdout = sys.stderr
with open(os.devnull) as nothing:
    os.dup2(nothing.fileno(), 0)


class Refused(Exception):
    def __init__(self, kind, message, hint="", **details):
        super().__init__(message)
        self.data = {"kind": kind, "message": message, "hint": hint, **details}


def answer(value):
    ANSWERS.write("${mark}" + json.dumps(value, default=str) + "\n")
    ANSWERS.flush()


def nearest(name, known):
    found = difflib.get_close_matches(str(name), list(known), 1, 0.5)
    return "; did you mean %s?" % found[0] if found else ""


def said(error):
    text = str(error).strip()
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def tail(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return "".join(lines).rstrip().split("\n")[-12:]


def start(manage):
    """Does what manage.py does to the environment and to the path, and runs no command."""
    if not os.path.isfile(manage):
        raise Refused("settings", "there is no %s in %s" % (manage, os.getcwd()), "correct the option manage or directory")
    sys.path.insert(0, os.path.dirname(os.path.abspath(manage)))
    try:
        from django.core import management
    except ImportError as error:
        raise Refused("settings", "Django cannot be imported by %s: %s" % (sys.executable, said(error)), "install Django, or correct the option python")
    original, arguments = management.execute_from_command_line, sys.argv
    management.execute_from_command_line = lambda *args, **kwargs: None
    sys.argv = [manage, "check"]
    try:
        with contextlib.suppress(SystemExit):
            runpy.run_path(manage, run_name="__main__")
    finally:
        management.execute_from_command_line, sys.argv = original, arguments
    import django
    from django.conf import settings
    try:
        settings.INSTALLED_APPS
        django.setup()
    except Exception as error:
        raise Refused("settings", "Django's settings cannot be loaded: " + said(error), "set what it names where the application gets its environment", tail=tail(error))


def refusal(error):
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error, InterfaceError, OperationalError
    if isinstance(error, Refused):
        return error.data
    if isinstance(error, ImproperlyConfigured):
        return {"kind": "settings", "message": said(error), "hint": "correct the settings it names", "tail": tail(error)}
    text = str(error).strip()
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if isinstance(error, Error) and (state in ("42P01", "42703") or "no such table" in text or "no such column" in text or "doesn't exist" in text):
        return {"kind": "schema", "message": text.split("\n")[0], "hint": "apply the pending migrations first"}
    if state == "25006" or "readonly database" in text:
        return {"kind": "write", "message": "a check tried to write: " + text.split("\n")[0], "hint": "what a check calls may only read", "tail": tail(error)}
    if isinstance(error, (OperationalError, InterfaceError)):
        return {"kind": "database", "message": text.split("\n")[0], "hint": "bring the database up, and compare its address and credentials with the application's environment"}
    return {"kind": "error", "message": said(error), "hint": "read the traceback: the application's own code or data raised it", "tail": tail(error)}


def source_times():
    """When the sources that are loaded were changed; installed packages are left out."""
    times = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and "site-packages" not in path and "dist-packages" not in path and not path.startswith(sys.base_prefix + "/lib"):
            with contextlib.suppress(OSError):
                times[path] = os.stat(path).st_mtime_ns
    return times


def serve(handlers, handle):
    from django.db import connections
    known = source_times()
    for line in REQUESTS:
        now = source_times()
        if any(now.get(path) != time for path, time in known.items()):
            answer({"stale": True})
            return
        answers = []
        for request in json.loads(line):
            try:
                answers.append({"ok": handle(handlers[request["op"]], request)})
            except Exception as error:
                answers.append({"refused": refusal(error)})
        with contextlib.suppress(Exception):
            connections.close_all()
        known = source_times()
        answer({"answers": answers})


def main(handlers, handle):
    try:
        start(sys.argv[1])
    except BaseException as error:
        data = error.data if isinstance(error, Refused) else {"kind": "settings", "message": said(error), "hint": "manage.py itself fails: run it by hand", "tail": tail(error)}
        answer({"refused": data})
        return
    import django
    answer({"ok": django.get_version()})
    serve(handlers, handle)
`
