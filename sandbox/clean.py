"""`make clean`'s half in Python: removes the cache, once no sandbox of this user's stands on its tools."""

from sandbox import cache, claims
from sandbox.errors import SandboxError
from sandbox.settings import SETTINGS_FILE, cache_folder


def clean() -> None:
    """Remove the cache. SandboxError when another sandbox is up, whose programs lie in it."""
    with claims.exclusive():
        standing = [claim.folder for claim in claims.claims() if (claim.folder / SETTINGS_FILE).exists()]
        if standing:
            raise SandboxError(
                f"The tools in {cache_folder()} are in use by the sandbox in "
                f"{', '.join(map(str, standing))}: run `make down` for it first (NOTEJAM_SANDBOX names it)."
            )
        print(f"removed: {cache_folder()}" if cache.remove() else "There is no cache.")
