"""A person with an account, known by an email address."""

import unicodedata
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower

EMAIL_TAKEN = "User with this email is already signed up"


class EmailUserManager(UserManager["User"]):
    """Creates and finds users by email, whatever case it is written in."""

    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the one spelling of an address that is stored: NFKC, as Django's forms do, in lower case."""
        return unicodedata.normalize("NFKC", email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user who signs in with ``email`` and ``password``."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user who may do everything."""
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)


class User(AbstractUser):
    """Django's user without a username; the email address is unique in any case."""

    username = None
    first_name = None
    last_name = None
    email = models.EmailField(unique=True, error_messages={"unique": EMAIL_TAKEN})

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = EmailUserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email
