"""Whether what the sandbox serves answers, asked as its clients ask."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import SandboxError
from sandbox.settings import Settings

TIMEOUT = 5  # seconds
# A proxy of the machine knows nothing of the sandbox's addresses.
DIRECT = urllib.request.ProxyHandler({})


@dataclass(frozen=True)
class Check:
    """A server whose `path` answers below 400 when it is healthy."""

    title: str
    url: str
    path: str

    def failure(self, settings: Settings) -> str | None:
        """Why it is not healthy; None when it is."""
        try:
            context = ssl.create_default_context()
            authority = settings.folder / "pki" / "ca.crt"
            if authority.exists():
                context.load_verify_locations(authority)
            opener = urllib.request.build_opener(DIRECT, urllib.request.HTTPSHandler(context=context))
            with opener.open(self.url + self.path, timeout=TIMEOUT):
                return None
        except urllib.error.HTTPError as error:
            return f"answers {error.code}"
        except (urllib.error.URLError, OSError) as error:
            return str(getattr(error, "reason", error))


def checks(settings: Settings) -> Mapping[str, Check]:
    """By the program whose health it tells."""
    return {
        "aws": Check("AWS", settings.aws_endpoint_url, "/_sandbox/health"),
        "git-server": Check("Git", settings.git_url, "/healthz"),
        "kube-apiserver": Check("Kubernetes", f"https://{settings.address(1)}:6443", "/readyz"),
    }


def notejam(settings: Settings) -> Check:
    return Check("Notejam", settings.notejam_url, "/healthz/ready")


def ask_aws(settings: Settings) -> str:
    """The ARN that AWS gives the sandbox's administrator; the first call also loads what later ones need.

    Raises SandboxError when AWS refuses.
    """
    client = boto3.client(
        "sts",
        endpoint_url=settings.aws_endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=Config(proxies={}, read_timeout=60),
    )
    try:
        return str(client.get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        log = settings.logs / "aws.log"
        raise SandboxError(f"The emulated AWS refuses its own administrator: {error} (log: {log}).") from None
