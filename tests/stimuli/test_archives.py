"""The same photographs in a folder, in `.tar` files, in parquet and in an archive of arrays."""

from __future__ import annotations

import contextlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint
from circuitdsl.text.diagnostics import InputError

CLASSES = ("n01440764", "n01443537", "n02102040")


def _pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (20, 20, 3), np.uint8)


def _png(number: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(_pixels(number)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    for number in range(9):
        path = root / CLASSES[number // 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_png(number))
    (root / CLASSES[2] / "9.png").write_text("no picture")
    return root


def tar(folder: Path) -> Path:
    path = folder.with_name("one.tar")
    with tarfile.open(path, "w") as archive:
        for file in sorted(folder.rglob("*.png"), reverse=True):
            archive.add(file, file.relative_to(folder).as_posix())
    return path


def tars(folder: Path) -> Path:
    """One `.tar` file for each class, as ImageNet comes; flat inside."""
    target = folder.with_name("several")
    target.mkdir()
    for inner in sorted(folder.iterdir()):
        with tarfile.open(target / f"{inner.name}.tar", "w") as archive:
            for file in inner.iterdir():
                archive.add(file, file.name)
    return target


def web_dataset(folder: Path) -> Path:
    path = folder.with_name("web.tar")
    with tarfile.open(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.add(file, file.name)
            entry = tarfile.TarInfo(f"{file.stem}.cls")
            label = file.parent.name.encode()
            entry.size = len(label)
            archive.addfile(entry, io.BytesIO(label))
    return path


def linked(folder: Path) -> Path:
    """A second name for each photograph is an entry that links to the first."""
    path = folder.with_name("linked.tar")
    with tarfile.open(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.add(file, f"data/{file.name}")
            entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
            entry.type, entry.linkname = tarfile.LNKTYPE, f"data/{file.name}"
            archive.addfile(entry)
    return path


def parquet(folder: Path, label: Callable[[str], object] = str) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as files

    target = folder.with_name("parquet")
    target.mkdir(exist_ok=True)
    images = sorted(folder.rglob("*.png"))
    for number, part in enumerate((images[:4], images[4:])):
        rows = [{"bytes": file.read_bytes(), "path": file.name} for file in part]
        table = pyarrow.table({"image": rows, "label": [label(f.parent.name) for f in part]})
        files.write_table(table, target / f"part-{number}.parquet", row_group_size=3)
    return target


def shown(images: ImageSet) -> list[tuple[str, bytes]]:
    """The label and the pixels of every readable image."""
    return [
        (label, pixels.tobytes())
        for batch in images.batches(4, side=20)
        for label, pixels in zip(batch.labels, batch.real, strict=True)
    ]


@pytest.mark.parametrize("pack", [tar, tars, web_dataset, parquet])
def test_archives_give_what_the_folder_gives(folder: Path, pack: Callable[[Path], Path]) -> None:
    images = open_images(folder)
    expected = shown(images)
    archive = open_images(pack(folder))
    assert len(archive) == len(images) == 10
    assert archive.labels == images.labels == CLASSES
    assert shown(archive) == expected
    assert len(expected) == 9
    assert [why for _, why in archive.left_out] != []
    assert shown(pickle.loads(pickle.dumps(archive))) == expected
    some = archive.some([8, 0])
    assert shown(some) == [expected[8], expected[0]]
    assert [len(line.split()) for line in archive.listed(range(10))] == [2] * 10


def test_entries_that_link_to_earlier_ones_are_those(folder: Path) -> None:
    images = open_images(linked(folder))
    assert len(images) == 20
    names = [name for name in images.paths.names if not name.startswith("data/")]
    for name in names[:9]:
        number = int(Path(name).stem)
        assert (images.read(name, Cut(20)) == _pixels(number)).all()


def test_an_entry_that_links_to_nothing_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("a.png")
        entry.type, entry.linkname = tarfile.LNKTYPE, "b.png"
        archive.addfile(entry)
    with pytest.raises(InputError, match="damaged"):
        open_images(tmp_path / "a.tar")


def test_arrays_are_images_too(tmp_path: Path) -> None:
    pixels = np.stack([_pixels(number) for number in range(5)])
    np.savez_compressed(tmp_path / "a.npz", images=pixels, labels=[3, 1, 2, 0, 3])
    images = open_images(tmp_path / "a.npz", classes=["a", "b", "c", "d"])
    assert [label for label, _ in shown(images)] == ["d", "b", "c", "a", "d"]
    assert [part for _, part in shown(images)] == [p.astype(np.float32).tobytes() for p in pixels]
    grey = tmp_path / "grey.npz"
    np.savez(grey, images=pixels[..., 0])
    (batch,) = open_images(grey).batches(8, side=20)
    assert (batch.real[..., 0] == batch.real[..., 2]).all()
    assert batch.labels == ("",) * 5


def test_numbers_are_classes_by_a_list_alone(folder: Path) -> None:
    packed = parquet(folder, CLASSES.index)
    assert open_images(packed).labels == ("0", "1", "2")
    assert open_images(packed, classes=CLASSES).labels == CLASSES
    with pytest.raises(InputError, match="is of class 2, and the list of classes has 2"):
        _ = open_images(packed, classes=CLASSES[:2]).labels


@pytest.mark.parametrize("name", ["a.tar", "a.parquet", "a.npz"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    if name == "a.parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    for content in (b"", b"no archive", np.random.default_rng(0).bytes(5000)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"is no \w+ file of images|holds no images"):
            open_images(path)
    (tmp_path / "a.txt").write_text("no archive")
    with pytest.raises(InputError, match="neither a folder of images nor an archive"):
        open_images(tmp_path / "a.txt")


def test_arrays_of_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    wrong = [
        {"pixels": np.zeros((1, 2, 2), np.uint8)},
        {"images": np.zeros((1, 2, 2), np.float32)},
        {"images": np.zeros((1, 2, 2, 5), np.uint8)},
        {"images": np.zeros((2, 2, 2), np.uint8), "labels": [1]},
        {"images": np.array([{}])},
    ]
    for arrays in wrong:
        np.savez(path, **arrays)
        with pytest.raises(InputError, match="is no npz file of images"):
            open_images(path)


def test_one_photograph_in_two_kinds_of_places_is_one(folder: Path) -> None:
    packed = open_images(tar(folder))
    with pytest.raises(InputError, match="is in both"):
        check_disjoint(packed, open_images(folder).some([4]))
    check_disjoint(packed.some(range(3)), open_images(folder).some(range(3, 9)))


def test_damaged_archives_give_images_or_one_message(folder: Path, tmp_path: Path) -> None:
    """What `benchmarks/fuzz_images.py` does at length."""
    np.savez_compressed(tmp_path / "a.npz", images=np.stack([_pixels(n) for n in range(4)]))
    for sound in (tar(folder), tmp_path / "a.npz"):
        content = sound.read_bytes()
        path = tmp_path / f"damaged{sound.suffix}"
        for seed in range(60):
            generator = np.random.default_rng(seed)
            data = bytearray(content)
            for at in generator.integers(0, len(data), 4):
                data[at] ^= 1 << int(generator.integers(0, 8))
            path.write_bytes(data)
            with contextlib.suppress(InputError):
                shown(open_images(path))
