import os

from gunicorn.glogging import Logger


class AccessLog(Logger):
    """Leaves out the health checks that succeed."""

    def access(self, resp, req, environ, request_time):
        if environ.get("PATH_INFO", "").startswith("/health/") and resp.status.startswith("200"):
            return
        super().access(resp, req, environ, request_time)


bind = "0.0.0.0:8000"
wsgi_app = "edms.wsgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
worker_tmp_dir = "/dev/shm"
graceful_timeout = 20
accesslog = "-"
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(r)s" %(s)s %(b)s %(L)ss'
logger_class = AccessLog
