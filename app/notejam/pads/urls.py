from django.urls import path

from notejam.pads.views import PadCreateView, PadDeleteView, PadNoteListView, PadUpdateView

urlpatterns = [
    path("pads/create/", PadCreateView.as_view(), name="create_pad"),
    path("pads/<int:pk>/", PadNoteListView.as_view(), name="view_pad_notes"),
    path("pads/<int:pk>/edit/", PadUpdateView.as_view(), name="edit_pad"),
    path("pads/<int:pk>/delete/", PadDeleteView.as_view(), name="delete_pad"),
]
