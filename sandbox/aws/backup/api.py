"""AWS Backup put together: the handlers of all its operations."""

from functools import partial

from sandbox.aws.backup.jobs import Jobs
from sandbox.aws.backup.plans import Plans
from sandbox.aws.backup.records import Records
from sandbox.aws.backup.tags import Tags
from sandbox.aws.backup.vaults import Vaults
from sandbox.aws.calls import Call, Handler, Handlers, Result
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.rds.records import Records as DatabaseRecords


class Backup:
    def __init__(self, documents: Documents, times: CreationTimes) -> None:
        self._records = Records(documents)
        self._vaults = Vaults(self._records)
        self._plans = Plans(self._records)
        self._jobs = Jobs(self._records, self._vaults, times, DatabaseRecords(documents))
        self._tags = Tags(self._records)

    def handlers(self) -> Handlers:
        found = (
            self._vaults.handlers() | self._plans.handlers() | self._jobs.handlers() | self._tags.handlers()
        )
        return {name: partial(self._whole, handler) for name, handler in found.items()}

    def _whole(self, handler: Handler, call: Call) -> Result:
        """A call is done whole or not at all."""
        with self._records.transaction():
            return handler(call)
