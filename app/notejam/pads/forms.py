"""The form to name a pad."""

from typing import Any

from django import forms

from notejam.accounts.models import User
from notejam.pads.models import Pad


class PadForm(forms.ModelForm):
    """A pad of ``user``."""

    class Meta:
        model = Pad
        fields = ("name",)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = user
