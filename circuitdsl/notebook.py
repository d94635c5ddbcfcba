"""Notebooks: `%load_ext circuitdsl`, `%%circ NAME` over a circuit, and dials that can be turned.

In: cells. Out: circuits under their names; a widget with a slider for each free dial, whose kernels
follow, where anywidget is installed, and the circuit's picture where it is not.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from circuitdsl.checking.load import CheckResult, check_source, circuit_of
from circuitdsl.checking.names.imports import FileLoader
from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.text.diagnostics import DiagnosticError, InputError, render
from circuitdsl.text.source import Source

MOST_MEMBERS = 12
"""Target members whose kernels a row of the widget shows."""

SCRIPT = """
function render({ model, el }) {
  const table = document.createElement("div");
  const pictures = document.createElement("div");
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
  model.on("change:pictures", show);
  show();
  el.append(table, pictures);
}
export default { render };
"""


def load_ipython_extension(ipython: Any) -> None:
    """Register `%%circ`; IPython calls this for `%load_ext circuitdsl`."""

    def circ(line: str, cell: str) -> Circuit | None:
        name = line.strip()
        if not name.isidentifier():
            sys.stderr.write("write `%%circ NAME`: the circuit will be in the variable NAME\n")
            return None
        result = check_source(Source(f"<{name}>", cell), FileLoader())
        sys.stderr.write("".join(render(finding) for finding in result.diagnostics))
        circuit = _circuit(result, name)
        if circuit is not None:
            ipython.user_ns[name] = circuit
        return circuit

    ipython.register_magic_function(circ, "cell", "circ")


def _circuit(result: CheckResult, name: str) -> Circuit | None:
    """The circuit of a cell; None after saying why there is none."""
    try:
        return circuit_of(result, name)
    except DiagnosticError:
        return None  # its findings are printed
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return None


def dials(circuit: Circuit) -> Any:
    """Sliders for the free dials of a circuit, and its kernels, which follow them.

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

    class Dials(anywidget.AnyWidget):
        """Sliders and kernels."""

        _esm = SCRIPT
        dials = traitlets.List(traitlets.Dict(), turned.rows()).tag(sync=True)
        settings = traitlets.Dict({}).tag(sync=True)
        pictures = traitlets.List(traitlets.Dict(), turned.pictures({})).tag(sync=True)

        @traitlets.observe("settings")
        def _follow(self, change: Any) -> None:
            self.pictures = turned.pictures(change["new"])

    return Dials()


class Kernels:
    """The kernels of a circuit at any setting of its dials, compiled once."""

    def __init__(self, circuit: Circuit) -> None:
        """Compile a circuit."""
        import jax

        from circuitdsl.lowering.weights import lower

        self.circuit = circuit
        self.lowered = jax.jit(lower(circuit))

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

    def pictures(self, settings: dict[str, float]) -> list[dict[str, str]]:
        """A picture of each connection's kernels, a square for each of the first members."""
        import numpy as np

        from circuitdsl.reporting.drawn.pixels import image_kernels, kernel_matrix, png

        # always every dial, so that it is one program whatever has been turned
        arrays = self.lowered({row["name"]: row["value"] for row in self.rows()} | settings)
        pictures: list[dict[str, str]] = []
        for connection in self.circuit.connections:
            kernel = np.asarray(arrays[connection.name], np.float64)[..., :MOST_MEMBERS]
            if connection.source == INPUT:
                pixels = image_kernels(kernel, kernel.shape[-1])
            else:
                pixels = kernel_matrix(kernel.sum(axis=2)[..., None])  # a column for each target
            pictures.append({"name": connection.name, "address": png(pixels)})
        return pictures
