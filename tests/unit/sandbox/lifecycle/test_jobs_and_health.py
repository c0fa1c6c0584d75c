"""Jobs beside site.yml, how far they are and why they fail; and whether what is served answers."""

import http.server
import io
import json
import sys
import threading
import time

import pytest
from rich.console import Console

from sandbox import supervisor
from sandbox.errors import SandboxError
from sandbox.health import Check
from sandbox.jobs import Job, ToolBuild
from sandbox.processes import Processes, Program
from sandbox.progress import Progress
from sandbox.toolchain.build import STATE_FILE


@pytest.fixture
def processes(make_settings):
    settings = make_settings()
    settings.save()
    supervisor.ensure(settings)
    yield Processes(settings)
    supervisor.stop(settings)


@pytest.fixture
def progress():
    return Progress(Console(file=io.StringIO()))


def job(name, script):
    return Program(name, [sys.executable, "-c", script], autorestart=False)


def follow(followed):
    while followed.running():
        time.sleep(0.1)


def test_a_job_that_ends_well_ends_its_step(processes, progress):
    followed = Job(processes, job("image", "print('pushed')"), progress.begin("Image"))
    follow(followed)
    assert followed.step.seconds is not None


def test_a_job_that_fails_shows_its_last_lines_and_its_log(processes, progress):
    script = "import sys; print('reading'); sys.exit('the registry refuses')"
    followed = Job(processes, job("image", script), progress.begin("Image"))
    with pytest.raises(SandboxError, match=r"(?s)Image failed \(log: .*image\.log\):.*the registry refuses"):
        follow(followed)


def test_the_build_of_the_tools_tells_how_far_each_one_is(processes, progress, make_settings):
    state = {
        "etcd": {"version": "3.6.6", "state": "built", "seconds": 35.0},
        "kubernetes": {"version": "1.35.4", "state": "building", "done": 812, "total": 2683},
        "flux": {"version": "1.9.1", "state": "waiting"},
    }
    (make_settings().folder / STATE_FILE).write_text(json.dumps(state))
    build = ToolBuild(processes, job("tools", "pass"), progress.begin("Tools"))
    assert build.detail() == "1 of 3 built, kubernetes 1.35.4 812/2683 packages"
    follow(build)
    assert {"step": "Tools: etcd 3.6.6", "seconds": 35.0} in progress.timings()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthy" else 503)
        self.end_headers()

    def log_message(self, *_arguments):
        """Nothing: the test's own output stays readable."""


@pytest.fixture
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_answers_is_healthy_even_behind_a_proxy(url, make_settings, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Check("It", url, "/healthy").failure(make_settings()) is None


def test_what_answers_with_an_error_or_not_at_all_is_not_healthy(url, make_settings):
    assert Check("It", url, "/broken").failure(make_settings()) == "answers 503"
    assert "refused" in (Check("It", "http://127.0.0.1:9", "/").failure(make_settings()) or "")
