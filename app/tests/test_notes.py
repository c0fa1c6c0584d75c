"""Writing, listing, reading, changing and deleting notes."""

import re
from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from notejam.accounts.models import User
from notejam.notes.models import Note
from notejam.notes.templatetags.smart_date import smart_date
from notejam.pads.models import Pad
from tests.conftest import submit

NOTE = {"name": "Groceries", "text": "Bread\n<b>Butter</b>", "pad": ""}


def listed(response: HttpResponse) -> list[str]:
    """Return the names in a list of notes, as shown from top to bottom."""
    return re.findall(r'<td><a href="/notes/\d+/">(.*?)</a>', response.content.decode())


def write(user: User, name: str, pad: Pad | None = None, updated_at: datetime | None = None) -> Note:
    note = Note.objects.create(user=user, name=name, text=f"Text of {name}", pad=pad)
    if updated_at:
        Note.objects.filter(pk=note.pk).update(updated_at=updated_at)
    return note


def test_a_note_is_written_listed_and_read_in_full(visitor: Client, user: User) -> None:
    visitor.force_login(user)

    assertRedirects(submit(visitor, "/notes/create/", NOTE), "/", fetch_redirect_response=False)

    home = visitor.get("/")
    assertContains(home, "Note is successfully created")
    assertContains(home, "All notes (1)")
    assertContains(home, "No pad")
    assertContains(home, "Today at")
    assert listed(home) == ["Groceries"]
    note = Note.objects.get()
    assert note.user == user
    assertContains(visitor.get(f"/notes/{note.pk}/"), "Bread\n&lt;b&gt;Butter&lt;/b&gt;")


def test_without_notes_the_list_says_so(signed_in: Client) -> None:
    home = signed_in.get("/")
    assertContains(home, "All notes (0)")
    assertContains(home, "You don't have any notes")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "Ensure this value has at most 100 characters"),
        ({"text": ""}, "This field is required."),
        ({"text": "null\0byte"}, "Null characters are not allowed."),
        ({"pad": "nonsense"}, "Select a valid choice."),
    ],
)
def test_writing_says_what_is_wrong_and_keeps_the_text(
    signed_in: Client, wrong: dict[str, str], message: str
) -> None:
    response = signed_in.post("/notes/create/", NOTE | {"text": "Do not lose me"} | wrong)

    assertContains(response, message)
    assertContains(response, wrong.get("text", "Do not lose me"))
    assert not Note.objects.exists()


def test_a_note_in_a_pad_is_shown_there_after_saving(signed_in: Client, user: User) -> None:
    pad = Pad.objects.create(user=user, name="Home")

    form = signed_in.get(f"/notes/create/?pad={pad.pk}")
    assertContains(form, f'<option value="{pad.pk}" selected>Home</option>', html=True)
    response = signed_in.post("/notes/create/", NOTE | {"pad": str(pad.pk)}, follow=True)

    assertRedirects(response, f"/pads/{pad.pk}/")
    assertContains(response, "Home (1)")
    assert listed(response) == ["Groceries"]


def test_only_own_pads_can_be_chosen(signed_in: Client, stranger: User) -> None:
    pad = Pad.objects.create(user=stranger, name="Not yours")

    assertNotContains(signed_in.get(f"/notes/create/?pad={pad.pk}"), "Not yours")
    response = signed_in.post("/notes/create/", NOTE | {"pad": str(pad.pk)})
    assertContains(response, "Select a valid choice.")
    assert not Note.objects.exists()


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_note_of_somebody_else_is_not_there(
    signed_in: Client, stranger: User, page: str, method: str
) -> None:
    note = write(stranger, "Secret")

    response = getattr(signed_in, method)(f"/notes/{note.pk}/{page}", NOTE)

    assert response.status_code == (405 if (page, method) == ("", "post") else 404)
    assertNotContains(signed_in.get("/"), "Secret")
    note.refresh_from_db()
    assert note.name == "Secret"


@pytest.mark.parametrize("pk", ["0", "999", "99999999999999999999999999"])
def test_a_note_that_never_was_is_not_found(signed_in: Client, pk: str) -> None:
    assertContains(signed_in.get(f"/notes/{pk}/"), "There is nothing here", status_code=404)


def test_changing_a_note_keeps_its_owner_and_moves_it_up(signed_in: Client, user: User) -> None:
    note = write(user, "Old name", updated_at=timezone.now() - timedelta(days=30))

    response = signed_in.post(f"/notes/{note.pk}/edit/", NOTE, follow=True)

    assertRedirects(response, "/")
    assertContains(response, "Note is successfully updated")
    note.refresh_from_db()
    assert (note.name, note.user) == ("Groceries", user)
    assert timezone.now() - note.updated_at < timedelta(days=1)


def test_deleting_asks_first(signed_in: Client, user: User) -> None:
    note = write(user, "Groceries")

    assertContains(signed_in.get(f"/notes/{note.pk}/delete/"), "Are you sure you want to delete Groceries?")
    assert Note.objects.exists()
    response = signed_in.post(f"/notes/{note.pk}/delete/", follow=True)

    assertContains(response, "Note is successfully deleted")
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("name", ["Apples", "Bread", "Cheese"]),
        ("-name", ["Cheese", "Bread", "Apples"]),
        ("updated_at", ["Bread", "Apples", "Cheese"]),
        ("-updated_at", ["Cheese", "Apples", "Bread"]),
        ("", ["Cheese", "Apples", "Bread"]),
        ("user__password", ["Cheese", "Apples", "Bread"]),
    ],
)
def test_notes_are_ordered_as_asked(signed_in: Client, user: User, order: str, names: list[str]) -> None:
    for days, name in [(3, "Bread"), (2, "Apples"), (1, "Cheese")]:
        write(user, name, updated_at=timezone.now() - timedelta(days=days))

    assert listed(signed_in.get("/", {"order": order})) == names


def test_a_long_list_has_pages_that_keep_the_order(signed_in: Client, user: User) -> None:
    Note.objects.bulk_create(Note(user=user, name=f"Note {number:02}", text="x") for number in range(60))

    first = signed_in.get("/?order=name")
    assertContains(first, "All notes (60)")
    assertContains(first, 'href="?order=name&amp;page=2"')
    assert len(listed(first)) == 50
    assert listed(signed_in.get("/?order=name&page=2")) == [f"Note {number}" for number in range(50, 60)]
    assert signed_in.get("/?page=nonsense").status_code == 404


def test_the_list_asks_the_database_as_often_for_many_notes_as_for_one(
    signed_in: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pad = Pad.objects.create(user=user, name="Home")
    for number in range(20):
        write(user, f"Note {number}", pad=pad)

    with django_assert_num_queries(5):  # session, user, count, notes with their pads, pads
        signed_in.get("/")


@pytest.mark.parametrize(
    ("now", "moment", "said"),
    [
        ("2026-03-02 12:00", "2026-03-02 00:01", "Today at 00:01"),
        ("2026-03-02 00:01", "2026-03-01 23:59", "Yesterday at 23:59"),
        ("2026-03-02 12:00", "2026-02-28 13:00", "2 days ago"),
        ("2026-03-02 12:00", "2026-02-23 12:00", "23 February 2026"),
    ],
)
def test_times_are_said_as_people_say_them(
    monkeypatch: pytest.MonkeyPatch, now: str, moment: str, said: str
) -> None:
    at = {name: datetime.fromisoformat(f"{text}+00:00") for name, text in [("now", now), ("moment", moment)]}
    monkeypatch.setattr(timezone, "now", lambda: at["now"])

    assert smart_date(at["moment"]) == said
