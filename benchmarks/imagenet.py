"""A pass over as many photographs as ImageNet's validation set has: memory, start, resumption.

    python benchmarks/imagenet.py [--images DIR] [--names 50000] [--few 1000] [--kinds folder tar]

A thousand small images (thumbnails of the photographs of DIR, or noise) stand under many names: in
a folder as symbolic links, in a `.tar` file as links to earlier entries, in a parquet file as rows.
`circuitdsl.accuracy("tiny", ...)` goes through `--few` and through all of them, each in a process
of its own, after a run that nobody looks at: it compiles, which takes memory of its own. Printed
for each: the seconds until the first batch is done, images a second after that, processor time for
an image in both halves of the run, the most memory that was held, and how long the same command
takes when its shards are there but for the last. Exits 1 if memory grows by more than 5 %, or a
start or a resumption takes over 10 s.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet

from circuitdsl.models.outputs import labels
from circuitdsl.stimuli.photographs import Cut, open_images

KINDS = ("folder", "tar", "parquet")
THUMBNAIL_PX = 96
GROWTH = 1.05
LIMIT_S = 10.0

CHILD = """
import json, sys, time
start = float(sys.argv[3])
rows = []
def told(line):
    seen, total = (int(word) for word in line.split() if word.isdigit())
    rows.append((seen, total, time.time() - start, time.process_time()))
import circuitdsl
result = circuitdsl.accuracy("tiny", sys.argv[1], store=sys.argv[2], progress=told)
end = time.time() - start
# not `ru_maxrss`, which a process takes over from the one that starts it
(peak,) = (int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
print(json.dumps({"rows": rows, "end": end, "peak_mb": peak / 1024}))
"""


def thumbnails(images: Path | None) -> list[bytes]:
    """A thousand small images as JPEG."""
    contents: list[bytes] = []
    shown = None if images is None else open_images(images, limit=1000)
    for number in range(1000 if shown is None else len(shown)):
        if shown is None:
            pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), np.uint8)
        else:
            pixels = shown.read(shown.name(number), Cut(THUMBNAIL_PX)).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).resize((THUMBNAIL_PX, THUMBNAIL_PX)).save(stream, "JPEG")
        contents.append(stream.getvalue())
    return contents


def names_of(count: int) -> list[str]:
    """So many names, in folders named by the labels of `tiny`."""
    known = labels("tiny")
    return [f"{known[number % len(known)]}/{number:06d}.jpg" for number in range(count)]


def written(kind: str, folder: Path, contents: list[bytes], count: int) -> Path:
    """Images of a kind under so many names."""
    if kind == "folder":
        originals = folder / "originals"
        originals.mkdir(exist_ok=True)
        for number, content in enumerate(contents):
            (originals / f"{number}.jpg").write_bytes(content)
        target = folder / f"folder-{count}"
        for number, name in enumerate(names_of(count)):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(originals / f"{number % len(contents)}.jpg")
    elif kind == "tar":
        target = folder / f"{count}.tar"
        names = names_of(count)
        archive: Any
        with tarfile.open(target, "w") as archive:
            for number, name in enumerate(names):
                entry = tarfile.TarInfo(name)
                if number < len(contents):
                    entry.size = len(contents[number])
                    archive.addfile(entry, io.BytesIO(contents[number]))
                else:
                    entry.type, entry.linkname = tarfile.LNKTYPE, names[number % len(contents)]
                    archive.addfile(entry)
                archive.members.clear()
    else:
        target = folder / f"{count}.parquet"
        classes = [name.partition("/")[0] for name in names_of(count)]
        rows = [{"bytes": contents[n % len(contents)], "path": f"{n}.jpg"} for n in range(count)]
        # groups of a hundred rows, as Hugging Face writes images
        table = pyarrow.table({"image": rows, "label": classes})
        parquet.write_table(table, target, row_group_size=100)
    return target


def run(images: Path, store: Path) -> dict[str, float]:
    """One pass in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(images), str(store), repr(time.time())],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    if done.returncode:
        sys.exit(done.stderr)
    told = json.loads(done.stdout)
    rows = told["rows"]
    (seen, total, first_s, _), middle, last = rows[0], rows[len(rows) // 2], rows[-1]
    halves = [
        1000 * (end[3] - begin[3]) / max(end[0] - begin[0], 1)
        for begin, end in ((rows[0], middle), (middle, last))
    ]
    return {
        "start_s": first_s,
        "rate": (total - seen) / (told["end"] - first_s),
        "first_ms": halves[0],
        "second_ms": halves[1],
        "peak_mb": told["peak_mb"],
        "end_s": told["end"],
    }


def measured(kind: str, folder: Path, contents: list[bytes], counts: tuple[int, int]) -> bool:
    """Print what few and many images take; whether many take no more memory than few."""
    sound, peaks = True, []
    for count in counts:
        images, store = written(kind, folder, contents, count), folder / f"{kind}-{count}-shards"
        row = run(images, store)
        max(store.glob("shard-*.safetensors")).unlink()
        resumed = run(images, store)
        print(
            f"  {kind:8s}{count:7d} images: start {row['start_s']:5.1f} s, {row['rate']:6.0f} "
            f"images/s, {row['first_ms']:.1f} and {row['second_ms']:.1f} ms of processor an image, "
            f"{row['peak_mb']:6.0f} MB; all but the last shard there: "
            f"{resumed['end_s']:5.1f} s, {resumed['peak_mb']:6.0f} MB",
            flush=True,
        )
        peaks.append(row["peak_mb"])
        sound &= row["start_s"] < LIMIT_S and resumed["end_s"] < LIMIT_S
    growth = peaks[1] / peaks[0]
    print(
        f"  {kind:8s}memory of {counts[1]} over that of {counts[0]}: {growth - 1:+.1%}", flush=True
    )
    return sound and growth <= GROWTH


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--names", type=int, default=50_000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    contents = thumbnails(options.images)
    sound = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(written("folder", folder, contents, 64), folder / "compiled-shards")
        for kind in options.kinds:
            counts = (options.few, options.names)
            sound &= measured(kind, folder, contents, counts)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
