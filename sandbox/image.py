"""Notejam's image: built by buildah from app/Containerfile, and pushed to ECR with ECR's own login.

python -m sandbox image tag     the tag of app/ as it is now
python -m sandbox image build   the image as an OCI archive in the cache
python -m sandbox image push    the same, pushed to the repository once that is there
"""

import argparse
import base64
import hashlib
import os
import shlex
import ssl
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from sandbox import base_image, source_image
from sandbox.buildah import Buildah, storage
from sandbox.cache import ensure
from sandbox.errors import SandboxError
from sandbox.registry import Registry
from sandbox.settings import CHECKOUT, Settings, cache_folder

APP = CHECKOUT / "app"
REPOSITORY = "notejam"
KEPT = 3  # archives of the last releases in the cache
POLL_SECONDS = 2
REPOSITORY_SECONDS = 3600  # site.yml makes the repository while the tools still build
# How the machine reaches an index of Python packages; other settings of pip are not the image's business.
PIP_VARIABLES = ("DEFAULT_TIMEOUT", "EXTRA_INDEX_URL", "INDEX_URL", "PROXY", "RETRIES", "TRUSTED_HOST")
PIP_FILES = ("~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf")

Say = Callable[[str], None]


def sources(app: Path = APP) -> list[Path]:
    """The files that the image is made of: the Containerfile, and what it copies from `app`."""
    named = [Path("Containerfile")]
    for line in (app / "Containerfile").read_text().splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from="):
            named += [Path(word) for word in words[1:-1]]
    files = {
        file.relative_to(app)
        for name in named
        for file in ([app / name] if (app / name).is_file() else (app / name).rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    return sorted(files)


def release(app: Path = APP) -> str:
    """The image's tag, `<version>-<12 hex digits of its sources' hash>`: other content, another tag."""
    digest = hashlib.sha256()
    for name in sources(app):
        content = hashlib.sha256((app / name).read_bytes()).hexdigest()
        digest.update(f"{name.as_posix()} {content}\n".encode())
    version = tomllib.loads((app / "pyproject.toml").read_text())["project"]["version"]
    return f"{version}-{digest.hexdigest()[:12]}"


def build(tier: str, tag: str, say: Say, app: Path = APP) -> Path:
    """The image of `app` for the nodes of a `tier` as an OCI archive in the cache, made when it is not there.

    Raises SandboxError when it cannot be built.
    """
    kind = "notejam" if tier == "node" else "notejam-sources"
    folder = cache_folder() / "images"
    path = folder / f"{kind}-{tag}.tar"
    if path.exists():
        say(f"{tag} is in the cache")
        return path
    ensure()
    folder.mkdir(exist_ok=True)
    temporary = folder / f".{path.name}"
    temporary.unlink(missing_ok=True)
    if tier == "node":
        with storage() as buildah:
            _build(buildah, tag, say, app, temporary)
    else:
        source_image.write_archive(temporary, app, sources(app))
    temporary.rename(path)
    for older in sorted(folder.glob("notejam-*.tar"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
        older.unlink()
    return path


def _build(buildah: Buildah, tag: str, say: Say, app: Path, archive: Path) -> None:
    base = os.environ.get("NOTEJAM_BASE_IMAGE") or f"oci-archive:{base_image.archive(buildah, say)}"
    say(f"building {tag}")
    image = f"localhost/notejam:{tag}"
    buildah.run(
        "build",
        "--quiet",
        *("--tag", image),
        *("--build-arg", f"BASE_IMAGE={base}"),
        *("--build-arg", f"VERSION={tag}"),
        *_build_secrets(buildah.folder),
        app,
    )
    buildah.run("push", "--quiet", image, f"oci-archive:{archive}")


def push(ecr: Any, tier: str, tag: str, progress: Say) -> str:
    """Build the image for the nodes of a `tier` and push it as `tag` to the repository, once that is there;
    return its reference.

    A tag that is there already is left as it is. Raises SandboxError when building or pushing fails, or when
    nobody makes the repository.
    """
    archive = build(tier, tag, progress)
    repository = wait_for_repository(ecr, progress)
    reference = f"{repository['repositoryUri']}:{tag}"
    if is_pushed(ecr, repository["repositoryName"], tag):
        progress(f"{reference} is already in the registry")
    else:
        progress(f"pushing {reference}, {archive.stat().st_size / 1e6:.0f} MB")
        log_in(ecr).push(archive, repository["repositoryName"], tag)
        progress(f"{reference} is in the registry")
    return reference


def wait_for_repository(ecr: Any, say: Say) -> dict[str, Any]:
    """Wait until an environment's repository for Notejam, `<environment>/notejam`, is there, and return it.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html
    """
    deadline = time.monotonic() + REPOSITORY_SECONDS
    say("waiting for Notejam's repository")
    while True:
        try:
            for page in ecr.get_paginator("describe_repositories").paginate():
                for repository in page["repositories"]:
                    if repository["repositoryName"].endswith(f"/{REPOSITORY}"):
                        return dict(repository)
            missing = f"ECR has no repository for {REPOSITORY}"
        except (ConnectionError, HTTPClientError) as error:
            missing = str(error)
        except ClientError as error:
            raise SandboxError(f"ECR refuses to list its repositories: {error}") from None
        if time.monotonic() > deadline:
            raise SandboxError(
                f"{missing}; the role container_registry makes it: see `make status`, then run `make up`."
            )
        time.sleep(POLL_SECONDS)


def is_pushed(ecr: Any, repository: str, tag: str) -> bool:
    """Whether the repository of that name has an image with this tag."""
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True


def log_in(ecr: Any) -> Registry:
    """The registry, with the login that ECR gives for it.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    """
    [authorization] = ecr.get_authorization_token()["authorizationData"]
    username, password = base64.b64decode(authorization["authorizationToken"]).decode().split(":", 1)
    return Registry(authorization["proxyEndpoint"], username, password)


def _build_secrets(folder: Path) -> list[str]:
    """Options that lend the build the machine's way to a package index, without keeping it in the image."""
    files = {
        "pip.env": "".join(
            f"PIP_{name}={shlex.quote(os.environ[f'PIP_{name}'])}\n"
            for name in PIP_VARIABLES
            if f"PIP_{name}" in os.environ
        )
    }
    configured = [os.environ.get("PIP_CONFIG_FILE", ""), *PIP_FILES]
    found = [path for name in configured if name and (path := Path(name).expanduser()).is_file()]
    if found:
        files["pip.conf"] = found[0].read_text()
    authorities = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
    if authorities and Path(authorities).is_file():
        files["authorities.pem"] = Path(authorities).read_text()
        files["pip.env"] += "PIP_CERT=/run/secrets/authorities.pem\n"
    options = []
    for name, content in files.items():
        (folder / name).write_text(content)
        options += ["--secret", f"id={name},src={folder / name}"]
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m sandbox image tag|build|push`."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox image", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("command", choices=("tag", "build", "push"))
    command = parser.parse_args(arguments).command

    def say(text: str) -> None:
        print(text, flush=True)

    if command == "tag":
        say(release())
    elif command == "build":
        say(str(build("node", release(), say)))
    else:
        settings = Settings.load()
        ecr = boto3.client(
            "ecr",
            endpoint_url=settings.aws_endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
        )
        push(ecr, settings.tier, release(), say)
    return 0
