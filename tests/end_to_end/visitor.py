"""A person's visit to Notejam over HTTP: fills in forms as a browser does."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

import requests

PAUSE = 0.05  # seconds between two visits
TIMEOUT = 10  # seconds
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """One browser: keeps its cookies and sends each form with the token that its page carried."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()

    def get(self, path: str) -> str:
        """The page at `path`; fails on any status but 200."""
        answer = self.session.get(self.url + path, timeout=TIMEOUT)
        assert answer.status_code == 200, f"GET {path} answered {answer.status_code}"
        return answer.text

    def submit(self, path: str, **fields: str) -> str:
        """Open the form at `path`, send it with `fields` and give the page that follows."""
        token = _TOKEN.search(self.get(path))
        assert token, f"the page {path} has no form with a CSRF token"
        answer = self.session.post(
            self.url + path,
            data={"csrfmiddlewaretoken": token[1], **fields},
            headers={"Referer": self.url + path},
            timeout=TIMEOUT,
        )
        assert answer.status_code == 200, f"POST {path} led to {answer.status_code}"
        return answer.text


class Visits:
    """Visits one after the other, until the block is left; `outcomes` counts what they came to."""

    def __init__(self, visit: Callable[[], str]) -> None:
        self.outcomes: Counter[str] = Counter()
        self._visit = visit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.is_set():
            try:
                self.outcomes[self._visit()] += 1
            except (requests.RequestException, AssertionError) as error:
                self.outcomes[f"{type(error).__name__}: {error}"] += 1
            time.sleep(PAUSE)
