"""The verb fit_all: every family of a folder of circuits fitted, one after the other.

In: circuit files or a folder of them, a model, photographs. Out: a folder of settings files, one
for each circuit with free dials, and what each fit came to. A run that was cut off is resumed with
the next family.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.dials import dials_used
from circuitdsl.ir.writing.settings import import_path, settings_source
from circuitdsl.lowering.dials import free_dials
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.circuits import circuit_files
from circuitdsl.run.comparing.coverage import written_circuits
from circuitdsl.run.fitting import fit
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text


@dataclass(frozen=True)
class FittedFamily:
    """What fitting one family did.

    Attributes:
        file: The circuit's file.
        family: The family.
        settings: What its dials are set to: px, degrees or plain numbers.
        measures: What was maximised, on what was held back to judge by: before and after.
    """

    file: str
    family: str
    settings: dict[str, float]
    measures: dict[str, tuple[float, float]]

    def record(self) -> dict[str, Any]:
        """The fit as JSON has it."""
        measures = {name: list(ends) for name, ends in self.measures.items()}
        return {**vars(self), "measures": measures}


def fit_all(
    files: Path | str | Sequence[Path | str],
    output: Path | str,
    model: str | Network = AUTO,
    *,
    images: Path | str,
    limit: int | None = None,
    steps: int | None = None,
    progress: Progress = silent,
) -> tuple[FittedFamily, ...]:
    """Fit the free dials of every family of some circuits.

    The fit of a family moves the dials that the family reads itself, but not those that the fit of
    an earlier family in the same file moved. Imported files keep their dials.

    Args:
        files: Circuit files, or a folder of them.
        output: The folder for the settings files, such as `fitted` in the circuits' own folder. It
            also keeps the result of each family's fit, which is not repeated.
        model: A model of the registry, `auto`, or a network.
        images: A folder of photographs; half of them are fitted to, half are for testing.
        limit: The largest number of photographs of each half.
        steps: How many steps for each family; usually 200.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a file is faulty.
        InputError: nothing to fit, or a folder from which the circuits cannot be imported.
        OSError: a file can't be written.
    """
    named = circuit_files(files, sub_folders=False)
    circuits, _ = written_circuits(named)
    paths = {path.stem: path for path in named}
    jobs = {title: own for title, circuit in circuits.items() if (own := jobs_of(circuit))}
    if not jobs:
        raise InputError("no family of these files reads a free dial", help="declare one `free`")
    folder = Path(output)
    targets = {title: folder / f"{title}_fitted.circ" for title in jobs}
    folder.mkdir(parents=True, exist_ok=True)
    imported = {title: import_path(paths[title], target) for title, target in targets.items()}
    network = opened_network(model)
    found: list[FittedFamily] = []
    for title, own in jobs.items():
        fits: list[FittedFamily] = []
        for family, dials in own.items():
            kept = folder / f"{title}.{family}.json"
            if not kept.exists():
                progress(f"fitting {title}.{family} by {', '.join(dials)}")
                fitted = fit(
                    paths[title],
                    network,
                    family=family,
                    images=images,
                    limit=limit,
                    steps=steps,
                    dials=dials,
                    checkpoint=folder / f"{title}.{family}.safetensors",
                    progress=progress,
                )
                one = FittedFamily(
                    title,
                    family,
                    {dial: fitted.settings[dial] for dial in dials},
                    dict(fitted.fit.measures),
                )
                write_text(kept, json.dumps(one.record(), indent=1) + "\n")
            fits.append(FittedFamily(**json.loads(kept.read_text(encoding="utf-8"))))
        write_text(
            targets[title],
            _settings_text(circuits[title], imported[title], network.name, fits),
        )
        found += fits
    return tuple(found)


def jobs_of(circuit: Circuit) -> dict[str, tuple[str, ...]]:
    """The families that a file itself declares, each with the free dials that it is fitted by."""
    free = {name for name in free_dials(circuit) if name.partition(".")[0] not in _modules(circuit)}
    jobs: dict[str, tuple[str, ...]] = {}
    for family in circuit.families:
        if family.units is not None or "." in family.name:
            continue
        dials = sorted(free & _read_by(circuit, family))
        if dials:
            jobs[family.name] = tuple(dials)
            free -= set(dials)
    return jobs


def _modules(circuit: Circuit) -> frozenset[str]:
    """The names under which a file has imported families."""
    return frozenset(
        family.name.partition(".")[0] for family in circuit.families if "." in family.name
    )


def _read_by(circuit: Circuit, family: Family) -> frozenset[str]:
    """The dials that a family and what leads into it read."""
    into = circuit.into(family.name)
    motifs = {one.motif.name for one in into if one.motif is not None}
    part = replace(
        circuit,
        families=(family,),
        connections=into,
        normalisations=tuple(one for one in circuit.normalisations if one.family == family.name),
        motifs=tuple(one for one in circuit.motifs if one.name in motifs),
    )
    return dials_used(part)


def _settings_text(circuit: Circuit, path: str, model: str, fits: Sequence[FittedFamily]) -> str:
    settings = {dial: value for one in fits for dial, value in one.settings.items()}
    dials = [
        replace(dial, default=settings[dial.name])
        for dial in circuit.dials
        if dial.name in settings
    ]
    return settings_source(path, f"{circuit.doc.rstrip('.')}; dials fitted to {model}.", dials)
