"""What the emulated AWS does by itself, again and again."""

import abc
import logging
import threading

log = logging.getLogger(__name__)


class Rounds(abc.ABC):
    """A thread of its own takes a step, pauses, and takes the next; a step that fails ends none after it.

    `name` is the thread's, `pause` in seconds. A test takes the steps itself, and starts no thread.
    """

    def __init__(self, name: str, pause: float) -> None:
        self._name = name
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abc.abstractmethod
    def step(self) -> object:
        """One round."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the round under way is over."""
        self._stop.set()
        self._thread.join()

    def _round(self) -> None:
        """What the thread does of a step."""
        self.step()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                self._round()
            except Exception:
                log.exception("A round of %s failed; the next one comes", self._name)
