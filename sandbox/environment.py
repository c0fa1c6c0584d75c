"""The file `env` of a sandbox: sourced, any outside client works on it as it would on AWS."""

import os
import shlex
import sys
from pathlib import Path

from sandbox.settings import Settings, write_private

OPERATIONS_REPOSITORY = "operations-k8s-sandbox"
# A profile or a session of a real account would win over, or mix with, the sandbox's credentials.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def variables(settings: Settings) -> dict[str, str]:
    """What `env` exports, but for PATH and no_proxy, which it extends."""
    from sandbox.image import release  # with the AWS SDK, which most users of this module do without

    return {
        "AWS_ENDPOINT_URL": settings.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": settings.access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": str(settings.kubeconfig),
        "KUBECACHEDIR": str(settings.folder / "kubectl-cache"),
        "NOTEJAM_RELEASE": release(),
        "NOTEJAM_URL": settings.notejam_url,
        "NOTEJAM_SANDBOX": str(settings.folder),
        "OPERATIONS_REPOSITORY_URL": f"{settings.git_url}/{OPERATIONS_REPOSITORY}.git",
        "OPERATIONS_REPOSITORY_TOKEN": settings.git_token,
        "FLUX_INSTALL_MANIFEST": str(settings.folder / "flux" / "install.yaml"),
    }


def programs(settings: Settings) -> str:
    """What comes before the rest of PATH: the locked Python environment's programs, then the tools."""
    return f"{Path(sys.executable).parent}:{settings.tools}"


def client(settings: Settings) -> dict[str, str]:
    """The environment that sourcing `env` gives, for a process that we start ourselves."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    for name in ("no_proxy", "NO_PROXY"):
        inherited[name] = ",".join(filter(None, [os.environ.get(name), _direct(settings)]))
    path = f"{programs(settings)}:{os.environ.get('PATH', os.defpath)}"
    return {**inherited, **variables(settings), "PATH": path}


def write(settings: Settings) -> Path:
    """Write `env`, readable by its owner only: it holds the emulated account's credentials."""
    direct = _direct(settings)
    lines = [
        f"unset {' '.join(UNSET)}",
        *(f"export {name}={shlex.quote(value)}" for name, value in variables(settings).items()),
        *(f'export {name}="${{{name}:+${name},}}{direct}"' for name in ("no_proxy", "NO_PROXY")),
        f'export PATH={shlex.quote(programs(settings))}:"$PATH"',
    ]
    path = settings.folder / "env"
    write_private(path, "\n".join(lines) + "\n")
    return path


def _direct(settings: Settings) -> str:
    """The addresses that no proxy of the machine knows."""
    return f"{settings.address(1)},127.0.0.1"
