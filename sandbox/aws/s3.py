"""S3's replication configurations, kept whole, and the bucket policies and replications that S3 refuses.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html,
API_PutBucketPolicy.html there, https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html and
replication-add-config.html there
"""

import json

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request, Response

REPLICATION = "s3-replication"
ARN = "arn:aws:s3:::"
SCHEMA = (
    "this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)


class S3:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def handlers(self) -> Handlers:
        return {
            ("s3", "PutBucketPolicy"): self.put_bucket_policy,
            ("s3", "PutBucketReplication"): self.put_bucket_replication,
            ("s3", "GetBucketReplication"): self.get_bucket_replication,
        }

    def put_bucket_policy(self, call: Call) -> Result:
        try:
            policy = json.loads(call.parameters["Policy"])
            statements = policy["Statement"]
            statements = [statements] if isinstance(statements, dict) else statements
            whole = all({"Effect", "Principal", "Action", "Resource"} <= each.keys() for each in statements)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AWSError("MalformedPolicy", "Policies must be valid JSON with statements", 400) from None
        if not whole:
            raise AWSError("MalformedPolicy", "Missing required field in a statement", 400)
        call.forward()
        return {}

    def put_bucket_replication(self, call: Call) -> Result:
        configuration = call.parameters["ReplicationConfiguration"]
        for rule in configuration["Rules"]:
            check_rule(rule)
            self._check_destination(call, rule["Destination"]["Bucket"])
        call.forward()
        self._documents.put(REPLICATION, self._key(call), configuration)
        return {}

    def get_bucket_replication(self, call: Call) -> Result:
        result = call.forward()  # it knows whether there is one
        kept = self._documents.get(REPLICATION, self._key(call))
        return {"ReplicationConfiguration": kept} if kept else result

    def _check_destination(self, call: Call, arn: str) -> None:
        """Both buckets need versioning, so the destination is there before the replication."""
        source, destination = call.parameters["Bucket"], arn.removeprefix(ARN)
        if source == destination:
            raise invalid("Destination bucket cannot be the same as the source bucket.")
        answer = _ask(call, destination, "versioning", "GetBucketVersioning")
        if answer.status == 404:
            raise invalid("Destination bucket must exist.")
        if b"<Status>Enabled</Status>" not in answer.body:
            raise invalid("Destination bucket must have versioning enabled.")
        if _has_object_lock(call, source) and not _has_object_lock(call, destination):
            raise invalid("Destination bucket must have Object Lock enabled, as the source bucket has.")

    def _key(self, call: Call) -> str:
        return f"{call.account}\n{call.parameters['Bucket']}"


def check_rule(rule: Result) -> None:
    """A rule with a Filter is of the second version of the schema, one without it of the first."""
    for name in ("Priority", "DeleteMarkerReplication"):
        if "Filter" in rule and name not in rule:
            raise invalid(f"{name} must be specified for {SCHEMA}")
        if "Filter" not in rule and name in rule:
            raise invalid(f"{name} cannot be used for {SCHEMA}")
    given = rule.get("Filter") or {}
    has_tags = "Tag" in given or (given.get("And") or {}).get("Tags")
    if has_tags and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
        raise invalid("Delete marker replication is not supported if any Tag filter is specified.")
    criteria = rule.get("SourceSelectionCriteria") or {}
    encrypted = (criteria.get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    if encrypted and not (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID"):
        raise invalid("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")


def invalid(message: str) -> AWSError:
    return AWSError("InvalidRequest", message, 400)


def _has_object_lock(call: Call, bucket: str) -> bool:
    answer = _ask(call, bucket, "object-lock", "GetObjectLockConfiguration")
    return b"<ObjectLockEnabled>Enabled<" in answer.body


def _ask(call: Call, bucket: str, about: str, operation: str) -> Response:
    headers = {name: call.request.headers[name] for name in ("host", "authorization")}
    return call.emulator.send(Request("GET", f"/{bucket}", about, headers), call.account, "s3", operation)
