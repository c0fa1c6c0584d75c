"""Forms to sign up and to sign in."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from notejam.accounts.models import EMAIL_TAKEN, User


class SignupForm(forms.ModelForm):
    """An email address, and a password twice."""

    email = forms.EmailField(
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, not only digits, and not one that everybody uses.",
    )
    repeat_password = forms.CharField(
        label="Repeat password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        password = cleaned.get("password")
        if password:
            if "repeat_password" in cleaned and cleaned["repeat_password"] != password:
                self.add_error("repeat_password", "Your passwords do not match")
            try:
                password_validation.validate_password(password, User(email=cleaned.get("email", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def save_user(self) -> User | None:
        """Store the user; return None, with the error in the form, when another request was first."""
        try:
            with transaction.atomic():
                return User.objects.create_user(self.cleaned_data["email"], self.cleaned_data["password"])
        except IntegrityError:
            self.add_error("email", EMAIL_TAKEN)
            return None


class SigninForm(AuthenticationForm):
    """Django's sign-in form, with Notejam's words."""

    error_messages = {"invalid_login": "Wrong email or password", "inactive": "Wrong email or password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.input_type = "email"
