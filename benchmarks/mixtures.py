"""Families whose shares of given parts are fitted to a trained network's responses.

In: a circuit of parts (families with the same axes, each with one connection), photographs, a layer
of a network. Out: a circuit of families, each a sum of a few parts with fitted shares, and a bias.
A part should have no negative weights, since its answers are what is added up, and those end at 0.
Responses are read, weights never. `expect` lines and documentation remain to be written by hand.

Each unit is given a mixture of its own first: one part after the other, by what it adds to the
least-squares fit, then shares and bias behind a ReLU. Turned in every direction, such a mixture may
stand for other units too. Those that raise the squared correlation most are kept one after the
other, and their shares are fitted again to all units that they stand for.

    python benchmarks/mixtures.py PARTS.circ --images DIR --layer mixed3a -o MIXTURES.circ

The photographs that fit are the first part of `atlas.py`, those that judge are the second.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from atlas import CHOOSE, DECIDE, MODEL, thirds
from numpy.typing import NDArray

from circuitdsl import load, load_network
from circuitdsl.ir.circuit import Circuit
from circuitdsl.models.network import Network
from circuitdsl.pipeline import handwritten
from circuitdsl.reporting.printed.terminal import progress
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text
from circuitdsl.text.source import Source

Floats = NDArray[np.float32]

BATCH = 4
STEP = 4
"""Every so many positions of a map are looked at, in both directions."""

RIDGE = 2e-3
"""Added to the variance of each part, as a share of it."""

ROUNDS = 10
"""How often the samples at which a mixture answers are fitted, at most."""

LEAST = 0.45
"""The correlation from which a unit has a say in the shares of a family."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What parts and units answer at some positions.

    Attributes:
        parts: `[sample, member, part]`.
        units: `[sample, unit]`, in units of their standard deviations.
    """

    parts: Floats
    units: Floats


@dataclass(frozen=True, eq=False)
class Mixture:
    """A family: `relu(sum of share * part + bias)`.

    Attributes:
        parts: Numbers of parts.
        shares: Of each.
        bias: Added before the ReLU.
    """

    parts: tuple[int, ...]
    shares: Floats
    bias: float

    def answers(self, parts: Floats) -> Floats:
        """What it gives where parts give `[..., part]`."""
        return np.maximum(parts[..., list(self.parts)] @ self.shares + self.bias, 0)


def main() -> None:
    """Fit the families, write them, and say how well they agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", type=Path, help="a circuit of parts")
    parser.add_argument("--images", type=Path, required=True, help="photographs, by class")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--layer", required=True, help="the layer of the units")
    parser.add_argument("--families", type=int, default=16)
    parser.add_argument("--shares", type=int, default=8, help="parts of each family")
    parser.add_argument("--limit", type=int, default=64, help="photographs of each part")
    parser.add_argument("--results", type=Path, default=Path("out/atlas"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    folders = thirds(options.images, options.results / "photographs")
    circuit, network = load(options.parts), load_network(options.model)
    names = part_names(circuit)
    chosen, judged = (
        sampled(circuit, names, network, options.layer, open_images(folders[part], options.limit))
        for part in (CHOOSE, DECIDE)
    )
    mixtures = fitted(chosen, options.families, options.shares)
    write_text(options.output, mixtures_source(options.parts, names, mixtures))
    best = agreement(mixtures, chosen)
    units = np.arange(best.shape[1])
    flat = best.transpose(1, 0, 2).reshape(len(units), -1).argmax(axis=1)
    held_out = agreement(mixtures, judged).transpose(1, 0, 2).reshape(len(units), -1)[units, flat]
    shares = sum(len(mixture.parts) for mixture in mixtures)
    reached = ", ".join(f"{np.mean(held_out >= at):.0%} at {at:g}" for at in (0.5, 0.7))
    print(f"{len(mixtures)} families, {shares} shares: mean r {held_out.mean():.2f}, {reached}")


def part_names(circuit: Circuit) -> tuple[str, ...]:
    """The families that the circuit itself declares, in their order.

    Raises:
        InputError: they differ in their layers or in their numbers of members.
    """
    own = [family for family in circuit.families if "." not in family.name]
    if len({(family.layer, family.size) for family in own}) != 1:
        raise InputError(
            "the parts differ in their layers or axes", help="give all of them the same"
        )
    return tuple(family.name for family in own)


def sampled(
    circuit: Circuit, names: Sequence[str], network: Network, layer: str, images: ImageSet
) -> Samples:
    """Show photographs to both networks.

    Raises:
        InputError: the parts and the units have different grids.
    """
    hand = handwritten(circuit)
    parts: list[Floats] = []
    units: list[Floats] = []
    with progress() as report:
        for batch in images.batches_for(network.backbone, BATCH):
            pixels = np.asarray(batch.images, np.float32)
            maps = hand.activations(pixels, list(names))
            together = np.stack([np.asarray(maps[name]) for name in names], axis=-1)
            of_units = np.asarray(network.activations(pixels, [layer])[layer])
            if together.shape[1:3] != of_units.shape[1:3]:
                raise InputError(
                    f"the parts have maps of {together.shape[1]} by {together.shape[2]} positions, "
                    f"{layer} of {of_units.shape[1]} by {of_units.shape[2]}",
                    help="put the parts into a layer of that grid",
                )
            for kept, found in ((parts, together), (units, of_units)):
                few = found[: batch.count, STEP // 2 :: STEP, STEP // 2 :: STEP]
                kept.append(few.reshape(-1, *few.shape[3:]).astype(np.float32))
            report(f"{len(parts) * BATCH} of {len(images.paths)} photographs")
    responses = np.concatenate(units)
    return Samples(np.concatenate(parts), responses / (responses.std(axis=0) + 1e-6))


def fitted(samples: Samples, families: int, shares: int) -> list[Mixture]:
    """The mixtures that serve most units, their shares fitted to all units that they serve."""
    first = np.ascontiguousarray(samples.parts[:, 0])
    own = [sparse(first, unit, shares) for unit in samples.units.T]
    kept = [own[at] for at in serving(agreement(own, samples).max(axis=2), families)]
    r = agreement(kept, samples)
    of_unit = r.max(axis=2).argmax(axis=0)
    found: list[Mixture] = []
    for number, mixture in enumerate(kept):
        best = r[number].argmax(axis=1)
        mine = [
            unit
            for unit in np.flatnonzero(of_unit == number)
            if r[number, unit, best[unit]] >= LEAST
        ]
        if mine:  # what no unit needs is left out
            x = np.concatenate([samples.parts[:, best[unit]] for unit in mine])
            y = np.concatenate([samples.units[:, unit] for unit in mine])
            found.append(rectified(x[:, list(mixture.parts)], y, mixture))
    return found


def sparse(x: Floats, y: Floats, shares: int) -> Mixture:
    """A mixture of few parts, chosen one after the other by what each adds.

    Args:
        x: What the parts answer, `[sample, part]`.
        y: What the unit answers, `[sample]`.
        shares: The number of parts.
    """
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - middle) / spread
    together, toward = z.T @ z / len(z), z.T @ (y - y.mean()) / len(z)
    taken: list[int] = []
    share = np.zeros(0, np.float32)
    for _ in range(min(shares, len(toward))):
        left, alone = toward, np.ones(len(toward))
        if taken:
            inside = together[np.ix_(taken, taken)] + RIDGE * np.eye(len(taken))
            explained = np.linalg.solve(inside, together[taken])
            left = toward - together[:, taken] @ share
            alone = 1 - (together[taken] * explained).sum(axis=0)
        adds = left**2 / np.maximum(alone, 0.05)
        adds[taken] = -1
        taken.append(int(adds.argmax()))
        inside = together[np.ix_(taken, taken)] + RIDGE * np.eye(len(taken))
        share = np.linalg.solve(inside, toward[taken])
    share = (share / spread[taken]).astype(np.float32)
    linear = Mixture(tuple(taken), share, float(y.mean() - middle[taken] @ share))
    return rectified(x[:, taken], y, linear)


def rectified(x: Floats, y: Floats, mixture: Mixture) -> Mixture:
    """Shares and a bias by least squares behind the ReLU, from those of a mixture on.

    Only the samples at which a mixture answers say which way to move; a step that makes the error
    larger is halved.

    Args:
        x: What its parts answer, `[sample, part of the mixture]`.
        y: What it shall answer, `[sample]`.
        mixture: Where to begin.
    """
    spread = x.std(axis=0) + 1e-6
    z = np.concatenate([x / spread, np.ones((len(x), 1), np.float32)], axis=1)
    best = np.append(mixture.shares * spread, mixture.bias)
    answers = np.maximum(z @ best, 0)
    best *= (answers @ y) / max(float(answers @ answers), 1e-6)
    least, step = _error(z, y, best), 1.0
    for _ in range(ROUNDS):
        here = z[z @ best > 0]
        ridge = RIDGE * len(here) * np.eye(z.shape[1])
        ridge[-1, -1] = 1e-6
        toward = np.linalg.solve(here.T @ here + ridge, here.T @ y[z @ best > 0])
        tried = best + step * (toward - best)
        error = _error(z, y, tried)
        if error < least:
            best, least = tried, error
        else:
            step /= 2
    return replace(mixture, shares=(best[:-1] / spread).astype(np.float32), bias=float(best[-1]))


def _error(z: Floats, y: Floats, shares: Floats) -> float:
    return float(np.square(np.maximum(z @ shares, 0) - y).mean())


def agreement(mixtures: Sequence[Mixture], samples: Samples) -> Floats:
    """The correlation of every member with every unit, `[mixture, unit, member]`."""
    units = _standardised(samples.units)
    members = samples.parts.shape[1]
    r = np.zeros((len(mixtures), units.shape[1], members), np.float32)
    for member in range(members):
        parts = np.ascontiguousarray(samples.parts[:, member])
        answers = np.stack([mixture.answers(parts) for mixture in mixtures], axis=1)
        r[:, :, member] = _standardised(answers).T @ units
    return r


def _standardised(x: Floats) -> Floats:
    away = x - x.mean(axis=0)
    return away / (np.sqrt(np.square(away).sum(axis=0)) + 1e-9)


def serving(r: Floats, count: int) -> list[int]:
    """The rows that together raise the units' squared correlations most, one after the other.

    Args:
        r: The best correlation with each unit, `[mixture, unit]`.
        count: How many to take at most.
    """
    best = np.zeros(r.shape[1], np.float32)
    taken: list[int] = []
    for _ in range(min(count, len(r))):
        gains = (np.square(np.maximum(r, best)) - np.square(best)).sum(axis=1)
        gains[taken] = -1
        taken.append(int(gains.argmax()))
        best = np.maximum(best, r[taken[-1]])
    return taken


def mixtures_source(path: Path, names: Sequence[str], mixtures: Sequence[Mixture]) -> str:
    """A circuit of the mixtures: the text of the parts with other families and connections.

    Args:
        path: The circuit of parts.
        names: Its parts.
        mixtures: Of them.

    Raises:
        InputError: a part has several connections, or a gain.
    """
    tree, _ = parse(read_source(path))
    family = next(item for item in tree.items if isinstance(item, nodes.Family))
    head = family.span.text.split("{")[0].split(family.name.text, 1)[1].strip()
    connections = {
        name: [
            item
            for item in tree.items
            if isinstance(item, nodes.Connect) and item.target.text == name
        ]
        for name in names
    }
    texts = ['circ 1 "Mixtures of parts, their shares fitted to responses."']
    kept = (nodes.Family, nodes.Connect)
    texts += [item.span.text for item in tree.items if not isinstance(item, kept)]
    for number, mixture in enumerate(mixtures, 1):
        name = f"mixture{number}"
        largest = float(np.abs(mixture.shares).max())
        texts.append(f"family {name} {head} {{ bias = {mixture.bias / largest:.2g} }}")
        for part, share in zip(mixture.parts, mixture.shares / largest, strict=True):
            texts.append(_connection(name, names[part], connections[names[part]], float(share)))
    return format_source(Source(str(path), "\n".join(texts) + "\n"))


def _connection(family: str, part: str, connections: Sequence[nodes.Connect], share: float) -> str:
    """A part's connection, into a family and with a share."""
    block = connections[0].block if len(connections) == 1 else None
    attributes = block.attributes if block is not None else ()
    if len(connections) != 1 or any(one.name.text == "gain" for one in attributes):
        raise InputError(f"`{part}` has several connections, or a gain", help="split it in two")
    (one,) = connections
    motif = f" = {one.motif.span.text}" if one.motif is not None else ""
    inside = "  ".join([*(each.span.text for each in attributes), f"gain = {share:.2g}"])
    return f"connect {one.source.span.text} -> {family} as {family}_{part}{motif} {{ {inside} }}"


if __name__ == "__main__":
    main()
