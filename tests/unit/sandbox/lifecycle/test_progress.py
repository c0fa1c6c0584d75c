"""What a person sees of a long command, and what is kept of its times."""

import io

import pytest
from rich.console import Console

from sandbox.progress import Progress


@pytest.fixture
def screen():
    return io.StringIO()


def shown(screen, **options):
    return Progress(Console(file=screen, soft_wrap=True, **options))


@pytest.mark.parametrize("options", [{}, {"force_terminal": True}])
def test_a_step_is_shown_with_its_result_on_a_terminal_and_in_a_log(screen, options):
    with shown(screen, **options) as progress, progress.step("Network") as step:
        step.show("bridge njs0")
    assert "✓ Network: bridge njs0" in screen.getvalue()


def test_a_failed_step_says_so_and_the_error_goes_on(screen):
    with pytest.raises(OSError, match="boom"), shown(screen) as progress, progress.step("Network"):
        raise OSError("boom")
    assert "✗ Network" in screen.getvalue()
    assert "✓ Network" not in screen.getvalue()


def test_a_step_that_was_never_ended_counts_as_failed(screen):
    with shown(screen) as progress:
        progress.begin("Tools")
    assert "✗ Tools" in screen.getvalue()
    assert [timing["step"] for timing in progress.timings()] == ["Tools"]


def test_the_times_hold_overlapping_steps_and_parts_of_steps(screen):
    with shown(screen) as progress:
        tools = progress.begin("Tools")
        with progress.step("site.yml"):
            progress.record("site.yml: network", 3.21)
        tools.end()
    assert [timing["step"] for timing in progress.timings()] == ["Tools", "site.yml", "site.yml: network"]
    assert progress.timings()[-1]["seconds"] == 3.2
    progress.console.print(progress.table())
    assert "Where the time went" in screen.getvalue()
