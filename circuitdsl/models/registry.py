"""The trained networks that have names, and where their weights are found.

In: a model's name, perhaps a path. Out: its `Network`, its path, its labels. Weights are looked for
in this order: the path that the caller gives, the folders of the environment variable
`CIRCUITDSL_MODELS`, the user's cache, the package.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.files.download import Remote, file_sha256
from circuitdsl.models.files.weights import (
    DIGEST_KEY,
    GRAPH_MEMBER,
    read_metadata,
    read_weights,
    tensors_digest,
)
from circuitdsl.text.caches import user_cache
from circuitdsl.text.diagnostics import InputError, suggestion

if TYPE_CHECKING:
    from circuitdsl.models.network import Network

AUTO = "auto"
"""Names the best model whose weights are here."""

FOLDERS_VARIABLE = "CIRCUITDSL_MODELS"
_PACKAGE = Path(str(files("circuitdsl.models")))


@dataclass(frozen=True)
class Model:
    """A trained network.

    Attributes:
        name: What users call it.
        backbone: Its architecture, a key of `BACKBONES`.
        summary: One line on what it is.
        file_names: What its weights may be called in a folder, the preferred name first.
        remotes: The published files; empty for a model that is shipped.
        joined: The published files are parts that are joined into one safetensors file.
        file_digests: SHA-256 of published files by local name.
        tensor_digest: SHA-256 of the tensors (`weights.tensors_digest`), where it is known.
    """

    name: str
    backbone: str
    summary: str
    file_names: tuple[str, ...]
    remotes: tuple[Remote, ...] = ()
    joined: bool = False
    file_digests: tuple[tuple[str, str], ...] = ()
    tensor_digest: str = ""


@dataclass(frozen=True)
class Verification:
    """Weights that were read and found right.

    Attributes:
        path: The file.
        statement: What was compared.
    """

    path: Path
    statement: str


def _dump_remotes() -> tuple[Remote, ...]:
    """The public dump of inceptionv1-caffe2, file by file."""
    text = (_PACKAGE / "inceptionv1-caffe2.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    return tuple(
        Remote(manifest["source"] + path, entry["sha256"], entry["bytes"])
        for path, entry in manifest["files"].items()
    )


_INCEPTION5H = "d13569f6a98159de37e92e9c8ec4dae8f674fbf475f69fe6199b514f756d4364"

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "inceptionv1",
            "inceptionv1",
            "InceptionV1 as the Circuits articles studied it (inception5h), 27 MB of weights",
            ("inception5h.zip", GRAPH_MEMBER, "inceptionv1.safetensors"),
            remotes=(
                Remote(
                    "https://storage.googleapis.com/download.tensorflow.org/models/inception5h.zip",
                    _INCEPTION5H,
                ),
            ),
            file_digests=(
                ("inception5h.zip", _INCEPTION5H),
                (GRAPH_MEMBER, "a39b08b826c9d5a5532ff424c03a3a11a202967544e389aca4b06c2bd8aef63f"),
            ),
        ),
        Model(
            "inceptionv1-caffe2",
            "inceptionv1",
            "InceptionV1 from another training run of the same architecture, 27 MB of weights",
            ("inceptionv1-caffe2.safetensors", "inceptionv1-caffe2"),
            remotes=_dump_remotes(),
            joined=True,
            tensor_digest="2cb9621a88b1eed61608c53ad34245e27d9067ab5419c29fda6b16c824f701cd",
        ),
        Model(
            "tiny",
            "tiny",
            "a narrow InceptionV1 up to mixed3b, trained on drawn scenes; ships with the package",
            ("tiny.safetensors",),
        ),
        Model(
            "bvlc_googlenet",
            "bvlc_googlenet",
            "GoogLeNet as Berkeley trained it in Caffe",
            ("bvlc_googlenet.safetensors",),
            tensor_digest="cfb83a5d9735531fc9d55a2c3f0e24d19e8ac6952f38e5bbcfefe0ef69e9cbc8",
        ),
        Model(
            "squeezenet_v1_1",
            "squeezenet_v1_1",
            "SqueezeNet 1.1",
            ("squeezenet_v1_1.safetensors",),
            tensor_digest="08b572baa7c13f0bc70962ff57dec36cedcac6418630671f8597deb6258c3adb",
        ),
        Model(
            "bvlc_alexnet",
            "bvlc_alexnet",
            "the convolutions of AlexNet as Berkeley trained it, rounded to 8 bits and back",
            ("bvlc_alexnet_conv_q8.safetensors", "bvlc_alexnet.safetensors"),
            tensor_digest="6b34e3c195351d7df70678d3cee90b67a42ac013c378691877ed15834b14bb38",
        ),
        Model(
            "vgg16",
            "vgg16",
            "VGG-16 up to conv3_3",
            ("vgg16_conv1_1_to_conv3_3.safetensors", "vgg16.safetensors"),
            tensor_digest="d7caaedc635993bd2c5cac2f196d392c180e520ccd754149b0adf35348a8048e",
        ),
        Model(
            "vgg19",
            "vgg19",
            "VGG-19 up to conv3_1, normalised for style transfer",
            ("vgg19_normalised_conv1_1_to_conv3_1.safetensors", "vgg19.safetensors"),
            tensor_digest="14cfd0186fffc185fb677b131c13112553f349e12a3db8d3973a63f4b621e369",
        ),
        *(
            Model(
                f"resnet{depth}",
                f"resnet{depth}",
                f"ResNet-{depth} with PyTorch's names; the weights are yours to bring",
                tuple(f"resnet{depth}.{suffix}" for suffix in ("safetensors", "npz", "onnx")),
            )
            for depth in (18, 34, 50)
        ),
        Model(
            "mobilenet_v1",
            "mobilenet_v1",
            "MobileNet v1; the weights are yours to bring",
            ("mobilenet_v1.safetensors", "mobilenet_v1.npz", "mobilenet_v1.onnx"),
        ),
    )
}
"""Every model, the one that `auto` likes best first; `tiny` always is here."""


def model(name: str) -> Model:
    """The model called `name`.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in MODELS:
        raise InputError(
            f"there is no model `{name}`",
            help=suggestion(name, MODELS) or f"the models are {', '.join(MODELS)}",
        )
    return MODELS[name]


def cache_folder() -> Path:
    """Where fetched weights are kept.

    Raises:
        InputError: the user has no home.
    """
    cache = user_cache()
    if cache is None:
        raise InputError(
            "there is no place to keep weights in: the user has no home folder",
            help="set HOME or XDG_CACHE_HOME, "
            f"or put weight files into a folder that {FOLDERS_VARIABLE} names",
        )
    return cache / "models"


def search_folders() -> tuple[Path, ...]:
    """The folders that are looked in, in order."""
    named = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    kept = () if user_cache() is None else (cache_folder(),)
    # unlike the method of `Path`, the function leaves a `~` alone where there is no home
    return (*(Path(os.path.expanduser(folder)) for folder in named if folder), *kept, _PACKAGE)  # noqa: PTH111


def find_weights(name: str) -> Path | None:
    """The weights of a model, or None where they are not here.

    Raises:
        InputError: there is no such model.
    """
    for folder in search_folders():
        for file_name in model(name).file_names:
            if (folder / file_name).exists():
                return folder / file_name
    return None


def model_path(name: str, weights: Path | None = None) -> Path:
    """The weights of a model, or `weights` where the caller gives a path.

    Raises:
        InputError: there is no such model, or its weights are not here: which file to put where.
    """
    entry = model(name)
    if weights is not None:
        if not weights.exists():
            raise InputError(f"there is no weight file {weights}")
        return weights
    path = find_weights(name)
    if path is None:
        looked = ", ".join(str(folder) for folder in search_folders()[:-1])
        raise InputError(
            f"the weights of {name} are not here",
            why=f"no {' or '.join(entry.file_names)} in {looked}",
            help=f"run `circuitdsl models fetch {name}`, or {by_hand(name)}"
            if entry.remotes
            else by_hand(name),
        )
    return path


def by_hand(name: str) -> str:
    """What to do where there is no network: which file to put where."""
    entry = model(name)
    named = f"a folder that {FOLDERS_VARIABLE} names"
    place = named if user_cache() is None else f"{cache_folder()} (or {named})"
    if entry.joined:
        folder = entry.remotes[0].url.rsplit("/", 1)[0]
        return (
            f"put {entry.file_names[0]}, or the files of {folder} in a folder "
            f"{entry.file_names[1]}, into {place}"
        )
    urls = "".join(f" from {remote.url}" for remote in entry.remotes)
    return f"put {entry.file_names[0]}{urls} into {place}"


def best_available(architecture: str | None = None) -> str:
    """The best model whose weights are here; `tiny` always is.

    Args:
        architecture: Only models of this backbone; the first of them if none has weights here.
    """
    fitting = [
        name for name, entry in MODELS.items() if architecture in (None, entry.backbone)
    ] or ["tiny"]
    return next((name for name in fitting if find_weights(name) is not None), fitting[0])


def chosen_model(name: str = AUTO, weights: Path | None = None) -> str:
    """The model that a name stands for.

    Args:
        name: A model, or `auto`: the best whose weights are here. With `weights`, `auto` is the
            model whose weights are called like that file.
        weights: A weight file.

    Raises:
        InputError: no known weights are called like the file.
    """
    if name != AUTO:
        return name
    if weights is None:
        return best_available()
    for entry in MODELS.values():
        if weights.name in entry.file_names:
            return entry.name
    raise InputError(
        f"cannot tell which network {weights} is of",
        why="its name is not that of any known weight file",
        help=f"name the model: one of {', '.join(MODELS)}",
    )


def load_network(name: str = AUTO, weights: Path | None = None) -> Network:
    """Open a trained network, with its own weights or with those of a file.

    Args:
        name: A model of the registry, `auto` (see `chosen_model`), or `FILE.py:NAME`: a function of
            that file which returns a network, such as one of `circuitdsl.adapt`.
        weights: A weight file of that architecture, instead of the model's own.

    Raises:
        InputError: no such model or file, weights that don't fit, or a file that gives no network.
    """
    if ".py:" in name or name.endswith(".py"):
        from circuitdsl.models.own import own_network

        if weights is not None:
            raise InputError(
                f"{name} has weights of its own", help="leave --weights out, or load them there"
            )
        return own_network(name)
    name = chosen_model(name, weights)
    backbone = BACKBONES[model(name).backbone]
    params = read_weights(model_path(name, weights), backbone)
    from circuitdsl.models.network import Network  # JAX loads only when a network is opened

    return Network(backbone, params, name=name)


def verify(name: str, weights: Path | None = None) -> Verification:
    """Read a model's weights, and compare them with what was published.

    Raises:
        InputError: they are not here, don't fit the architecture, or are not what was published.
    """
    path = model_path(name, weights)
    entry = model(name)
    tensors = read_weights(path, BACKBONES[entry.backbone])
    fits = f"{len(tensors)} tensors of the right shapes, all finite"
    published = dict(entry.file_digests).get(path.name)
    if published is not None:
        _compare(path, file_sha256(path), published)
        return Verification(path, f"{fits}; the file is the published one (SHA-256)")
    noted = read_metadata(path).get(DIGEST_KEY, "") if path.suffix == ".safetensors" else ""
    digest = noted or entry.tensor_digest
    if not digest:
        return Verification(path, f"{fits}; no checksum is known for this file")
    _compare(path, tensors_digest(tensors), digest)
    source = "the tensors are those that were written" if noted else "the tensors are as published"
    return Verification(path, f"{fits}; {source} (SHA-256)")


def _compare(path: Path, found: str, known: str) -> None:
    if found != known:
        raise InputError(
            f"{path} is not what it should be",
            why=f"its SHA-256 is {found}, not {known}",
            help="delete it and fetch it again",
        )
