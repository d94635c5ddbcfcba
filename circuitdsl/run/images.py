"""The verb images check: do photographs suit a network?

In: a folder or an archive, a model. Out: an `ImagesReport`: which classes are matched, missing and
unknown, which images are broken, and which are there twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuitdsl.models.outputs import labels
from circuitdsl.models.registry import AUTO, chosen_model
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.engines import class_list, counted
from circuitdsl.stimuli.inspection import Inspection, inspect_images
from circuitdsl.stimuli.photographs import open_images


@dataclass(frozen=True)
class ImagesReport:
    """How photographs suit a network.

    Attributes:
        model: The network's name.
        images: How many images there are.
        matched: Classes of the network that have images which can be read, and how many.
        missing: Classes of the network that have none.
        unknown: Classes that the network does not know, and how many images which can be read they
            have; "" for images of no class.
        inspection: Broken images, and those that are there twice.
    """

    model: str
    images: int
    matched: dict[str, int]
    missing: tuple[str, ...]
    unknown: dict[str, int]
    inspection: Inspection

    @property
    def sound(self) -> bool:
        """Whether every image can be read, has a class that is known, and is there once."""
        return not (self.unknown or self.inspection.broken or self.inspection.twice)

    def record(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "model": self.model,
            "images": self.images,
            "matched": self.matched,
            "missing": list(self.missing),
            "unknown": self.unknown,
            "broken": [{"image": name, "why": why} for name, why in self.inspection.broken],
            "twice": [list(names) for names in self.inspection.twice],
        }


def check_images(
    images: Path | str,
    model: str = AUTO,
    *,
    classes: Path | str | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> ImagesReport:
    """Check photographs as a network will see them.

    Args:
        images: A folder or an archive.
        model: A model of the registry, or `auto`.
        classes: A file with one label on each line, for images whose classes are numbers.
        limit: The largest number of images, spread evenly over the folder.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, no images, or a number beyond the list of classes.
    """
    name = chosen_model(model, None)
    photographs = open_images(Path(images), limit, class_list(classes))
    known = [label for label in labels(name) if label]
    counts = Counter(map(photographs.label, photographs.paths))
    told = counted("photographs", len(photographs), progress)
    inspection = inspect_images(photographs, told)
    counts -= Counter(photographs.label(photographs.folder / name) for name, _ in inspection.broken)
    return ImagesReport(
        name,
        len(photographs),
        {label: counts[label] for label in known if label in counts},
        tuple(label for label in known if label not in counts),
        {label: count for label, count in sorted(counts.items()) if label not in set(known)},
        inspection,
    )
