from django.urls import path

from notejam.notes.views import NoteCreateView, NoteDeleteView, NoteDetailView, NoteListView, NoteUpdateView

urlpatterns = [
    path("", NoteListView.as_view(), name="home"),
    path("notes/create/", NoteCreateView.as_view(), name="create_note"),
    path("notes/<int:pk>/", NoteDetailView.as_view(), name="view_note"),
    path("notes/<int:pk>/edit/", NoteUpdateView.as_view(), name="edit_note"),
    path("notes/<int:pk>/delete/", NoteDeleteView.as_view(), name="delete_note"),
]
