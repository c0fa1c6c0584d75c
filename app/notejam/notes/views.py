"""Lists of notes, and what can be done with one."""

from typing import Any

from django.contrib.messages.views import SuccessMessageMixin
from django.db.models import QuerySet
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from notejam.notes.forms import NoteForm
from notejam.notes.models import Note
from notejam.ownership import OwnedMixin

ORDERS = {
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "updated_at": ("updated_at", "pk"),
    "-updated_at": ("-updated_at", "-pk"),
}
DEFAULT_ORDER = "-updated_at"


class NoteListView(OwnedMixin, ListView):
    """All notes of a person, in the order that `?order=` names; an unknown order is the default one."""

    model = Note
    paginate_by = 50

    @property
    def order(self) -> str:
        order = self.request.GET.get("order", DEFAULT_ORDER)
        return order if order in ORDERS else DEFAULT_ORDER

    def get_queryset(self) -> QuerySet[Note]:
        return super().get_queryset().select_related("pad").defer("text").order_by(*ORDERS[self.order])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, order=self.order)


class NoteDetailView(OwnedMixin, DetailView):
    queryset = Note.objects.select_related("pad")


class NoteFormMixin(SuccessMessageMixin):
    """Saves a note of the signed-in person, then shows the list it is in."""

    model = Note
    form_class = NoteForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_success_url(self) -> str:
        return self.object.get_list_url()


class NoteCreateView(NoteFormMixin, CreateView):
    success_message = "Note is successfully created"

    def get_initial(self) -> dict[str, Any]:
        return {"pad": self.request.GET.get("pad")}


class NoteUpdateView(OwnedMixin, NoteFormMixin, UpdateView):
    success_message = "Note is successfully updated"


class NoteDeleteView(OwnedMixin, SuccessMessageMixin, DeleteView):
    model = Note
    success_message = "Note is successfully deleted"

    def get_success_url(self) -> str:
        return self.object.get_list_url()
