"""Sweeps that are killed and interrupted at random moments: what they leave, and what they come to.

    python benchmarks/kills.py [--seed 0] [--kills 20] [--interrupts 40] [--photographs 192]

`circuitdsl sweep --model tiny --workers 2` over images of noise. Each kill sends SIGKILL while the
photographs are gone through, in turn to the command, to one of its workers and to all of them; then
the same command is given again. The moment is drawn: as soon as so many shards are finished, and
up to the time that a shard takes after that. A run that is done before is no kill, and another
moment is drawn. A kill is a fault if the table has other bytes than that of a run that nobody
killed, if a process of the killed run is left after `LINGER_S`, or a file that a whole run does not
leave. Each interrupt sends SIGINT, as Ctrl-C does, to a sweep of one process and to
all that it started: it ends with 130 and one line, or with 0 if it was done, or by the signal
itself if Python was not up yet; anything else is a fault. Exits 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from circuitdsl.models.outputs import labels
from circuitdsl.stimuli.batches import SIZE

LINGER_S = 10.0
SHARD_S = 0.3
"""About the time that a shard takes."""

UNITS = "mixed3b_1x1[0..7]"
VICTIMS = ("command", "worker", "everything")


def photographs_in(folder: Path, count: int) -> Path:
    """Images of noise, of three classes."""
    for number in range(count):
        path = folder / labels("tiny")[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).resize((224, 224)).save(path)
    return folder


def started(images: Path, table: Path, workers: int) -> subprocess.Popen[bytes]:
    """A sweep in a session of its own."""
    said = ["--units", UNITS, "--images", str(images), "-o", str(table), "--workers", str(workers)]
    return subprocess.Popen(
        [sys.executable, "-m", "circuitdsl", "sweep", "--model", "tiny", *said],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,  # a few lines: no reader is needed for the command to go on
        start_new_session=True,
    )


def members(session: int) -> list[int]:
    """The processes of a session that run, but for the one that opened it."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True, check=False
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, state in rows if int(pid) != session and state[0] != "Z"]


def lingering(session: int) -> list[int]:
    """The processes of a session that are left after a while."""
    end = time.monotonic() + LINGER_S
    while (left := members(session)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def killed(process: subprocess.Popen[bytes], victim: str, generator: random.Random) -> bool:
    """Kill some of a run; whether there was something to kill."""
    if process.poll() is not None:
        return False
    if victim == "command":
        process.kill()
    elif victim == "everything":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        workers = members(process.pid)
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(generator.choice(workers), signal.SIGKILL)
    return True


def finished(store: Path) -> list[Path]:
    """The shards of a sweep that lie there."""
    return list(store.rglob("shard-*.safetensors"))


def faults_of_kill(
    images: Path, folder: Path, victim: str, shards: int, generator: random.Random
) -> tuple[int | None, list[str]]:
    """How many shards a run had finished when it was killed, and what is wrong with what it left.

    None if it was done before.
    """
    table = folder / "table.csv"
    store = table.with_name(f"{table.name}.shards")
    after, wait_s = generator.randrange(shards), generator.uniform(0, SHARD_S)
    process = started(images, table, 2)
    # the folder is there once photographs are gone through, and gone when they are done
    while process.poll() is None and not (store.exists() and len(finished(store)) >= after):
        time.sleep(0.005)
    time.sleep(wait_s)
    done = len(finished(store)) if store.exists() else None
    if not killed(process, victim, generator):
        done = None
    process.wait()
    left = lingering(process.pid)
    faults = [f"{len(left)} processes are left"] if left else []
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    again = started(images, table, 2)
    _, said = again.communicate()
    if again.returncode:
        faults.append(f"the second run exits {again.returncode}: {said.decode()[-300:]}")
    kept = {table.name, f"{table.name}.json"}
    extra = [path.name for path in folder.iterdir() if path.name not in kept]
    return done, [*faults, *(f"{name} is left" for name in extra)]


def kills(images: Path, photographs: int, count: int, generator: random.Random) -> int:
    """Kill runs; the number of faults."""
    faults, missed, shards = 0, 0, -(-photographs // SIZE)
    finished_then: dict[str, list[int]] = {victim: [] for victim in VICTIMS}
    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "table.csv"
        started(images, table, 2).communicate()
        expected = table.read_bytes()
    number = 0
    while number < count:
        victim = VICTIMS[number % len(VICTIMS)]
        with tempfile.TemporaryDirectory() as name:
            done, wrong = faults_of_kill(images, Path(name), victim, shards, generator)
            if (Path(name) / "table.csv").read_bytes() != expected:
                wrong.append("the table has other bytes")
        faults += bool(wrong)
        for line in wrong:
            print(f"kill {number} ({victim}, {done} shards): {line}", flush=True)
        if done is None:
            missed += 1
            continue
        finished_then[victim].append(done)
        number += 1
    told = "; ".join(
        f"{len(then)} of {victim} after {', '.join(map(str, sorted(then)))}"
        for victim, then in finished_then.items()
    )
    print(
        f"{count} kills while {shards} shards were folded ({told} shards), {missed} moments too "
        f"late: {faults} faults",
        flush=True,
    )
    return faults


def interrupts(images: Path, count: int, generator: random.Random) -> int:
    """Interrupt runs; the number of faults."""
    faults = 0
    codes: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        started(images, Path(name) / "table.csv", 1).communicate()
        length_s = time.perf_counter() - start
        for number in range(count):
            table = Path(name) / f"{number}.csv"
            wait_s = generator.uniform(0, length_s)
            process = started(images, table, 1)
            time.sleep(wait_s)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate()
            codes[process.returncode] += 1
            early = process.returncode == -signal.SIGINT
            if not early and (process.returncode not in (0, 130) or b"Traceback" in said):
                faults += 1
                told = said.decode(errors="replace")[-500:]
                print(f"interrupt {number} after {wait_s:.2f} s: {process.returncode} {told}")
    told = ", ".join(f"{times} exit {code}" for code, times in sorted(codes.items()))
    print(f"{count} interrupts within {length_s:.1f} s: {told}; {faults} faults", flush=True)
    return faults


def main() -> int:
    """Kill, interrupt, and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--interrupts", type=int, default=40)
    parser.add_argument("--photographs", type=int, default=192)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    print(f"seed {options.seed}")
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        images = photographs_in(Path(name), options.photographs)
        if options.kills:
            faults += kills(images, options.photographs, options.kills, generator)
        if options.interrupts:
            faults += interrupts(images, options.interrupts, generator)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
