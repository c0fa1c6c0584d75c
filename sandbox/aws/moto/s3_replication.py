"""S3's replication in moto: which versions await it, the copies, and the status that an object tells.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html,
replication-add-config.html and replication-status.html there.
"""

import copy
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlparse

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response

from sandbox.aws import clock
from sandbox.aws.moto.service_access import as_list
from sandbox.aws.patching import add, replace
from sandbox.aws.s3_access import OUTCOME

PENDING, COMPLETED, FAILED, REPLICA = "PENDING", "COMPLETED", "FAILED", "REPLICA"
Rule = dict[str, Any]


@dataclass(frozen=True)
class Awaited:
    """A version that rules apply to, as both were when it was made at `since` (seconds since the epoch)."""

    account: str
    region: str
    bucket: str
    name: str
    version_id: str
    since: float
    role: str
    rules: list[Rule]
    version: Any = field(repr=False)

    @property
    def is_delete_marker(self) -> bool:
        return isinstance(self.version, FakeDeleteMarker)


@dataclass(frozen=True)
class Destination:
    """A bucket of the account as it is now."""

    region: str
    is_versioned: bool
    has_object_lock: bool


def install() -> None:
    """Patch moto, once in a process."""
    made: list[FakeKey] = []
    _notice_objects(made)
    _notice_delete_markers()
    _serve(made)
    _tell_status()


def awaited() -> list[Awaited]:
    """All versions of all accounts that are not replicated yet, in the order in which they were made."""
    found = [
        one
        for backends in list(s3_backends.values())
        for backend in list(backends.values())
        for bucket in list(backend.buckets.values())
        for one in _awaited(bucket)
    ]
    return sorted(found, key=lambda one: one.since)


def destination(account: str, name: str) -> Destination | None:
    """The account's bucket of this name."""
    bucket = s3_backends[account]["aws"].buckets.get(name)
    if bucket is None:
        return None
    return Destination(bucket.region_name, bucket.is_versioned, bool(bucket.object_lock_enabled))


def has_tags(one: Awaited) -> bool:
    return bool(_tags(s3_backends[one.account]["aws"], one.version))


def _notice_objects(made: list[FakeKey]) -> None:
    original = S3Backend.put_object

    def put_object(self: Any, *args: Any, **kwargs: Any) -> Any:
        key = original(self, *args, **kwargs)
        made.append(key)
        return key

    def copy_to(self: Any, version: FakeKey, wanted: dict[str, Any]) -> None:
        bucket = self.buckets[wanted["bucket"]]
        mode, until = version.lock_mode, version.lock_until
        if not mode and bucket.has_default_lock:
            mode, until = bucket.default_lock_mode, bucket.default_retention()
        replica = original(
            self,
            bucket.name,
            version.name,
            version.value,
            storage=wanted["storage_class"] or version.storage_class,
            etag=version._etag,
            multipart=version.multipart,
            encryption=version.encryption,
            kms_key_id=wanted["kms_key"],
            bucket_key_enabled=version.bucket_key_enabled,
            lock_mode=mode,
            lock_legal_status=version.lock_legal_status,
            lock_until=until,
            checksum_value=version.checksum_value,
            disable_notification=True,
        )
        replica._version_id = version.version_id
        replica._metadata = copy.copy(version._metadata)
        for name in (
            "last_modified",
            "acl",
            "website_redirect_location",
            "checksum_algorithm",
            "checksum_type",
            "checksum_parts",
        ):
            setattr(replica, name, getattr(version, name))
        self.tagger.copy_tags(version.arn, replica.arn)
        vars(replica)["replication_status"] = REPLICA

    replace(S3Backend, "put_object", put_object)
    add(S3Backend, "replicate_object", copy_to)


def _notice_delete_markers() -> None:
    original = S3Backend._set_delete_marker

    def _set_delete_marker(self: Any, bucket_name: str, key_name: str) -> Any:
        marker = original(self, bucket_name, key_name)
        _await(self, self.get_bucket(bucket_name), marker)
        return marker

    replace(S3Backend, "_set_delete_marker", _set_delete_marker)


def _serve(made: list[FakeKey]) -> None:
    original = S3Response._key_response

    def _key_response(self: Any, request: Any, full_url: str) -> Any:
        query = parse_qs(urlparse(full_url).query, keep_blank_values=True)
        if OUTCOME in query:
            bucket = self.backend.get_bucket(self.parse_bucket_name_from_url(request, full_url))
            _settle(self.backend, bucket, self.parse_key_name(), json.loads(self.body))
            return 200, {}, ""
        made.clear()
        response = original(self, request, full_url)
        for key in made:  # now that it has its tags
            _await(self.backend, self.backend.get_bucket(key.bucket_name), key)
        return response

    replace(S3Response, "_key_response", _key_response)


def _tell_status() -> None:
    original = FakeKey.response_dict.fget  # type: ignore[attr-defined]

    def response_dict(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = original(self)
        status = getattr(self, "replication_status", None)
        return told | {"x-amz-replication-status": status} if status else told

    replace(FakeKey, "response_dict", property(response_dict))


def _await(backend: Any, bucket: FakeBucket, version: Any) -> None:
    """Rules apply to what is made while they are there, and not to replicas."""
    configuration = getattr(bucket, "replication", None)
    if not configuration or not bucket.is_versioned:
        return
    tags = _tags(backend, version)
    best: dict[str, Rule] = {}
    # Of two rules for one destination, the one of the higher priority counts.
    for rule in sorted(as_list(configuration["Rule"]), key=lambda each: int(each.get("Priority") or 0)):
        if rule["Status"] == "Enabled" and _applies(rule, version, tags):
            best[rule["Destination"]["Bucket"]] = rule
    if not best:
        return
    version.replication_status = PENDING
    one = Awaited(
        backend.account_id,
        bucket.region_name,
        bucket.name,
        version.name,
        version.version_id,
        clock.now(),
        configuration["Role"],
        list(best.values()),
        version,
    )
    _awaited(bucket).append(one)


def _applies(rule: Rule, version: Any, tags: dict[str, str]) -> bool:
    if not _matches(rule, version.name, tags):
        return False
    if isinstance(version, FakeDeleteMarker):
        # Rules of the first version of the schema, those without a Filter, replicate delete markers.
        return "Filter" not in rule or _is_enabled(rule.get("DeleteMarkerReplication"))
    if (version.encryption or "").startswith("aws:kms"):
        criteria = rule.get("SourceSelectionCriteria") or {}
        return _is_enabled(criteria.get("SseKmsEncryptedObjects"))
    return True


def _matches(rule: Rule, name: str, tags: dict[str, str]) -> bool:
    given = rule.get("Filter") or {"Prefix": rule.get("Prefix")}
    given = given.get("And") or given
    return name.startswith(given.get("Prefix") or "") and all(
        tags.get(tag["Key"]) == (tag.get("Value") or "") for tag in as_list(given.get("Tag"))
    )


def _is_enabled(element: dict[str, str] | None) -> bool:
    return (element or {}).get("Status") == "Enabled"


def _settle(backend: Any, bucket: FakeBucket, name: str, outcome: dict[str, Any]) -> None:
    """Make the copies and say how it went; a version that is gone meanwhile is not copied."""
    waiting = _awaited(bucket)
    waiting[:] = [one for one in waiting if (one.name, one.version_id) != (name, outcome["version_id"])]
    for version in bucket.keys.getlist(name, []):
        if version.version_id != outcome["version_id"]:
            continue
        for wanted in outcome["copies"]:
            _copy(backend, version, wanted)
        version.replication_status = outcome["status"]


def _copy(backend: Any, version: Any, wanted: dict[str, Any]) -> None:
    bucket = backend.buckets.get(wanted["bucket"])
    if bucket is None:
        return
    there = bucket.keys.getlist(version.name, [])
    if any(each.version_id == version.version_id for each in there):
        return
    if not isinstance(version, FakeDeleteMarker):
        backend.replicate_object(version, wanted)
        return
    marker = FakeDeleteMarker(key=there[-1] if there else version.key)
    marker._version_id = version.version_id
    marker.last_modified = version.last_modified
    bucket.keys[version.name] = marker


def _awaited(bucket: Any) -> list[Awaited]:
    found: list[Awaited] = bucket.__dict__.setdefault("awaiting_replication", [])
    return found


def _tags(backend: Any, version: Any) -> dict[str, str]:
    if isinstance(version, FakeDeleteMarker):
        return {}
    return dict(backend.tagger.get_tag_dict_for_resource(version.arn))
