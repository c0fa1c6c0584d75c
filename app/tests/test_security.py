"""Headers and cookies that protect whoever uses Notejam."""

from django.conf import LazySettings
from django.test import Client
from pytest_django.asserts import assertRedirects

from notejam.accounts.models import User
from tests.conftest import PASSWORD


def test_pages_run_nothing_foreign_and_cannot_be_framed(client: Client) -> None:
    headers = client.get("/signin/").headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_cookies_cannot_be_read_by_scripts_or_sent_in_the_clear(
    client: Client, user: User, settings: LazySettings
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client.post("/signin/", {"username": user.email, "password": PASSWORD})

    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["secure"]
    assert session["samesite"] == "Lax"


def test_http_is_sent_on_to_https_as_the_load_balancer_tells_it(settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    in_the_clear = Client(headers={"x-forwarded-proto": "http"}).get("/signin/")
    assertRedirects(in_the_clear, "https://testserver/signin/", 301, fetch_redirect_response=False)
    assert Client(headers={"x-forwarded-proto": "https"}).get("/signin/").status_code == 200
