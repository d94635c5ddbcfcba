"""Broken weight files: whatever is read gives weights or one message, and quickly.

    python benchmarks/fuzz_weights.py [--cases 1000] [--seed 0]

The weights of a small network as safetensors, `.npz`, ONNX, GraphDef and HDF5 have bits flipped,
parts cut out, doubled and overwritten. A case is a fault if anything but an `InputError` is
raised, if it takes more than `SLOW_S` of processor time, or if the process grows by `LARGE_MB`.
Exits 1 if there is one, and says which case it was.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import h5py
import numpy as np
from fuzz_images import mutated
from graphdefs import graphdef
from onnx_models import onnx
from safetensors.numpy import save
from two_blocks import TWO, two_weights

from circuitdsl.models.files.weights import read_weights
from circuitdsl.text.diagnostics import InputError

SLOW_S, LARGE_MB = 5.0, 500.0
KINDS = ("safetensors", "npz", "onnx", "pb", "h5")


def sound(folder: Path) -> dict[str, bytes]:
    """The bytes of a sound file of each kind; of HDF5, of the first tensor's."""
    weights = two_weights()
    np.savez_compressed(folder / "sound.npz", **weights)
    dump = folder / "h5"
    dump.mkdir()
    for name, values in weights.items():
        with h5py.File(dump / f"{name}.h5", "w") as file:
            file[name] = np.moveaxis(values, -1, 0)
    return {
        "safetensors": save(weights),
        "npz": (folder / "sound.npz").read_bytes(),
        # kernels there lie as PyTorch has them
        "onnx": onnx(
            {
                name: np.moveaxis(values, (-1, -2), (0, 1)) if values.ndim > 1 else values
                for name, values in weights.items()
            }
        ),
        "pb": graphdef(weights),
        "h5": (dump / f"{next(iter(weights))}.h5").read_bytes(),
    }


def placed(folder: Path, kind: str, content: bytes) -> Path:
    """Write a file; what to read then."""
    if kind == "h5":
        (folder / "h5" / f"{next(iter(two_weights()))}.h5").write_bytes(content)
        return folder / "h5"
    path = folder / f"case.{kind}"
    path.write_bytes(content)
    return path


def megabytes() -> float:
    """The largest size that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults, slowest = 0, 0.0
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sound(folder)
        for kind, content in files.items():
            read_weights(placed(folder, kind, content), TWO)
        for case in range(options.cases):
            generator = np.random.default_rng([options.seed, case])
            kind = KINDS[case % len(KINDS)]
            path = placed(folder, kind, mutated(files[kind], generator))
            start, size = time.process_time(), megabytes()
            wrong = ""
            try:
                read_weights(path, TWO)
            except InputError:
                refused[kind] += 1
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            seconds, grown = time.process_time() - start, megabytes() - size
            slowest = max(slowest, seconds)
            if seconds > SLOW_S or grown > LARGE_MB:
                wrong = f"{seconds:.1f} s, {grown:.0f} MB"
            if wrong:
                faults += 1
                print(f"case {case} ({kind}): {wrong}", flush=True)
    told = ", ".join(f"{refused[kind]} {kind}" for kind in KINDS)
    print(
        f"seed {options.seed}: {options.cases} cases, refused: {told}; {faults} faults, "
        f"slowest {slowest:.2f} s"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
