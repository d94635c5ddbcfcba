from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
