"""Refusals of the emulated AWS: each becomes an error response in the protocol of the service that was
called.
"""

from typing import Any


class AWSError(Exception):
    """An error as AWS answers it.

    `code` and `message` are what a client sees; `status` is the HTTP status, by default the service model's;
    further keywords are the members of the error's shape in the service model (e.g. `clusterName`).
    """

    def __init__(self, code: str, message: str, status: int | None = None, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        for name, value in members.items():
            setattr(self, name, value)


class NotImplementedByEmulator(AWSError):
    """The operation exists on AWS and nothing here serves it: said loudly, so that no test passes by
    accident.
    """

    def __init__(self, service: str, operation: str, detail: str = "") -> None:
        super().__init__(
            "NotImplemented",
            f"The sandbox does not emulate {service}:{operation}. Nothing was done. {detail}".rstrip(),
            status=501,
        )
