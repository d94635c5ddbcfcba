"""Broken images and containers: whatever is read gives pixels or one message, and quickly.

    python benchmarks/fuzz_images.py [--cases 1000] [--seed 0]

Small images of each format, and `.tar`, parquet and `.npz` archives of them, have bits flipped,
parts cut out, doubled and overwritten. A case is a fault if anything but an `InputError` is raised,
or if it takes more than `SLOW_S` of processor time. Exits 1 if there is one, and says which case it
was.
"""

from __future__ import annotations

import argparse
import io
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet

from circuitdsl.stimuli.photographs import open_images, read_image
from circuitdsl.text.diagnostics import InputError

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "bmp": "BMP", "gif": "GIF", "tif": "TIFF"}
SLOW_S = 5.0


def sound(folder: Path) -> list[Path]:
    """One sound file of each kind."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), np.uint8)
    files: list[Path] = []
    for suffix, name in FORMATS.items():
        files.append(folder / f"sound.{suffix}")
        Image.fromarray(pixels[0]).save(files[-1], name)
    stream = io.BytesIO()
    Image.fromarray(pixels[0]).save(stream, "PNG")
    files.append(folder / "sound.tar")
    with tarfile.open(files[-1], "w") as archive:
        for number in range(3):
            entry = tarfile.TarInfo(f"n0/{number}.png")
            entry.size = len(stream.getvalue())
            archive.addfile(entry, io.BytesIO(stream.getvalue()))
    files.append(folder / "sound.npz")
    np.savez_compressed(files[-1], images=pixels, labels=np.arange(4))
    files.append(folder / "sound.parquet")
    rows = [{"bytes": stream.getvalue(), "path": "a.png"}] * 4
    parquet.write_table(pyarrow.table({"image": rows, "label": [0, 1, 2, 3]}), files[-1])
    return files


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """A file with a few accidents."""
    data = bytearray(content)
    for _ in range(int(generator.integers(1, 6))):
        at = int(generator.integers(0, max(len(data), 1)))
        length = int(generator.integers(1, 64))
        match int(generator.integers(0, 5)):
            case 0 if data:
                data[at % len(data)] ^= 1 << int(generator.integers(0, 8))
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at : at + length] = generator.bytes(length)
            case _:
                del data[at:]
    return bytes(data)


def read(path: Path) -> None:
    """Read whatever a file holds."""
    if path.suffix[1:] in FORMATS:
        read_image(path, 16)
    else:
        for _ in open_images(path).batches(4, 16):
            pass


def main() -> int:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults = refused = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        files = [(path.suffix, path.read_bytes()) for path in sound(Path(name))]
        for case in range(options.cases):
            generator = np.random.default_rng([options.seed, case])
            suffix, content = files[case % len(files)]
            path = Path(name) / f"case{suffix}"
            path.write_bytes(mutated(content, generator))
            start = time.process_time()
            try:
                read(path)
            except InputError:
                refused += 1
            except Exception as error:
                faults += 1
                print(f"case {case} ({suffix}): {type(error).__name__}: {error}")
            seconds = time.process_time() - start
            slowest = max(slowest, seconds)
            if seconds > SLOW_S:
                faults += 1
                print(f"case {case} ({suffix}): {seconds:.1f} s")
    print(
        f"seed {options.seed}: {options.cases} cases of {len(files)} kinds, {refused} refused, "
        f"{faults} faults, slowest {slowest:.2f} s"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
