"""Signing up, in and out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from notejam.accounts.forms import SigninForm, SignupForm


@method_decorator(login_not_required, name="dispatch")
class SignupView(FormView):
    form_class = SignupForm
    template_name = "accounts/signup.html"
    success_url = reverse_lazy("signin")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignupForm) -> HttpResponse:
        if form.save_user() is None:
            return self.form_invalid(form)
        messages.success(self.request, "Account is created. Now you can sign in.")
        return super().form_valid(form)


class SigninView(LoginView):
    form_class = SigninForm
    template_name = "accounts/signin.html"
    redirect_authenticated_user = True
