"""A note: a name and a text of one person, in one of their pads or in none."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from notejam.pads.models import Pad


class Note(models.Model):
    pad = models.ForeignKey(Pad, on_delete=models.CASCADE, related_name="notes", null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notes")
    name = models.CharField(max_length=100)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-updated_at", "-pk")
        indexes = [
            models.Index(fields=["user", "-updated_at", "-id"], name="note_by_last_change"),
            models.Index(fields=["user", "name", "id"], name="note_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("view_note", kwargs={"pk": self.pk})

    def get_list_url(self) -> str:
        """Return where the note is listed: its pad, or home."""
        return self.pad.get_absolute_url() if self.pad else reverse("home")
