"""The form to write a note."""

from typing import Any

from django import forms

from notejam.accounts.models import User
from notejam.notes.models import Note


class NoteForm(forms.ModelForm):
    """A note of ``user``: only the user's own pads can be chosen."""

    class Meta:
        model = Note
        fields = ("name", "text", "pad")
        widgets = {"text": forms.Textarea(attrs={"rows": 12})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = user
        self.fields["pad"].queryset = user.pads.all()
        self.fields["pad"].empty_label = "No pad"
