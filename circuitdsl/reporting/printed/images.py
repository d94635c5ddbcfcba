"""What a look at photographs found, as text.

In: an `ImagesReport`. Out: lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuitdsl.run.images import ImagesReport

MOST = 10
"""Names of each kind that are shown."""


def describe_images(report: ImagesReport) -> str:
    """The counts of each kind, and the first names."""
    inspection = report.inspection
    known = len(report.matched) + len(report.missing)
    unknown = [
        f"{label or 'in no sub-folder'} ({count} images)" for label, count in report.unknown.items()
    ]
    lines = [
        f"{report.images} images for {report.model}",
        f"matched: {sum(report.matched.values())} images of {len(report.matched)} "
        f"of {known} classes",
        *_named("classes without images", report.missing),
        *_named("classes that the network does not know", unknown),
        *_named("broken", [f"{name}: {why}" for name, why in inspection.broken]),
        *_named("there twice", [" = ".join(names) for names in inspection.twice]),
    ]
    return "\n".join(lines) + "\n"


def _named(what: str, names: Sequence[str]) -> list[str]:
    """How many there are, and the first ones by name."""
    more = [f"  and {len(names) - MOST} more"] if len(names) > MOST else []
    return [f"{what}: {len(names)}", *(f"  {name}" for name in names[:MOST]), *more]
