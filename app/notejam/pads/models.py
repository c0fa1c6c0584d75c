"""A pad: a named group of one person's notes."""

from django.conf import settings
from django.db import models
from django.urls import reverse


class Pad(models.Model):
    name = models.CharField(max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pads")

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("view_pad_notes", kwargs={"pk": self.pk})
