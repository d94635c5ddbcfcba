"""The context of a check: one file or copy of a circuit, its findings, and answers given so far.

Whatever asks about names takes an `Analysis`. A question about a declaration is a function of an
analysis and a name, marked `question`: it is worked out once, by whoever asks first, and records
its findings then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypedDict, TypeVar, Unpack, cast

from circuitdsl.checking.findings import Findings
from circuitdsl.checking.scope import Module
from circuitdsl.ir.circuit import Circuit
from circuitdsl.text.diagnostics import Diagnostic, Fix, Label, Severity
from circuitdsl.text.source import Span

Answer = TypeVar("Answer")


class Details(TypedDict, total=False):
    """Parts that a message may have: see `Diagnostic`."""

    label: str
    also: Iterable[Label]
    note: str
    help: str
    fixes: Iterable[Fix]


@dataclass(eq=False)
class Answers:
    """The answers of one check, for all of its files.

    Attributes:
        of: The analysis of each module, which reports to the module's own findings.
        given: Answers by question, module and name.
        values: Of each module, the values of its lets, and of the formals that it is a copy for;
            None for faulty ones.
        busy: Of each module, the lets whose evaluation has begun.
        circuits: The circuit of an imported file; None for one with faults, which are reported to
            its own findings.
    """

    of: dict[Module, Analysis] = field(default_factory=dict[Module, "Analysis"])
    given: dict[tuple[object, Module, str], Any] = field(
        default_factory=dict[tuple[object, Module, str], Any]
    )
    values: dict[Module, dict[str, Any]] = field(default_factory=dict[Module, dict[str, Any]])
    busy: dict[Module, list[str]] = field(default_factory=dict[Module, list[str]])
    circuits: Callable[[Module], Circuit | None] = lambda module: None


@dataclass(frozen=True, eq=False)
class Analysis:
    """A module, the findings that its faults are added to, and the answers of the check.

    Attributes:
        module: The file or copy of a circuit whose names expressions mean.
        findings: Where faults are reported.
        answers: What is known already, shared by all analyses of one check.
    """

    module: Module
    findings: Findings
    answers: Answers = field(default_factory=Answers)

    def of(self, module: Module) -> Analysis:
        """The analysis of another module of this check, which reports to that module's findings."""
        analyses = self.answers.of
        if module not in analyses:
            analyses[module] = Analysis(module, Findings(), self.answers)
        return analyses[module]

    def within(self, module: Module) -> Analysis:
        """The names of another module; faults are reported where they are reported here."""
        return self if module is self.module else Analysis(module, self.findings, self.answers)

    def enter(self, module: Module) -> Analysis:
        """The analysis of a new module, which shares the findings of this one."""
        return self.answers.of.setdefault(module, self.within(module))

    @property
    def values(self) -> dict[str, Any]:
        """The values of this module's lets and formals, as far as they are known."""
        return self.answers.values.setdefault(self.module, {})

    @property
    def busy(self) -> list[str]:
        """The lets of this module whose evaluation has begun."""
        return self.answers.busy.setdefault(self.module, [])

    def add(self, diagnostic: Diagnostic) -> None:
        """Report a diagnostic."""
        self.findings.add(diagnostic)

    def error(self, code: str, message: str, span: Span, **details: Unpack[Details]) -> None:
        """Report an error."""
        self.add(_diagnostic("error", code, message, span, details))

    def warn(self, code: str, message: str, span: Span, **details: Unpack[Details]) -> None:
        """Report a warning."""
        self.add(_diagnostic("warning", code, message, span, details))


def _diagnostic(
    severity: Severity, code: str, message: str, span: Span, details: Details
) -> Diagnostic:
    also = tuple(details.get("also", ()))
    label, note, help_ = (details.get(key, "") for key in ("label", "note", "help"))
    fixes = tuple(details.get("fixes", ()))
    return Diagnostic(code, message, span, severity, label, also, note, help_, fixes)


def once(answer: Callable[[Analysis], Answer]) -> Callable[[Analysis], Answer]:
    """A question about a whole module, which is answered once, to the findings of the module."""

    @wraps(answer)
    def ask(analysis: Analysis) -> Answer:
        answers, key = analysis.answers.given, (answer, analysis.module, "")
        if key not in answers:
            answers[key] = answer(analysis.of(analysis.module))
        return cast("Answer", answers[key])

    return ask


def question(
    answer: Callable[[Analysis, str], Answer | None],
) -> Callable[[Analysis, str], Answer | None]:
    """A question about a name of a module, which is answered once.

    Faults are reported to the findings of the module, whoever asks. A declaration that asks for
    itself on the way gets None.
    """

    @wraps(answer)
    def ask(analysis: Analysis, name: str) -> Answer | None:
        home, answers = analysis.of(analysis.module), analysis.answers.given
        key = (answer, analysis.module, name)
        if key not in answers:
            answers[key] = None
            answers[key] = answer(home, name)
        return cast("Answer | None", answers[key])

    return ask
