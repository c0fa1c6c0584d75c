"""Signing up, in and out."""

import pytest
from django.db import IntegrityError
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

from notejam.accounts.forms import SignupForm
from notejam.accounts.models import User
from tests.conftest import PASSWORD, submit

SIGNUP = {"email": "Ada@Example.org", "password": PASSWORD, "repeat_password": PASSWORD}


def test_a_person_signs_up_and_is_asked_to_sign_in(client: Client, db: None) -> None:
    response = client.post("/signup/", SIGNUP, follow=True)

    assertRedirects(response, "/signin/")
    assertContains(response, "Account is created. Now you can sign in.")
    user = User.objects.get()
    assert user.email == "ada@example.org"
    assert user.check_password(PASSWORD)
    assert not user.is_staff


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org "])
def test_an_email_signs_up_once_in_any_case(client: Client, user: User, email: str) -> None:
    response = client.post("/signup/", SIGNUP | {"email": email})

    assertContains(response, "User with this email is already signed up")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"repeat_password": "another long password"}, "Your passwords do not match"),
        ({"password": "short", "repeat_password": "short"}, "This password is too short"),
        ({"password": "password123", "repeat_password": "password123"}, "This password is too common"),
        ({"password": "ada@example.org", "repeat_password": "ada@example.org"}, "too similar to the email"),
        ({"email": "ada"}, "Enter a valid email address."),
        ({"email": "ada@example.org\0"}, "Null characters are not allowed."),
        ({"email": ""}, "This field is required."),
    ],
)
def test_sign_up_says_what_is_wrong(client: Client, db: None, wrong: dict[str, str], message: str) -> None:
    assertContains(client.post("/signup/", SIGNUP | wrong), message)
    assert not User.objects.exists()


def test_the_database_itself_keeps_emails_in_lower_case(db: None) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="Ada@example.org")])


def test_of_two_sign_ups_at_the_same_moment_the_later_is_told_so(db: None) -> None:
    first, second = SignupForm(SIGNUP), SignupForm(SIGNUP)
    assert first.is_valid()
    assert second.is_valid()

    assert first.save_user() == User.objects.get()
    assert second.save_user() is None
    assert second.errors == {"email": ["User with this email is already signed up"]}


def test_a_person_signs_in_by_email_in_any_case_and_sees_the_notes(visitor: Client, user: User) -> None:
    response = submit(visitor, "/signin/", {"username": "ADA@example.org", "password": PASSWORD})

    assertRedirects(response, "/")
    assertContains(visitor.get("/"), "ada@example.org")


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD)]
)
def test_a_wrong_email_and_a_wrong_password_are_not_told_apart(
    client: Client, user: User, email: str, password: str
) -> None:
    response = client.post("/signin/", {"username": email, "password": password})

    assertContains(response, "Wrong email or password")
    assert "_auth_user_id" not in client.session


def test_signing_in_goes_on_to_the_page_that_was_asked_for(client: Client, user: User) -> None:
    assertRedirects(client.get("/notes/create/"), "/signin/?next=/notes/create/")

    credentials = {"username": user.email, "password": PASSWORD}
    response = client.post("/signin/", credentials | {"next": "/notes/create/"})
    assertRedirects(response, "/notes/create/")


def test_signing_in_never_leads_to_another_site(client: Client, user: User) -> None:
    credentials = {"username": user.email, "password": PASSWORD}
    assertRedirects(client.post("/signin/", credentials | {"next": "https://evil.example/"}), "/")


def test_only_a_form_signs_out(signed_in: Client) -> None:
    assert signed_in.get("/signout/").status_code == 405
    assertContains(signed_in.get("/"), "All notes (0)")

    assertRedirects(signed_in.post("/signout/"), "/signin/")
    assertRedirects(signed_in.get("/"), "/signin/?next=/")


def test_a_forged_form_is_refused_in_words(visitor: Client, db: None) -> None:
    assertContains(visitor.post("/signup/", SIGNUP), "This page is too old", status_code=403)
    assert not User.objects.exists()


@pytest.mark.parametrize("url", ["/signin/", "/signup/"])
def test_who_is_signed_in_needs_neither_form(signed_in: Client, url: str) -> None:
    assertRedirects(signed_in.get(url), "/")
