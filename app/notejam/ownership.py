"""Views over things that belong to one person."""

from django.db.models import QuerySet


class OwnedMixin:
    """Sees only what belongs to the signed-in person; anything of somebody else's is not found (404)."""

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(user=self.request.user)
