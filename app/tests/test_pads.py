"""Pads: naming them, listing their notes, deleting them with their notes."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

from notejam.accounts.models import User
from notejam.notes.models import Note
from notejam.pads.models import Pad


def test_a_pad_is_created_and_shown_beside_every_page(signed_in: Client, user: User) -> None:
    assertContains(signed_in.get("/"), "No pads yet")

    response = signed_in.post("/pads/create/", {"name": "Home"}, follow=True)

    pad = Pad.objects.get()
    assert pad.user == user
    assertRedirects(response, f"/pads/{pad.pk}/")
    assertContains(response, "Pad is successfully created")
    assertContains(response, "Home (0)")
    assertContains(response, "You don't have any notes in this pad")
    assertContains(signed_in.get("/"), f'<a href="/pads/{pad.pk}/">Home</a>', html=True)


def test_a_pad_needs_a_name(signed_in: Client) -> None:
    assertContains(signed_in.post("/pads/create/", {"name": " "}), "This field is required.")
    assert not Pad.objects.exists()


def test_a_pad_is_renamed(signed_in: Client, user: User) -> None:
    pad = Pad.objects.create(user=user, name="Home")

    response = signed_in.post(f"/pads/{pad.pk}/edit/", {"name": "Work"}, follow=True)

    assertContains(response, "Pad is successfully updated")
    assertContains(response, "Work (0)")


def test_a_pad_lists_only_its_notes(signed_in: Client, user: User) -> None:
    pad = Pad.objects.create(user=user, name="Home")
    Note.objects.create(user=user, pad=pad, name="Inside", text="x")
    Note.objects.create(user=user, name="Outside", text="x")

    response = signed_in.get(f"/pads/{pad.pk}/?order=name")

    assert [note.name for note in response.context["note_list"]] == ["Inside"]
    assertContains(response, f"/notes/create/?pad={pad.pk}")


def test_deleting_a_pad_asks_first_and_deletes_its_notes(signed_in: Client, user: User) -> None:
    pad = Pad.objects.create(user=user, name="Home")
    Note.objects.create(user=user, pad=pad, name="Inside", text="x")
    Note.objects.create(user=user, name="Outside", text="x")

    question = "Are you sure you want to delete Home and all related notes?"
    assertContains(signed_in.get(f"/pads/{pad.pk}/delete/"), question)
    response = signed_in.post(f"/pads/{pad.pk}/delete/", follow=True)

    assertRedirects(response, "/")
    assertContains(response, "Pad is successfully deleted")
    assert [note.name for note in Note.objects.all()] == ["Outside"]


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
def test_a_pad_of_somebody_else_is_not_there(signed_in: Client, stranger: User, page: str) -> None:
    pad = Pad.objects.create(user=stranger, name="Secret")

    assert signed_in.get(f"/pads/{pad.pk}/{page}").status_code == 404
    if page:
        assert signed_in.post(f"/pads/{pad.pk}/{page}", {"name": "Mine"}).status_code == 404
    pad.refresh_from_db()
    assert pad.name == "Secret"
