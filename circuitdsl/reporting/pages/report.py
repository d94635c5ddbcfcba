"""`report`: one page that holds a circuit's evidence, hand-written beside original.

In: a circuit file, perhaps a trained network and photographs. Out: a file. Verdicts come first,
then a section for each argument, the source, and how the page came about.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from circuitdsl.compare.expect import Outcome
from circuitdsl.ir.writing.spelling import expectation
from circuitdsl.models.network import Network
from circuitdsl.reporting.drawn.drawing import circuit_values, title_of
from circuitdsl.reporting.pages.provenance import provenance
from circuitdsl.reporting.pages.sections import sections, verdict_of
from circuitdsl.reporting.pages.source import listings
from circuitdsl.reporting.templating import framed
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.pages.evidence import Evidence, evidence
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import output_path, write_text
from circuitdsl.text.layout import flat


def report(
    path: Path | str,
    output: Path | str,
    *,
    model: str | Network | None = None,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    families: Sequence[str] = (),
    units: int | None = None,
    steps: int = 512,
    seed: int = 0,
    command: str = "circuitdsl.report(...)",
    progress: Progress = silent,
) -> Evidence:
    """Write one page about a circuit, with hand-written units beside trained ones.

    Ctrl-C stops the measurements. The page is still written, and says that it is partial.

    Args:
        path: The circuit file.
        output: The page; its name ends in `.html`.
        model: A trained network to compare families with.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs.
        limit: The largest number of photographs, spread evenly over the folder.
        families: The families that the page argues for; by default those with `expect` lines, or
            else the last one.
        units: The number of the network's units that each family is compared with; by default as in
            `score`.
        steps: Steps of optimisation for each picture; 0 makes no pictures.
        seed: The seed of everything that is drawn at random.
        command: The command that the page names as its origin.
        progress: Called with a line of text when a stage begins.

    Returns:
        What the page shows.

    Raises:
        DiagnosticError: the file has errors, or cannot be calibrated.
        InputError: the file can't be read, there is no such family, model or folder, or the page
            has another name.
        OSError: the page can't be written.
    """
    target = page_path(output)
    shown = evidence(
        path,
        model=model,
        weights=weights,
        images=images,
        limit=limit,
        families=families,
        units=units,
        steps=steps,
        seed=seed,
        progress=progress,
    )
    write_text(target, page(shown, command))
    return shown


def page_path(output: Path | str) -> Path:
    """Where a page may be written, asked before the work begins.

    Raises:
        InputError: its name does not end in `.html`, or something stands there that must not be
            replaced.
    """
    target = Path(output)
    if target.suffix.lower() != ".html":
        raise InputError(f"`{target.name}` names no page", help="end its name in .html")
    output_path(target)
    return target


def page(shown: Evidence, command: str) -> str:
    """The page of some evidence.

    Args:
        shown: The evidence.
        command: The command that the page names as its origin.
    """
    files, places = listings([wire.connection.span for wire in shown.portrait.wires])
    arguments = sections(shown)
    contents = [
        ("verdicts", "Verdicts"),
        ("the-circuit", "The circuit"),
        *((section.id, section.title) for section in arguments),
        ("the-source", "The source"),
        ("provenance", "Provenance"),
    ]
    expected = shown.verdicts
    return framed(
        "report.html.j2",
        title=title_of(shown.portrait),
        shown=shown,
        contents=contents,
        verdicts=[] if isinstance(expected, Lacking) else _verdicts(expected),
        no_verdicts=expected.why if isinstance(expected, Lacking) else "The file expects nothing.",
        lines=[verdict_of(argued) for argued in shown.families],
        sections=arguments,
        sources=files,
        provenance=provenance(
            command,
            model=shown.model,
            weights=shown.weights,
            images=shown.images,
            images_digest=shown.images_digest,
            seed=shown.seed,
            left_out=shown.portrait.skipped.items(),
        ),
        **circuit_values(shown.portrait, places),
    )


def _verdicts(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """Each claim of the file with what was measured."""
    return [
        {
            "of": outcome.of,
            "holds": outcome.holds,
            "claim": flat(expectation(outcome.expectation)),
            "measured": outcome.measured,
        }
        for outcome in outcomes
    ]
