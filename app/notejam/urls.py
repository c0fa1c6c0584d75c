"""All routes; each app has its own, and the probes' are answered by `notejam.probes`."""

from django.urls import include, path

urlpatterns = [
    path("", include("notejam.accounts.urls")),
    path("", include("notejam.pads.urls")),
    path("", include("notejam.notes.urls")),
]
