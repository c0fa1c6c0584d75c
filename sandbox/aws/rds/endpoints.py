"""Reader endpoints: addresses of clusters, behind which a reader, each time another, takes the connection.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

Address = tuple[str, int]
CHUNK = 65536  # bytes
CONNECT_SECONDS = 5


class Endpoints:
    """Listens on each endpoint, in a thread of its own, and carries bytes to and from a server."""

    def __init__(self) -> None:
        self._readers: dict[Address, list[str]] = {}
        self._turns: dict[Address, int] = {}
        self._servers: dict[Address, asyncio.Server] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def serve(self, readers: Mapping[Address, Sequence[str]]) -> None:
        """Have these endpoints and no others; an endpoint without readers refuses connections."""
        wanted = {endpoint: list(each) for endpoint, each in readers.items() if each}
        if not wanted and self._loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._serve(wanted), self._running()).result()

    def close(self) -> None:
        """Stop listening, and end what is connected."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._serve({}), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="rds-endpoints", daemon=True)
            self._thread.start()
        return self._loop

    async def _serve(self, wanted: dict[Address, list[str]]) -> None:
        self._readers = wanted
        for endpoint in self._servers.keys() - wanted.keys():
            self._servers.pop(endpoint).close()
        for endpoint in wanted.keys() - self._servers.keys():
            try:
                self._servers[endpoint] = await asyncio.start_server(self._carry_to(endpoint), *endpoint)
            except OSError as error:
                log.warning("The reader endpoint %s:%d is not served: %s", *endpoint, error)

    def _carry_to(self, endpoint: Address):  # type: ignore[no-untyped-def]
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                opened = await self._open(endpoint)
                if opened is not None:
                    await asyncio.gather(_pipe(reader, opened[1]), _pipe(opened[0], writer))
            writer.close()

        return carry

    async def _open(self, endpoint: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the reader whose turn it is, or to the next one that takes it."""
        readers = self._readers.get(endpoint, [])
        turn = self._turns[endpoint] = self._turns.get(endpoint, -1) + 1
        for number in range(len(readers)):
            address = readers[(turn + number) % len(readers)]
            with contextlib.suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection(address, endpoint[1]), CONNECT_SECONDS)
        return None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until one side is closed; then close the other."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
