"""ECR's pull through caches: what is pulled and is not here is imported from the upstream registry.

Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html and
https://docs.aws.amazon.com/AmazonECR/latest/userguide/error-pullthroughcache.html
"""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Documents
from sandbox.aws.ecr.images import Images, digest_of
from sandbox.aws.ecr.import_permissions import CREATE, IMPORT, may
from sandbox.aws.ecr.registry import Registry, stored_name
from sandbox.aws.ecr.replication import layers
from sandbox.aws.ecr.tokens import Bearer
from sandbox.aws.ecr.upstreams import DIGEST, Upstream, Upstreams
from sandbox.aws.errors import AWSError

KIND = "ecr-pull-through"
ROOT = "ROOT"  # the prefix of the rule for all that no other rule is for
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html
CREDENTIALS = frozenset({"username", "accessToken"})

Rule = dict[str, Any]
Pushed = Callable[[Bearer, str, str | None, bytes], None]


class PullThrough:
    """`pushed` gets the repository, the tag and the manifest of each image that was imported."""

    def __init__(
        self,
        documents: Documents,
        times: CreationTimes,
        clients: Clients,
        registry: Registry,
        images: Images,
        upstreams: Upstreams,
        pushed: Pushed,
    ) -> None:
        self._documents = documents
        self._times = times
        self._clients = clients
        self._registry = registry
        self._images = images
        self._upstreams = upstreams
        self._pushed = pushed
        self._lock = threading.Lock()  # an image is imported once, however many ask for it

    def bring(self, bearer: Bearer, name: str, reference: str) -> None:
        """Import an image that a rule is for: one that is missing, or whose tag is to be asked for again.

        Raises AWSError when it is missing and cannot be imported, OSError when a registry is not there.
        """
        by_digest = DIGEST.fullmatch(reference) is not None
        if not NAME.fullmatch(name) or not (by_digest or TAG.fullmatch(reference)):
            return
        rule = self._rule(bearer, name)
        if rule is None:
            return
        key = f"{stored_name(bearer.account, bearer.region, name)}:{reference}"
        with self._lock:
            held = self._held(bearer, name, {"imageDigest" if by_digest else "imageTag": reference})
            if held is None:
                digest = self._import(bearer, name, reference, rule)
            elif by_digest or not self._is_due(key, held):
                return
            else:
                try:
                    digest = self._import(bearer, name, reference, rule)
                except AWSError:
                    digest = held  # what is cached is served without the upstream too
            if not by_digest:
                ask_at = self._times.done_at("ecr-pull-through")
                self._documents.put(KIND, key, {"digest": digest, "ask_at": ask_at})

    def _rule(self, bearer: Bearer, name: str) -> Rule | None:
        """The rule with the longest prefix that the repository's name has."""
        answer = self._client("ecr", bearer).describe_pull_through_cache_rules()
        rules = {rule["ecrRepositoryPrefix"]: rule for rule in answer["pullThroughCacheRules"]}
        fitting = [prefix for prefix in rules if name.startswith(_beginning(prefix))]
        return rules[max(fitting, key=lambda prefix: len(_beginning(prefix)))] if fitting else None

    def _held(self, bearer: Bearer, name: str, image: dict[str, str]) -> str | None:
        """The digest of an image that is here."""
        ecr = self._client("ecr", bearer)
        try:
            found = ecr.describe_images(repositoryName=name, imageIds=[image])["imageDetails"]
        except (ecr.exceptions.RepositoryNotFoundException, ecr.exceptions.ImageNotFoundException):
            return None
        return str(found[0]["imageDigest"])

    def _is_due(self, key: str, held: str) -> bool:
        """Whether the tag is still what was imported, and the upstream was asked long enough ago."""
        imported = self._documents.get(KIND, key)
        return imported is not None and imported["digest"] == held and passed(imported["ask_at"])

    def _import(self, bearer: Bearer, name: str, reference: str, rule: Rule) -> str:
        """The digest of the image that was imported."""
        missing = AWSError("MANIFEST_UNKNOWN", "Requested image not found", 404)
        if not may(self._clients, bearer, IMPORT, name):
            raise missing
        upstream = self._upstream(bearer, name, rule)
        found = upstream.manifest(reference)
        if found is None:
            raise missing
        self._make_repository(bearer, name)
        tag = None if DIGEST.fullmatch(reference) else reference
        return self._take(bearer, name, tag, upstream, *found)

    def _upstream(self, bearer: Bearer, name: str, rule: Rule) -> Upstream:
        host = rule["upstreamRegistryUrl"]
        wanted = name.removeprefix(_beginning(rule["ecrRepositoryPrefix"]))
        upstream = self._upstreams.repository(bearer.account, host, wanted)
        if upstream is None or not self._has_credentials(bearer, rule):
            raise AWSError(
                "DENIED",
                "The authentication to the upstream registry failed. Verify that the credentials provided in "
                "the pull through cache rule are correct, and try again.",
                403,
            )
        return upstream

    def _has_credentials(self, bearer: Bearer, rule: Rule) -> bool:
        """Whether the rule's secret, if it has one, is a user's name and token."""
        if "credentialArn" not in rule:
            return True
        try:
            secret = self._client("secretsmanager", bearer).get_secret_value(SecretId=rule["credentialArn"])
            content = json.loads(secret["SecretString"])
        except (ClientError, KeyError, ValueError):
            return False
        return isinstance(content, dict) and content.keys() >= CREDENTIALS

    def _make_repository(self, bearer: Bearer, name: str) -> None:
        """A repository that is missing has ECR's defaults."""
        try:
            self._images.repository(bearer, name)
        except AWSError:
            if not may(self._clients, bearer, CREATE, name):
                raise
            self._client("ecr", bearer).create_repository(repositoryName=name)

    def _take(
        self,
        bearer: Bearer,
        name: str,
        tag: str | None,
        upstream: Upstream,
        manifest: bytes,
        media_type: str,
    ) -> str:
        """Store an image, after those that it is an index of, as if it had been pushed."""
        if tag:
            self._images.check_tag(bearer, name, tag, manifest)
        for part in json.loads(manifest).get("manifests", []):
            if found := upstream.manifest(part["digest"]):
                self._take(bearer, name, None, upstream, *found)
        stored, digest = stored_name(bearer.account, bearer.region, name), digest_of(manifest)
        for layer in layers(manifest):
            upstream.give(layer, stored)
        if refusal := self._registry.put(stored, tag or digest, manifest, media_type):
            raise AWSError("UNAVAILABLE", f"The upstream's image is not whole: {refusal}", 503)
        self._images.record(bearer, name, tag, manifest, media_type)
        self._pushed(bearer, name, tag, manifest)
        return digest

    def _client(self, service: str, bearer: Bearer) -> Any:
        return self._clients.get(service, bearer.account, bearer.region)


def _beginning(prefix: str) -> str:
    """What a repository's name begins with: a slash is always taken to end the prefix.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
    """
    return "" if prefix == ROOT else f"{prefix.rstrip('/')}/"
