"""The words of the language, once: for messages, grammars of editors, hovers and the reference.

In: nothing. Out: tables of words, each with what it means in one line.
"""

from __future__ import annotations

from collections.abc import Mapping

DECLARATIONS: Mapping[str, str] = {
    "import": "another file, under a name or as this file's own circuit",
    "from": "names of the standard library",
    "backbone": "the network whose layers and geometry the circuit lives in",
    "dial": "a named number: its type, default, legal range, and whether `fit` may turn it",
    "let": "a name for an expression, or a copy of a circuit",
    "fn": "an expression with formals",
    "motif": "a pattern that several connections share",
    "circuit": "declarations to be copied by `let COPY = NAME(...)`",
    "family": "one feature in several copies, which axes tell apart, in a layer",
    "connect": "weighted edges from one family, or the image, to another",
    "normalise": "divides responses by the energy around",
    "stimulus": "a set of images",
    "direction": "a combination of units of a layer that is treated as one unit",
    "edit": "steps that change a trained network, in order",
    "score": "a comparison: two sides, or what a splice recovers",
    "fit": "which dials `fit` moves, to what end, and how",
}
"""Words that start a declaration."""

CLAUSES: Mapping[str, str] = {
    "on": "the network, or the edit, that an edit starts from; the layer of a direction",
    "to": "what units are set to: `zero`, `mean(SET)`, `resampled(SET)`",
    "by": "a number that activations or weights are multiplied by, or shifted by",
    "with": "the edge whose weights replace others; or settings of an imported file's dials",
    "into": "the trained units whose place a hand-written family takes",
    "match": "how members and units are paired: `angle(SET)`, `placed(SET)`, `agreement()`",
    "where": "conditions on edges: `weight`, `abs(weight)` and `angle`",
}
"""Words inside of `edit` blocks."""

OTHERS: Mapping[str, str] = {
    "circ": "the header: the version of the language, and what the circuit claims",
    "as": "under which name",
    "in": "the legal range",
    "free": "`fit` may turn this dial",
    "at": "the layer that a family's units stand in; also the place of a shape",
    "and": "both",
    "expect": "a claim, which `check --expect` and `score` measure",
}
"""Words that stand inside of declarations."""

RESERVED = frozenset((*DECLARATIONS, *CLAUSES, *OTHERS))
"""Words that are never names (`at` does name an argument)."""

UNITS: Mapping[str, str] = {
    "deg": "angle in degrees, counter-clockwise",
    "rad": "angle in radians; kept in degrees",
    "turn": "angle in whole turns: `0.25turn` is 90deg",
    "px": "length in pixels of the input",
    "tap": "length in steps of the kernel that a connection makes: as many pixels as lie between "
    "two positions of the layer read",
    "pct": "plain number: `5pct` is 0.05",
}
"""What may follow a number without a space."""

TYPES: Mapping[str, str] = {
    "real": "a plain number",
    "int": "a whole number",
    "length": "pixels (`px`) or steps of a kernel (`tap`)",
    "angle": "`deg`, `rad` or `turn`",
    "point": "a pair of lengths, `(x, y)`, y upwards",
    "template": "where weights lie: a sum of shapes",
    "profile": "a weight by the difference of two members along an axis",
}
"""Types that declarations can name."""

AXES: Mapping[str, str] = {
    "rot": "members every 360deg/n; a step turns the plane",
    "orient": "members every 180deg/n; half a turn leads back, with the phase negated",
    "flip": "`left` and `right`; a step mirrors the plane, x to -x",
    "scale": "n sizes, each `ratio` times the one before",
    "phase": "members every 360deg/n; a step shifts the stripes of a grating",
    "hue": "members every 360deg/n; a step turns colours about grey",
    "cases": "n members that are only told apart",
}
"""Kinds of axes."""

FRAMES: Mapping[str, str] = {
    "frame": "angles relative to the target member (the default)",
    "tangent": "angles relative to the shape's tangent, point by point",
    "radial": "angles relative to the direction from the centre, point by point",
    "field": "angles as they are in the image",
}
"""What a profile can be relative to, behind `@`."""

NORMS: Mapping[str, str] = {
    "none": "weights as they come (the default)",
    "l1": "absolute weights of a target member sum to 1",
    "l2": "squares of weights of a target member sum to 1",
    "mass": "`mass(m, balance=b)`: positive weights sum to m, negative ones to -m b",
}
"""Ways to scale the weights of a target member together."""

COLOURS: Mapping[str, str] = {
    "luma": "(R, G, B) by (1, 1, 1)/sqrt 3 (the default)",
    "hue": "`hue(ANGLE)`: the chromatic axis at an angle; 0deg red, 120deg green, 240deg blue",
    "opponent": "`opponent(ANGLE, against=ANGLE)`: one hue against another",
}
"""What a connection reads of the image."""

VERBS: Mapping[str, str] = {
    "ablate": "`ablate UNITS to zero`, or to a mean or resampled activity",
    "scale": "`scale UNITS by X`, or edges",
    "shift": "`shift UNITS by X`: a number is added to activations",
    "negate": "`negate UNITS`, or edges: the sign is changed",
    "drop": "`drop A -> B where ...`: edges are removed",
    "replace": "`replace A -> B with hand.a -> hand.b match ...`: hand-written weights",
    "splice": "`splice hand.family into UNITS match ... { gain = matched(SET) }`",
    "patch": "`patch UNITS from SET`: activity of other images",
}
"""Steps of an `edit`."""

ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "family": {
        "doc": "what the family claims, as a string",
        "gain": "a factor before the rectifier (1)",
        "bias": "added before the rectifier (none)",
        "centre": "`(RIGHT, UP)`: where its units look, beside the middle of their windows",
        "calibrate": "`one(SET) and zero(SET)`: gain and bias from responses to stimuli",
        "units": "numbers of the trained units that the family is",
        "network": "the training run that the numbers of `units` are of, as a string",
        "identify": "`turn(AXIS=ANGLE)`: turns that lead from every unit to itself",
    },
    "connect": {
        "place": "where the weights lie: a template",
        "tune": "`tune.AXIS`: how strongly a member reads another, a profile along the axis",
        "over": "axes of the source that are summed over, because the target lacks them",
        "colour": "what is read of the image",
        "dc": "what the taps of a grating must sum to",
        "norm": "how the weights of a target member are scaled together",
        "gain": "a factor, after the norm",
    },
    "normalise": {
        "window": "side of the square of positions around, odd, in taps",
        "floor": "what energy is compared with: responses are divided by sqrt(floor^2 + E)",
        "pool": "the families whose energy counts (the family itself)",
    },
    "score": {
        "left": "one side: a family, or units",
        "right": "the other side",
        "using": "the images",
        "intact": "the network itself",
        "removed": "the edit that ablates units",
        "spliced": "the edit that splices a family in their place",
        "measure": "of outputs: `cross_entropy` (the default), `top1`, `top5` or `kl`",
        "seed": "of the random controls",
    },
    "fit": {
        "dials": "the dials that are moved (all free ones)",
        "maximise": "a sum of measures",
        "rate": "size of the first step",
        "steps": "how many steps",
        "batch": "photographs a step",
        "figures": "drawn figures a step",
        "seed": "of what each step is shown",
        "units": "with how many trained units",
    },
}
"""Attributes of blocks, by the word of the declaration; a motif has those of `connect`."""
