"""A pytest plugin: circuit files with `expect` lines are tests, one for each line.

Installed with the package, so that `pytest FOLDER` on a folder of circuits runs their claims. A
file is measured once, when its first test runs. Files without `expect` lines of families are no
tests: what edit scripts claim takes a trained network, which `circuitdsl score` asks for. Files
with errors fail with what `circuitdsl check` says of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from circuitdsl.compare.expect import Outcome
    from circuitdsl.ir.circuit import Circuit
    from circuitdsl.text.diagnostics import Diagnostic


_PROPERTY = ("circuitdsl", "expectation")
"""What marks the report of an `expect` line."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take circuit files that claim something."""
    if file_path.suffix != ".circ" or b"expect" not in file_path.read_bytes():
        return None
    return CircuitTests.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownVariableType]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the expectations of circuits, so that it shows if some are not measured."""
    counts = {
        outcome: sum(
            _PROPERTY in getattr(report, "user_properties", ())
            for report in terminalreporter.stats.get(outcome, ())
        )
        for outcome in ("passed", "failed")
    }
    if any(counts.values()):
        total = sum(counts.values())
        terminalreporter.write_line(f"{counts['passed']} of {total} expectations of circuits hold")


class CircuitTests(pytest.File):
    """The expectations of one circuit file."""

    @cached_property
    def circuit(self) -> Circuit | None:
        """The circuit of the file; None if it declares no families, as edit scripts do.

        Raises:
            DiagnosticError: the file has errors.
        """
        from circuitdsl.checking.load import check_path
        from circuitdsl.text.diagnostics import DiagnosticError

        result = check_path(self.path)
        if result.errors:
            raise DiagnosticError(result.diagnostics)
        return result.circuit

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What was measured, all lines of the file at once."""
        from circuitdsl.compare.expect import expectations_met

        return () if self.circuit is None else expectations_met(self.circuit)

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each line; a file with errors is one failing collection."""
        number = 0
        for family in () if self.circuit is None else self.circuit.families:
            for claim in family.expectations:
                text = " ".join(claim.span.text.split()).removeprefix("expect ")
                item: Any = ExpectationTest.from_parent(self, name=f"{family.name}: {text}")
                item.number, item.line = number, claim.span.line
                number += 1
                yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Errors of the file as the checker prints them."""
        return _message(excinfo.value) or str(super().repr_failure(excinfo))


class ExpectationTest(pytest.Item):
    """One `expect` line.

    Attributes:
        number: Its place among those of the file.
        line: Its line in the text.
    """

    number: int
    line: int

    def runtest(self) -> None:
        """Measure, and fail if the claim does not hold."""
        self.user_properties.append(_PROPERTY)
        parent: Any = self.parent
        outcome: Outcome = parent.outcomes[self.number]
        if not outcome.holds:
            raise ExpectationError(outcome.diagnostic)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What was measured, with the line."""
        return _message(excinfo.value) or str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        return self.path, self.line - 1, self.name


class ExpectationError(Exception):
    """A claim does not hold; carries E901."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def _message(error: BaseException) -> str:
    from circuitdsl.text.diagnostics import DiagnosticError, InputError, render

    if isinstance(error, ExpectationError):
        return render(error.diagnostic)
    if isinstance(error, DiagnosticError):
        return "\n".join(map(render, error.diagnostics))
    return str(error) if isinstance(error, InputError) else ""
