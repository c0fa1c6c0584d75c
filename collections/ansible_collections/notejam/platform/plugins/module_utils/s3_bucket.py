# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An S3 bucket with those of its configurations that a task declares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, State
from ansible_collections.notejam.platform.plugins.module_utils.s3_configurations import CONFIGURATIONS
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# A bucket just made or deleted is not seen at once by every call:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
UNSETTLED = ["NoSuchBucket", "OperationAborted"]
# us-east-1 is the one region that is not named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
UNNAMED_REGION = "us-east-1"
DELETED_AT_ONCE = 1000


class S3Bucket(Resource):
    """A general purpose bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html."""

    name = "s3_bucket"
    comparisons: ClassVar = {key: each.holds for key, each in CONFIGURATIONS.items()}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.s3 = self.client("s3")
        self._tags: dict[str, str] | None = None

    def desired(self) -> State:
        # Its ARN follows from its name, so a plan can give it to others.
        arn = f"arn:{self.s3.meta.partition}:s3:::{self.identity}"
        return {"name": self.identity, "arn": arn, **self.declared(*CONFIGURATIONS, "tags")}

    def describe(self) -> State | None:
        try:
            region = self.s3.head_bucket(Bucket=self.identity)["BucketRegion"]
        except is_boto3_error_code("404"):
            return None
        except is_boto3_error_code("403"):
            raise AnsibleAWSError(
                message=f"s3_bucket {self.identity} is another account's, or its policy keeps this caller "
                "out. Bucket names are shared by all accounts: choose another name."
            ) from None
        except is_boto3_error_code("301"):
            raise AnsibleAWSError(
                message=f"s3_bucket {self.identity} is in another region than {self.s3.meta.region_name}."
            ) from None
        found = {
            "name": self.identity,
            "arn": f"arn:{self.s3.meta.partition}:s3:::{self.identity}",
            "region": region,
        }
        for key, configuration in CONFIGURATIONS.items():
            if self.params[key] is not None:
                found[key] = configuration.read(self.s3, self.identity)
        return {**found, "tags": self._read_tags()}

    def create(self, desired: State) -> None:
        region = self.s3.meta.region_name
        where = (
            {} if region == UNNAMED_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        ownership = {"ObjectOwnership": desired["object_ownership"]} if "object_ownership" in desired else {}
        locked = {"ObjectLockEnabledForBucket": True} if "object_lock" in desired else {}
        self.s3.create_bucket(Bucket=self.identity, **where, **ownership, **locked)
        self._configure(desired)
        if desired.get("tags"):
            self._put_tags(desired["tags"])

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        self._configure({key: new for key, (_old, new) in changes.items()})

    def retained(self, current: State) -> str | None:
        if until := self._locked_until():
            return f"it holds objects that Object Lock protects, the last until {until}"
        if not self.params["force"] and next(self._versions(), None):
            return "it holds objects; force deletes them with it"
        return None

    def delete(self, current: State) -> None:
        doomed = list(self._versions())
        for start in range(0, len(doomed), DELETED_AT_ONCE):
            answer = self.s3.delete_objects(
                Bucket=self.identity,
                Delete={"Objects": doomed[start : start + DELETED_AT_ONCE], "Quiet": True},
            )
            for error in answer.get("Errors", []):
                raise AnsibleAWSError(
                    message=f"s3_bucket {self.identity}: {error['Key']} cannot be deleted: {error['Message']}"
                )
        self.s3.delete_bucket(Bucket=self.identity)

    def tag(self, current: State, tags: dict[str, str]) -> None:
        self._put_tags({**(self._tags or current["tags"]), **tags})

    def untag(self, current: State, keys: list[str]) -> None:
        tags = self._tags or current["tags"]
        self._put_tags({key: value for key, value in tags.items() if key not in keys})

    def _configure(self, values: State) -> None:
        for key, configuration in CONFIGURATIONS.items():
            if key in values:
                put = AWSRetry.jittered_backoff(retries=8, catch_extra_error_codes=UNSETTLED)(
                    configuration.write
                )
                put(self.s3, self.identity, values[key])

    def _read_tags(self) -> dict[str, str]:
        try:
            return as_dict(self.s3.get_bucket_tagging(Bucket=self.identity)["TagSet"])
        except is_boto3_error_code("NoSuchTagSet"):
            return {}

    @AWSRetry.jittered_backoff(retries=8, catch_extra_error_codes=UNSETTLED)
    def _put_tags(self, tags: dict[str, str]) -> None:
        """Replace the bucket's tags, which S3 only takes as a whole."""
        self._tags = tags
        if tags:
            self.s3.put_bucket_tagging(Bucket=self.identity, Tagging={"TagSet": as_list(tags)})
        else:
            self.s3.delete_bucket_tagging(Bucket=self.identity)

    def _versions(self) -> Iterator[dict[str, str]]:
        """Every version and delete marker in the bucket, by key and version id."""
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.identity):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield {"Key": version["Key"], "VersionId": version["VersionId"]}

    def _locked_until(self) -> str | None:
        """Until when Object Lock protects an object of the bucket, the latest; None when it protects none."""
        try:
            self.s3.get_object_lock_configuration(Bucket=self.identity)
        except is_boto3_error_code("ObjectLockConfigurationNotFoundError"):
            return None
        latest: datetime | None = None
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.identity):
            for version in page.get("Versions", []):
                head = self.s3.head_object(
                    Bucket=self.identity, Key=version["Key"], VersionId=version["VersionId"]
                )
                if head.get("ObjectLockLegalHoldStatus") == "ON":
                    return "their legal hold is lifted"
                until = head.get("ObjectLockRetainUntilDate")
                if until and until > datetime.now(UTC) and (latest is None or until > latest):
                    latest = until
        return None if latest is None else latest.isoformat(timespec="seconds")
