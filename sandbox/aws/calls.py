"""One call of an operation, as the handlers that the gateway puts before the emulator get it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.aws.clients import Clients
from sandbox.aws.emulator import Emulator
from sandbox.aws.http import Request
from sandbox.aws.principals import Principal
from sandbox.aws.protocol import Operation, parse, read

Result = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """Who calls which operation where; `parameters` are named as in the service model."""

    operation: Operation
    request: Request
    principal: Principal
    region: str
    emulator: Emulator = field(repr=False)
    clients: Clients = field(repr=False)

    @property
    def account(self) -> str:
        return self.principal.account

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return parse(self.operation, self.request)

    def forward(self) -> Result:
        """The emulator's result. Raises AWSError with the error that the emulator answers."""
        response = self.emulator.send(self.request, self.account, self.operation.service, self.operation.name)
        return read(self.operation, response)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of the emulator in the caller's account, and in the call's region unless said."""
        return self.clients.get(service, self.account, region or self.region)


Handler = Callable[[Call], Result]
# By botocore's service name and the operation.
Handlers = dict[tuple[str, str], Handler]
