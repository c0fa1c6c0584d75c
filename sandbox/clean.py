"""`make clean`'s half in Python: removes the cache, once no sandbox stands on the tools in it."""

from pathlib import Path

from sandbox import cache, claims
from sandbox.errors import SandboxError
from sandbox.settings import cache_folder


def clean() -> None:
    """Remove the cache. SandboxError when a sandbox is up whose programs lie in it."""
    with claims.exclusive():
        if users := [claim.folder for claim in claims.claims() if _uses_cache(claim.folder)]:
            raise SandboxError(
                f"The tools in {cache_folder()} are in use by the sandbox in {', '.join(map(str, users))}: "
                "run `make down` for it first (NOTEJAM_SANDBOX names it)."
            )
        print(f"removed: {cache_folder()}" if cache.remove() else "There is no cache.")


def _uses_cache(sandbox: Path) -> bool:
    tools = (sandbox / "tools").glob("*")
    return any(tool.is_symlink() and cache_folder() in tool.readlink().parents for tool in tools)
