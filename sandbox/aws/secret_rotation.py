"""Secrets Manager's rotation at work: it calls the secret's function for each step, when asked and when due.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_how.html,
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

import logging
import threading
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Document, Documents
from sandbox.aws.errors import AWSError
from sandbox.aws.lambda_.invocations import Invocations
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

SERVICE = "secretsmanager"
SERVICE_PRINCIPAL = "secretsmanager.amazonaws.com"
JOB = "secret-rotation"  # a rotation that is under way
SCHEDULED = "secret-rotation-schedule"  # a secret that is rotated by itself
RETRY = "secret-rotation-retry"
WINDOW = "secret-rotation-window"  # until the next try after that
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
TEST_ONLY = ["testSecret"]
ATTEMPTS = 5  # AWS says "multiple times"
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
PAUSE = 0.5  # seconds between two rounds
NOT_COMPLETE = "A previous rotation isn't complete. That rotation will be reattempted."
NO_ACCESS = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
    "access to the principal secretsmanager.amazonaws.com."
)


class Rotations(Rounds):
    """Rotations under way, kept over restarts, each run by a thread of its own."""

    def __init__(
        self, documents: Documents, times: CreationTimes, clients: Clients, invocations: Invocations
    ) -> None:
        super().__init__("secret-rotation", PAUSE)
        self._documents = documents
        self._times = times
        self._clients = clients
        self._invocations = invocations
        self._running: dict[str, threading.Thread] = {}

    def handlers(self) -> Handlers:
        return {
            (SERVICE, "RotateSecret"): self.rotate,
            (SERVICE, "CancelRotateSecret"): self.cancel,
        }

    def rotate(self, call: Call) -> Result:
        asked = call.parameters
        try:
            secret = call.client(SERVICE).describe_secret(SecretId=asked["SecretId"])
        except ClientError:
            return call.forward()  # no such secret: said by the emulator
        key = secret["ARN"]
        pending = pending_version(secret)
        token = asked.get("ClientRequestToken")
        if pending and pending != token and not secret.get("DeletedDate"):
            self._attempt_again(call.account, call.region, secret, pending)
            raise AWSError("InvalidRequestException", NOT_COMPLETE, 400)
        function = asked.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
        is_primary = secret.get("PrimaryRegion", call.region) == call.region
        if function and is_primary and not secret.get("DeletedDate"):
            self._check_access(function, call.account, key)
        result = call.forward()
        where = {"account": call.account, "region": call.region, "secret": key}
        self._documents.put(SCHEDULED, key, where)
        if pending_version(call.client(SERVICE).describe_secret(SecretId=key)) == result["VersionId"]:
            immediately = asked.get("RotateImmediately")
            steps = STEPS if immediately is None or immediately else TEST_ONLY
            self._begin(where, result["VersionId"], steps)
        return result

    def cancel(self, call: Call) -> Result:
        result = call.forward()
        self._documents.delete(SCHEDULED, result["ARN"])
        self._documents.delete(JOB, result["ARN"])
        return result

    def step(self) -> None:
        """One round: begin what is due by its schedule, and run what is under way to its end."""
        self._begin_due()
        for key, job in self._documents.all(JOB).items():
            if passed(job["due_at"]):
                self._advance(key, job)

    def _round(self) -> None:
        """A step whose functions run side by side; what `stop` interrupts begins again at a restart."""
        try:
            self._begin_due()
        except Exception:
            log.exception("The schedules of secrets cannot be looked at")
        self._running = {key: thread for key, thread in self._running.items() if thread.is_alive()}
        for key, job in self._documents.all(JOB).items():
            if key not in self._running and passed(job["due_at"]):
                thread = threading.Thread(target=self._advance, args=(key, job), daemon=True)
                self._running[key] = thread
                thread.start()

    def _check_access(self, function: str, account: str, secret: str) -> None:
        try:
            self._invocations.let_in(SERVICE_PRINCIPAL, function, account, secret)
        except AWSError:
            raise AWSError("AccessDeniedException", NO_ACCESS, 400) from None

    def _begin(self, where: Document, token: str, steps: list[str]) -> None:
        job = {**where, "token": token, "steps": steps, "attempts": 0, "due_at": clock.now()}
        self._documents.put(JOB, where["secret"], job)

    def _attempt_again(self, account: str, region: str, secret: dict[str, Any], pending: str) -> None:
        """Asked for another rotation, Secrets Manager goes on with the one that is not complete."""
        key = secret["ARN"]
        job = self._documents.get(JOB, key)
        if job is None:
            self._begin({"account": account, "region": region, "secret": key}, pending, STEPS)
        else:
            self._documents.put(JOB, key, {**job, "attempts": 0, "due_at": clock.now()})

    def _begin_due(self) -> None:
        for key, where in self._documents.all(SCHEDULED).items():
            client = self._clients.get(SERVICE, where["account"], where["region"])
            try:
                secret = client.describe_secret(SecretId=key)
            except ClientError:
                self._documents.delete(SCHEDULED, key)  # the secret is gone
                continue
            due = secret.get("NextRotationDate")
            if not due or "DeletedDate" in secret or not passed(due.timestamp()):
                continue
            if pending := pending_version(secret):
                if self._documents.get(JOB, key) is None:
                    self._attempt_again(where["account"], where["region"], secret, pending)
                continue
            self._begin(where, client.rotate_secret(SecretId=key)["VersionId"], STEPS)

    def _advance(self, key: str, job: Document) -> None:
        """Call the function for each step; what fails is attempted again from the first step, a few times."""
        try:
            for step in job["steps"]:
                self._call(job, step)
            self._check_end(job)
        except (AWSError, ClientError, OSError) as error:
            log.warning("The rotation of %s is not complete: %s", key, error)
            self._fail(key, job)
        except Exception:
            log.exception("The rotation of %s is not complete", key)
            self._fail(key, job)
        else:
            self._forget(key, job)

    def _call(self, job: Document, step: str) -> None:
        secret = self._client(job).describe_secret(SecretId=job["secret"])
        event = {"Step": step, "SecretId": job["secret"], "ClientRequestToken": job["token"]}
        outcome = self._invocations.invoke_for(
            SERVICE_PRINCIPAL, secret["RotationLambdaARN"], job["account"], job["secret"], event
        )
        if outcome.error:
            raise AWSError("RotationFailed", f"{step}: {outcome.payload}")

    def _check_end(self, job: Document) -> None:
        """After the last step the version is the current one; after a test alone, its label is taken away."""
        client = self._client(job)
        secret = client.describe_secret(SecretId=job["secret"])
        if job["steps"] == TEST_ONLY:
            self._take_label(client, job, secret)
        elif CURRENT not in secret.get("VersionIdsToStages", {}).get(job["token"], []):
            raise AWSError("RotationFailed", f"finishSecret did not make {job['token']} {CURRENT}")

    def _fail(self, key: str, job: Document) -> None:
        """A test alone is not attempted again; a rotation is, a few times, and then in the next window."""
        if job["steps"] == TEST_ONLY:
            client = self._client(job)
            self._take_label(client, job, client.describe_secret(SecretId=key))
            self._forget(key, job)
            return
        attempts = (job["attempts"] + 1) % ATTEMPTS
        again = {"attempts": attempts, "due_at": self._times.done_at(RETRY if attempts else WINDOW)}
        with self._documents.transaction():
            current = self._documents.get(JOB, key)
            # What was asked for meanwhile is attempted at once.
            if current and (current["token"], current["due_at"]) == (job["token"], job["due_at"]):
                self._documents.put(JOB, key, {**current, **again})

    def _forget(self, key: str, job: Document) -> None:
        with self._documents.transaction():
            current = self._documents.get(JOB, key)
            if current and current["token"] == job["token"]:
                self._documents.delete(JOB, key)

    def _take_label(self, client: Any, job: Document, secret: dict[str, Any]) -> None:
        if PENDING in secret.get("VersionIdsToStages", {}).get(job["token"], []):
            client.update_secret_version_stage(
                SecretId=job["secret"], VersionStage=PENDING, RemoveFromVersionId=job["token"]
            )

    def _client(self, job: Document) -> Any:
        return self._clients.get(SERVICE, job["account"], job["region"])


def pending_version(secret: dict[str, Any]) -> str | None:
    """The version of a rotation that is not complete."""
    stages = secret.get("VersionIdsToStages", {})
    return next((v for v, labels in stages.items() if PENDING in labels and CURRENT not in labels), None)
