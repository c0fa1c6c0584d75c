"""What moto works out anew for each request, though it never changes: half of a request's time."""

from functools import cache

import moto.backends
import moto.core.responses

from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""
    modules = list(moto.backends.list_of_moto_modules())
    replace(moto.backends, "list_of_moto_modules", lambda: modules)
    names = moto.core.responses.method_names_from_class  # type: ignore[attr-defined]
    replace(moto.core.responses, "method_names_from_class", cache(names))
