"""A person's visit to Notejam over HTTP: fills in forms as a browser does."""

from __future__ import annotations

import re

import requests

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
