"""Shows what a long command is doing, how far it is and for how long; and keeps the times of its steps."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress as Display
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

HEARTBEAT_SECONDS = 20  # between lines of the same step where there is no terminal


@dataclass
class Step:
    """A step of the command; steps may overlap. Times are in seconds, `started` since the command began."""

    progress: "Progress"
    title: str
    started: float
    seconds: float | None = None
    detail: str = ""
    said: float = field(default_factory=time.monotonic)
    task: TaskID | None = None

    def show(self, detail: str) -> None:
        """Say how far the step is."""
        if detail != self.detail:
            self.detail = detail
            self.progress.changed(self)

    def end(self, result: str = "") -> None:
        """Say that the step is done, once."""
        if self.seconds is None:
            self.seconds = self.progress.elapsed() - self.started
            self.progress.ended(self, "✓", result)

    def fail(self) -> None:
        if self.seconds is None:
            self.seconds = self.progress.elapsed() - self.started
            self.progress.ended(self, "✗", self.detail)


class Progress:
    """The steps of one command: a live display on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.began = time.monotonic()
        self.steps: list[Step] = []
        self.parts: list[tuple[str, float]] = []
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self.display = Display(
            *columns, TextColumn("[dim]{task.fields[detail]}"), console=self.console, transient=True
        )

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self.display.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for step in self.steps:
            step.fail()
        self.display.stop()

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def begin(self, title: str) -> Step:
        """Start a step; the caller ends it."""
        step = Step(self, title, self.elapsed())
        self.steps.append(step)
        if self.console.is_terminal:
            step.task = self.display.add_task(title, total=None, detail="")
        else:
            self._line("…", title, "")
        return step

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step that lasts as long as the block."""
        step = self.begin(title)
        try:
            yield step
        except BaseException:
            step.fail()
            raise
        step.end(step.detail)

    def changed(self, step: Step) -> None:
        if step.task is not None:
            self.display.update(step.task, detail=step.detail)
        elif time.monotonic() - step.said >= HEARTBEAT_SECONDS:
            step.said = time.monotonic()
            self._line("…", step.title, step.detail)

    def ended(self, step: Step, sign: str, result: str) -> None:
        if step.task is not None:
            self.display.remove_task(step.task)
        self._line(sign, step.title, " · ".join(part for part in (result, f"{step.seconds:.1f} s") if part))

    def record(self, title: str, seconds: float) -> None:
        """Add a part of a step, whose length is known only afterwards, to the times."""
        self.parts.append((title, seconds))

    def timings(self) -> list[dict[str, float | str]]:
        """Every ended step with its start and length in seconds, then the parts of steps."""
        ended: list[dict[str, float | str]] = [
            {"step": step.title, "started": round(step.started, 1), "seconds": round(step.seconds, 1)}
            for step in self.steps
            if step.seconds is not None
        ]
        for title, seconds in self.parts:
            ended.append({"step": title, "seconds": round(seconds, 1)})
        return ended

    def table(self) -> Table:
        """Where the time went, in the order in which the steps began."""
        table = Table(title="Where the time went", title_justify="left")
        table.add_column("step")
        table.add_column("began at", justify="right")
        table.add_column("took", justify="right")
        for timing in self.timings():
            began = f"{timing['started']} s" if "started" in timing else ""
            table.add_row(str(timing["step"]), began, f"{timing['seconds']} s")
        return table

    def _line(self, sign: str, title: str, detail: str) -> None:
        text = f"{self.elapsed():6.1f} s  {sign} {title}"
        self.console.print(f"{text}: {detail}" if detail else text, markup=False)
