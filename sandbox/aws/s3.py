"""S3's replication configurations, kept whole, and the bucket policies and replications that S3 refuses.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html,
API_PutBucketPolicy.html there, and https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
"""

import json

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.documents import Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request

REPLICATION = "s3-replication"
ARN = "arn:aws:s3:::"


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
        headers = {name: call.request.headers[name] for name in ("host", "authorization")}
        asked = Request("GET", f"/{arn.removeprefix(ARN)}", "versioning", headers)
        answer = call.emulator.send(asked, call.account, "s3", "GetBucketVersioning")
        if b"<Status>Enabled</Status>" not in answer.body:
            raise AWSError("InvalidRequest", "Destination bucket must have versioning enabled.", 400)

    def _key(self, call: Call) -> str:
        return f"{call.account}\n{call.parameters['Bucket']}"
