"""Notebooks: `%load_ext circuitdsl`, `%%circ NAME` over a circuit, and dials that can be turned.

In: cells. Out: circuits under their names; a widget with a slider for each free dial, whose kernels
and tuning follow, where anywidget is installed, and the circuit's picture where it is not.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from circuitdsl.checking.load import check_source, circuit_of
from circuitdsl.checking.names.imports import FileLoader
from circuitdsl.ir.circuit import INPUT, Circuit, Family
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, Stimulus
from circuitdsl.text.diagnostics import DiagnosticError, InputError, render
from circuitdsl.text.source import Source

if TYPE_CHECKING:
    from jax import Array

MOST_MEMBERS = 12
"""Target members whose kernels a row of the widget shows."""

MOST_IMAGES = 24
"""Images that a family answers while a slider moves."""

STYLE = (
    "<style>.dials polyline,.dials .rim{fill:none}.dials .rim{stroke:#bbb}"
    ".dials text{font:10px sans-serif;fill:currentColor}.dials figure{margin:0 1em 1em 0}</style>"
)

SCRIPT = """
function render({ model, el }) {
  const table = document.createElement("div");
  const pictures = document.createElement("div");
  const tuning = document.createElement("div");
  el.classList.add("dials");
  el.style.cssText = "display:flex;gap:1em";
  table.style.cssText = "max-height:32em;overflow-y:auto;flex:none";
  const answers = document.createElement("div");
  answers.style.cssText = "flex:1;min-width:0;max-height:32em;overflow:auto";
  answers.append(tuning, pictures);
  for (const dial of model.get("dials")) {
    const row = document.createElement("label");
    row.style.cssText = "display:grid;grid-template-columns:12em 16em 6em;gap:.5em";
    const slider = document.createElement("input");
    const value = document.createElement("output");
    Object.assign(slider, { type: "range", min: dial.low, max: dial.high });
    slider.step = (dial.high - dial.low) / 200;
    slider.value = dial.value;
    value.textContent = `${dial.value.toPrecision(3)} ${dial.unit}`;
    slider.addEventListener("input", () => {
      value.textContent = `${Number(slider.value).toPrecision(3)} ${dial.unit}`;
      model.set("settings", { ...model.get("settings"), [dial.name]: Number(slider.value) });
      model.save_changes();
    });
    row.append(dial.name, slider, value);
    table.append(row);
  }
  const show = () => {
    pictures.replaceChildren(
      ...model.get("pictures").map(({ name, address }) => {
        const figure = document.createElement("figure");
        const image = document.createElement("img");
        Object.assign(image, { src: address, alt: name });
        image.style.cssText = "image-rendering:pixelated;height:48px";
        figure.append(image, name);
        return figure;
      }),
    );
  };
  const answer = () => {
    tuning.innerHTML = model.get("tuning");
  };
  model.on("change:pictures", show);
  model.on("change:tuning", answer);
  show();
  answer();
  el.append(table, answers);
}
export default { render };
"""


def load_ipython_extension(ipython: Any) -> None:
    """Register `%%circ`; IPython calls this for `%load_ext circuitdsl`."""
    # IPython prints this error as one line, and runs no cell after it.
    from IPython.core.error import UsageError

    def circ(line: str, cell: str) -> Circuit:
        name = line.strip()
        if not name.isidentifier():
            raise UsageError("write `%%circ NAME`: the circuit will be in the variable NAME")
        # The circuit of a former run would answer for the one that has errors.
        ipython.user_ns.pop(name, None)
        result = check_source(Source(f"<{name}>", cell), FileLoader())
        sys.stderr.write("".join(render(finding) for finding in result.diagnostics))
        try:
            circuit = circuit_of(result, name)
        except DiagnosticError as error:
            raise UsageError(f"`{name}` is no circuit: see above") from error
        except InputError as error:
            raise UsageError(str(error)) from error
        ipython.user_ns[name] = circuit
        return circuit

    ipython.register_magic_function(circ, "cell", "circ")


def dials(circuit: Circuit) -> Any:
    """Sliders for the free dials of a circuit; its kernels and a tuning follow them.

    The tuning is that of the last family that is shown a drawn stimulus set. A family that says
    `calibrate` keeps the gain and bias that it has at the dials' defaults.

    Args:
        circuit: Any circuit.

    Returns:
        A widget, whose `settings` are those of the sliders; the circuit itself, which shows its
        picture, where anywidget is not installed.
    """
    if find_spec("anywidget") is None:
        return circuit
    import anywidget
    import traitlets

    turned = Kernels(circuit)
    answers = Answers.of(circuit)
    first = turned.arrays({})

    class Dials(anywidget.AnyWidget):
        """Sliders, kernels and a tuning."""

        _esm = SCRIPT
        dials = traitlets.List(traitlets.Dict(), turned.rows()).tag(sync=True)
        settings = traitlets.Dict({}).tag(sync=True)
        pictures = traitlets.List(traitlets.Dict(), turned.pictures(first)).tag(sync=True)
        tuning = traitlets.Unicode(answers.figure(first) if answers else "").tag(sync=True)

        @traitlets.observe("settings")
        def _follow(self, change: Any) -> None:
            arrays = turned.arrays(change["new"])
            self.pictures = turned.pictures(arrays)
            if answers is not None:
                self.tuning = answers.figure(arrays)

    return Dials()


class Kernels:
    """The kernels of a circuit at any setting of its dials."""

    def __init__(self, circuit: Circuit) -> None:
        """Prepare a circuit."""
        from circuitdsl.lowering.weights import lower

        self.circuit = circuit
        self.lowered = lower(circuit)

    def rows(self) -> list[dict[str, Any]]:
        """The free dials: name, unit, range and value."""
        return [
            {
                "name": dial.name,
                "unit": {"angle": "deg", "px": "px", "tap": "tap"}.get(dial.unit, ""),
                "low": dial.low,
                "high": dial.high,
                "value": dial.default,
            }
            for dial in self.circuit.dials
            if dial.free and dial.low is not None and dial.high is not None
        ]

    def arrays(self, settings: Mapping[str, float]) -> dict[str, Array]:
        """The circuit's arrays at some settings; other dials have their defaults."""
        return self.lowered(settings)

    def pictures(self, arrays: Mapping[str, Array]) -> list[dict[str, str]]:
        """A picture of each connection's kernels, a square for each of the first members."""
        import numpy as np

        from circuitdsl.reporting.drawn.pixels import image_kernels, kernel_matrix, png

        pictures: list[dict[str, str]] = []
        for connection in self.circuit.connections:
            kernel = np.asarray(arrays[connection.name], np.float64)[..., :MOST_MEMBERS]
            if connection.source == INPUT:
                pixels = image_kernels(kernel, kernel.shape[-1])
            else:
                pixels = kernel_matrix(kernel.sum(axis=2)[..., None])  # a column for each target
            pictures.append({"name": connection.name, "address": png(pixels)})
        return pictures


class Answers:
    """What the last family of a circuit answers to its stimulus set, for any arrays.

    Attributes:
        family: The family.
        stimulus: The set, thinned so that an answer takes less than a tenth of a second.
    """

    def __init__(self, circuit: Circuit, family: Family, stimulus: Stimulus) -> None:
        """Draw the set and calibrate the circuit, both once.

        Raises:
            DiagnosticError: the circuit cannot be calibrated.
        """
        import numpy as np

        from circuitdsl.measure.calibration import calibrate
        from circuitdsl.models.written.handwritten import build
        from circuitdsl.stimuli.centre import central, fitting_side
        from circuitdsl.stimuli.render import batches

        self.circuit, self.family, self.stimulus = circuit, family, stimulus
        solved = calibrate(build(circuit)).arrays
        backbone = circuit.backbone.geometry
        middle = central(backbone, family.layer, fitting_side(backbone, family.layer))
        place = middle.aside(circuit.centre_px(family.name))
        self.images = np.concatenate([np.asarray(part) for part in batches(stimulus, place)])
        self.index = middle.index
        self.kept = {
            f"{each.name}.{part}": solved[f"{each.name}.{part}"]
            for each in circuit.families
            if each.calibrate is not None
            for part in ("gain", "bias")
        }

    @classmethod
    def of(cls, circuit: Circuit) -> Answers | None:
        """The answers of a circuit; None for one that has no drawn set, or cannot be calibrated."""
        from circuitdsl.visualizing.tuning import sets_of, sparse

        for family in reversed(circuit.layers_in_order):
            drawn = [each for each in sets_of(circuit, family) if _is_drawn(each)]
            if drawn:
                try:
                    return cls(circuit, family, sparse(drawn[0], MOST_IMAGES))
                except DiagnosticError:
                    return None
        return None

    def figure(self, arrays: Mapping[str, Array]) -> str:
        """The tuning as a figure, HTML."""
        import numpy as np

        from circuitdsl.models.written.handwritten import forward
        from circuitdsl.reporting.drawn.plots import plot
        from circuitdsl.reporting.templating import rendered
        from circuitdsl.visualizing.tuning import row

        name = self.family.name
        maps = forward(self.circuit, {**arrays, **self.kept}, self.images, [name])[name]
        answers = np.asarray(maps, np.float64)[:, self.index, self.index]
        return STYLE + rendered("plot.html.j2", plot=plot(row(self.family, self.stimulus, answers)))


def _is_drawn(stimulus: Stimulus) -> bool:
    return stimulus.folder is None and stimulus.generator not in (ACTIVITY, PHOTOGRAPHS)
