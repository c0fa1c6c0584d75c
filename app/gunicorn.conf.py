"""How gunicorn serves Notejam; WEB_CONCURRENCY and GUNICORN_CMD_ARGS change it for one environment.

https://docs.gunicorn.org/en/stable/settings.html
"""

import os

wsgi_app = "notejam.wsgi"
bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True  # wrong settings end the process at once, and workers share memory
max_requests = 10_000
max_requests_jitter = 1_000

# Told to stop (SIGTERM), it finishes what it has begun, and leaves before Kubernetes' 30 seconds are over.
graceful_timeout = 25
timeout = 30
keepalive = (
    75  # longer than the load balancer keeps an idle connection (60 s), so it never writes to a closed one
)

# The root filesystem is read-only: the workers' heartbeat lives in memory, and there is no control socket.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (files there have no name that another process could guess)
control_socket_disable = True

accesslog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_probes": {"()": "notejam.logs.WithoutProbes"}},
    "formatters": {
        "json": {"()": "notejam.logs.JsonLines"},
        "access": {"()": "notejam.logs.AccessLines"},
    },
    "handlers": {
        "error": {"class": "logging.StreamHandler", "formatter": "json"},
        "access": {
            "class": "logging.StreamHandler",
            "formatter": "access",
            "filters": ["without_probes"],
            "stream": "ext://sys.stdout",
        },
    },
    "root": {"handlers": ["error"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["error"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}
