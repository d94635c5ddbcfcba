import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image
from typer.testing import CliRunner

from circuitdsl.cli import app
from circuitdsl.stimuli import photographs
from circuitdsl.stimuli.photographs import open_images, read_image
from circuitdsl.text.diagnostics import InputError


def _image(path: Path, size: tuple[int, int] = (40, 30), seed: int = 0) -> np.ndarray:
    """Write a picture; what was written."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return values


@pytest.fixture
def folder(tmp_path) -> Path:
    for number in range(12):
        _image(tmp_path / f"n{number % 4:08d}" / f"photo{number}.png", seed=number)
    (tmp_path / "n00000001" / "notes.txt").write_text("no image")
    return tmp_path


def test_an_image_is_its_centre_square_bilinearly_resized(tmp_path):
    values = _image(tmp_path / "wide.png", (40, 30))
    square = values[:, 5:35]
    np.testing.assert_array_equal(read_image(tmp_path / "wide.png", 30), square)
    resized = Image.fromarray(square).resize((224, 224), Image.Resampling.BILINEAR)
    found = read_image(tmp_path / "wide.png")
    assert (found.shape, found.dtype) == ((224, 224, 3), np.float32)
    np.testing.assert_array_equal(found, np.asarray(resized, np.float32))
    tall = _image(tmp_path / "tall.png", (8, 11))
    np.testing.assert_array_equal(read_image(tmp_path / "tall.png", 8), tall[1:9])


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    Image.new("RGB", (20, 20), (200, 100, 50)).convert(mode).save(path)
    assert read_image(path, 16).shape == (16, 16, 3)


def test_images_come_in_order_of_their_paths_with_their_labels(folder):
    images = open_images(folder)
    names = [path.relative_to(folder).as_posix() for path in images.paths]
    assert len(names) == 12
    assert names == sorted(names)
    batches = list(images.batches(5, side=16))
    assert [batch.count for batch in batches] == [5, 5, 2]
    assert [batch.images.shape for batch in batches] == [(5, 16, 16, 3)] * 3
    assert [batch.real.shape for batch in batches] == [(n, 16, 16, 3) for n in (5, 5, 2)]
    assert [name for batch in batches for name in batch.names] == names
    assert [place for batch in batches for place in batch.places] == list(range(12))
    labels = [label for batch in batches for label in batch.labels]
    assert labels == [name.split("/")[0] for name in names]
    np.testing.assert_array_equal(batches[1].images[0], read_image(images.paths[5], 16))


def test_a_limit_takes_an_even_spread(folder):
    every = open_images(folder).paths
    assert open_images(folder, 4).paths == (every[0], every[3], every[6], every[9])
    assert {path.parent.name for path in open_images(folder, 4).paths} == {
        f"n{number:08d}" for number in range(4)
    }
    assert open_images(folder, 100).paths == every
    with pytest.raises(InputError, match="a limit of 0 images"):
        open_images(folder, 0)


def test_a_flat_folder_has_images_without_labels(tmp_path):
    _image(tmp_path / "b.png")
    _image(tmp_path / "a.JPG")
    batch = next(open_images(tmp_path).batches(8, side=8))
    assert batch.names == ("a.JPG", "b.png")
    assert batch.labels == ("", "")


def test_a_broken_image_is_named_once_and_left_out(folder):
    broken = folder / "n00000002" / "photo2.png"
    broken.write_bytes(broken.read_bytes()[:200])
    text = folder / "n00000003" / "text.jpg"
    text.write_text("this is no picture")
    images = open_images(folder)
    for _ in range(2):
        assert sum(batch.count for batch in images.batches(4, side=8)) == 11
        assert set(images.skipped) == {broken, text}
    assert "truncated" in images.skipped[broken]


def test_a_picture_that_says_it_is_enormous_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    _image(folder / "n00000000" / "huge.png", (80, 80))
    images = open_images(folder)
    with pytest.raises(InputError, match="none of the 13 image files"):
        list(images.batches())
    assert len(images.skipped) == 13


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        open_images(tmp_path)
    assert caught.value.message == f"{tmp_path} holds no images"
    with pytest.raises(InputError, match="there is no image folder"):
        open_images(tmp_path / "none")


def test_a_folder_of_broken_images_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        list(open_images(tmp_path).batches())
    assert caught.value.message == f"none of the 1 image files in {tmp_path} can be read"
    assert caught.value.why.startswith("a.png: ")


# ---- files that are more, or less, than they look


def _ramp() -> np.ndarray:
    """A picture whose grey rises from 0 to 255, `[16, 16]`."""
    return np.arange(256.0).reshape(16, 16)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("grey16.png", lambda ramp: (ramp * 257).astype(np.uint16)),
        ("int32.tif", lambda ramp: (ramp * 257).astype(np.int32)),
        ("bytes_in_int32.tif", lambda ramp: ramp.astype(np.int32)),
        ("unit_float.tif", lambda ramp: (ramp / 255).astype(np.float32)),
        ("float.tif", lambda ramp: ramp.astype(np.float32)),
    ],
)
def test_deep_pictures_are_neither_white_nor_black(tmp_path, name, stored):
    Image.fromarray(stored(_ramp())).save(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name, 16)[..., 1], _ramp())


def test_values_of_an_unknown_range_are_refused(tmp_path):
    for number, values in enumerate((_ramp() * 1e6, _ramp() - 3)):
        path = tmp_path / f"{number}.tif"
        Image.fromarray(values.astype(np.float32)).save(path)
        with pytest.raises(InputError) as caught:
            read_image(path, 16)
        assert "0..1, 0..255 or 0..65535 are read" in caught.value.why


def test_a_photograph_is_turned_as_its_exif_says(tmp_path):
    values = _image(tmp_path / "upright.png", (16, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(np.rot90(values)).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png", 16), values)


def test_no_file_starts_ghostscript(tmp_path, monkeypatch):
    started: list[str] = []
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", "gs")
    monkeypatch.setattr(EpsImagePlugin, "has_ghostscript", lambda: True)
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *parts, **more: started.append("gs"))
    path = tmp_path / "photo.jpg"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n"
        b"0 0 20 20 rectfill\nshowpage\n%%EOF\n"
    )
    with pytest.raises(InputError, match="is no image"):
        read_image(path, 16)
    assert started == []


def test_a_broken_avif_called_jpg_is_left_out(folder):
    """Its plugin raises what no other does, so it is never asked."""
    broken = folder / "n00000000" / "broken.jpg"
    broken.write_bytes(b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(200))
    images = open_images(folder)
    assert sum(batch.count for batch in images.batches(4, side=8)) == 12
    assert list(images.skipped) == [broken]


def test_a_broken_tiff_is_one_message(tmp_path, monkeypatch, capsys):
    path = tmp_path / "many.tif"
    # the tag of samples per pixel
    Image.new("RGB", (4, 4)).save(path)
    whole = path.read_bytes()
    entry = (277).to_bytes(2, "little") + (3).to_bytes(2, "little")
    at = whole.index(entry) + 8
    path.write_bytes(whole[:at] + (500).to_bytes(2, "little") + whole[at + 2 :])
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as it is outside of pytest
    with pytest.raises(InputError):
        read_image(path, 16)
    assert capsys.readouterr().err == ""


def test_names_that_are_no_text_are_read_and_printed(tmp_path):
    folder = os.fsencode(tmp_path) + b"/disc\xff"
    Path(os.fsdecode(folder)).mkdir()
    for number in range(2):
        Image.new("L", (9, 9), number).save(os.fsdecode(folder + b"/\xfe%d.png" % number))
    Path(os.fsdecode(folder + b"/broken\xfd.png")).write_text("no picture")
    images = open_images(tmp_path)
    assert sum(batch.count for batch in images.batches(2, 16)) == 2
    done = CliRunner().invoke(app, ["images", "check", str(tmp_path), "--model", "tiny"])
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert r"broken\udcfd.png: cannot identify image file" in done.stdout


def test_class_folders_behind_links_are_read_once(folder, tmp_path_factory):
    linked = tmp_path_factory.mktemp("linked")
    (linked / "n00000001").symlink_to(folder / "n00000001", target_is_directory=True)
    (linked / "n00000002").mkdir()
    (linked / "n00000002" / "round").symlink_to(linked, target_is_directory=True)
    _image(linked / "n00000002" / "photo.png")
    names = [path.relative_to(linked).as_posix() for path in open_images(linked).paths]
    assert names == [
        "n00000001/photo1.png",
        "n00000001/photo5.png",
        "n00000001/photo9.png",
        "n00000002/photo.png",
    ]


def test_threads_decode_ahead_and_stop_when_nobody_looks(folder, monkeypatch):
    read: list[str] = []
    real = photographs.decoded

    def noted(content, name, cut):
        read.append(name)
        return real(content, name, cut)

    monkeypatch.setattr(photographs, "decoded", noted)
    batches = open_images(folder).batches(2, side=8)
    next(batches)
    batches.close()
    assert 2 <= len(read) <= 6  # of 12: the batch, and as much again and again ahead
