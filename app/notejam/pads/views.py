"""The notes of a pad, and what can be done with the pad itself."""

from functools import cached_property
from typing import Any

from django.contrib.messages.views import SuccessMessageMixin
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.views.generic import CreateView, DeleteView, UpdateView

from notejam.notes.models import Note
from notejam.notes.views import NoteListView
from notejam.ownership import OwnedMixin
from notejam.pads.forms import PadForm
from notejam.pads.models import Pad


class PadNoteListView(NoteListView):
    template_name = "pads/pad_note_list.html"

    @cached_property
    def pad(self) -> Pad:
        return get_object_or_404(self.request.user.pads, pk=self.kwargs["pk"])

    def get_queryset(self) -> QuerySet[Note]:
        return super().get_queryset().filter(pad=self.pad)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, pad=self.pad)


class PadFormMixin(SuccessMessageMixin):
    """Saves a pad of the signed-in person, then shows its notes."""

    model = Pad
    form_class = PadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}


class PadCreateView(PadFormMixin, CreateView):
    success_message = "Pad is successfully created"


class PadUpdateView(OwnedMixin, PadFormMixin, UpdateView):
    success_message = "Pad is successfully updated"


class PadDeleteView(OwnedMixin, SuccessMessageMixin, DeleteView):
    model = Pad
    success_message = "Pad is successfully deleted"
    success_url = reverse_lazy("home")
