"""Django settings of Notejam, all of them driven by the environment; README.md lists the variables."""

import os
from pathlib import Path

from csp.constants import NONE, SELF

from notejam.environment import Environment

environment = Environment(os.environ)

PACKAGE = Path(__file__).parent

DEBUG = environment.boolean("DEBUG", False)
SECRET_KEY = environment.text("SECRET_KEY", minimum_length=50)
# Verified by, but not signed with, so that nobody is signed out when SECRET_KEY is rotated.
SECRET_KEY_FALLBACKS = environment.texts("SECRET_KEY_FALLBACKS", minimum_length=50)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", ())
for origin in CSRF_TRUSTED_ORIGINS:
    if not origin.startswith(("https://", "http://")):
        environment.problem("CSRF_TRUSTED_ORIGINS", f"has {origin!r}, which does not start with https://")

INSTALLED_APPS = [
    "notejam",
    "notejam.accounts",
    "notejam.pads",
    "notejam.notes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "notejam.probes.ProbesMiddleware",  # before whatever looks at the host, the scheme or the session
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "notejam.urls"
WSGI_APPLICATION = "notejam.wsgi.application"

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

# Database: https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-notes
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environment.text("DATABASE_HOST"),
        "PORT": environment.integer("DATABASE_PORT", 5432, minimum=1, maximum=65535),
        "NAME": environment.text("DATABASE_NAME"),
        "USER": environment.text("DATABASE_USER"),
        "PASSWORD": environment.text("DATABASE_PASSWORD"),
        "CONN_MAX_AGE": environment.integer("DATABASE_CONN_MAX_AGE", 60, minimum=0, maximum=86400),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "notejam",
            "sslmode": environment.text(
                "DATABASE_SSLMODE",
                "verify-full",
                choices=("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_SSLROOTCERT = environment.text("DATABASE_SSLROOTCERT", "")
if DATABASE_SSLROOTCERT:
    DATABASES["default"]["OPTIONS"]["sslrootcert"] = DATABASE_SSLROOTCERT
    if DATABASE_SSLROOTCERT != "system" and not os.access(DATABASE_SSLROOTCERT, os.R_OK):
        environment.problem("DATABASE_SSLROOTCERT", f"names {DATABASE_SSLROOTCERT}, which cannot be read")
elif DATABASES["default"]["OPTIONS"]["sslmode"].startswith("verify-"):
    environment.problem(
        "DATABASE_SSLROOTCERT", "is not set, and DATABASE_SSLMODE verifies certificates by it"
    )

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "signin"

# Security: https://docs.djangoproject.com/en/5.2/topics/security/
SECURE_COOKIES = environment.boolean("SECURE_COOKIES", True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_SSL_REDIRECT = environment.boolean("SECURE_SSL_REDIRECT", SECURE_COOKIES)
SECURE_HSTS_SECONDS = environment.integer(
    "SECURE_HSTS_SECONDS", 31_536_000 if SECURE_COOKIES else 0, minimum=0, maximum=63_072_000
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
if environment.boolean("SECURE_PROXY", True):
    # The load balancer overwrites this header: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Language and time
LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"

# Static files: collected and hashed while the image is built
STATIC_URL = "static/"
STATIC_ROOT = PACKAGE.parent / "static"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

# Logs: one JSON object a line; Kubernetes collects what is written to the standard streams
LOG_LEVEL = environment.text("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "notejam.logs.JsonLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False}},
}

environment.check()
