"""AWS Lambda put together: the handlers of its operations, and invocations for other services."""

from functools import partial
from pathlib import Path

from sandbox.aws.calls import Call, Handler, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.lambda_.functions import Configurations
from sandbox.aws.lambda_.interfaces import Interfaces
from sandbox.aws.lambda_.invocations import Invocations
from sandbox.aws.lambda_.permissions import Permissions
from sandbox.aws.lambda_.records import Functions
from sandbox.aws.lambda_.runtime import Runtime
from sandbox.aws.principals import Principals


class Lambda:
    """`folder` holds the functions' code and the processes' files; `endpoint_url` is what functions call."""

    def __init__(
        self,
        documents: Documents,
        times: CreationTimes,
        clients: Clients,
        principals: Principals,
        folder: Path,
        endpoint_url: str,
    ) -> None:
        self.functions = Functions(documents, folder / "code")
        self.invocations = Invocations(self.functions, Runtime(folder), clients, principals, endpoint_url)
        self.interfaces = Interfaces(documents, times, clients)
        self._configurations = Configurations(self.functions, times, self.interfaces)
        self._permissions = Permissions(self.functions)

    def handlers(self) -> Handlers:
        kept = self._configurations.handlers() | self._permissions.handlers()
        whole = {name: partial(self._whole, handler) for name, handler in kept.items()}
        return whole | self.invocations.handlers()

    def _whole(self, handler: Handler, call: Call) -> Result:
        """A call is done whole or not at all; an invocation, which calls back, holds nothing up."""
        with self.functions.transaction():
            return handler(call)
