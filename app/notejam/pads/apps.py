from django.apps import AppConfig


class PadsConfig(AppConfig):
    name = "notejam.pads"
