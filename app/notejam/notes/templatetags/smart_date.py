"""Times as people say them."""

from datetime import datetime

from django import template
from django.utils import formats, timezone

register = template.Library()


@register.filter
def smart_date(moment: datetime) -> str:
    """Return "Today at 14:05", "Yesterday at 14:05", "3 days ago", or after a week the date."""
    local = timezone.localtime(moment)
    days = (timezone.localdate() - local.date()).days
    if days == 0:
        return f"Today at {local:%H:%M}"
    if days == 1:
        return f"Yesterday at {local:%H:%M}"
    if 1 < days < 7:
        return f"{days} days ago"
    return formats.date_format(local, "j F Y")
