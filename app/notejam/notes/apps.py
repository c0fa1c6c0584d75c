from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "notejam.notes"
