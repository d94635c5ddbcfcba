"""What all tests share: settings, and fixtures that find real weights and photographs, or skip."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benchmarks"))  # their own modules have tests

os.environ.pop("FORCE_COLOR", None)  # texts are compared without colours

# Most of the tests' time is XLA's, which compiles small programs that run once or twice. So told,
# it takes 0.4 of that time, in subprocesses too; results are the same but for rounding.
QUICK_TO_COMPILE = (
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",
    "--xla_backend_optimization_level=1",
    "--xla_llvm_disable_expensive_passes=true",
)
os.environ["XLA_FLAGS"] = " ".join((*QUICK_TO_COMPILE, os.environ.get("XLA_FLAGS", "")))

# Two runs of one test draw the same, alone or after others; `--hypothesis-seed=N` draws anew.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("seeded", deadline=None, database=None)

# Hypothesis puts the numbers of imported modules among its draws, so they would depend on what was
# imported before. Versions before 6.131 do not.
if hasattr(providers.HypothesisProvider, "_local_constants"):
    providers.HypothesisProvider._local_constants = property(lambda _: providers.Constants())


def pytest_configure(config: pytest.Config) -> None:
    """Choose what Hypothesis draws, and where compiled programs are kept from run to run."""
    seeded = config.getoption("--hypothesis-seed") is not None
    settings.load_profile("seeded" if seeded else "fixed")
    # pytest without its cache plugin has none
    cache = getattr(config, "cache", None)
    if cache is not None and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        # the subprocesses of tests, too, find them here; JAX's keys hold its version and flags
        os.environ |= {
            "JAX_COMPILATION_CACHE_DIR": str(cache.mkdir("jax")),
            "JAX_COMPILATION_CACHE_MAX_SIZE": str(1 << 29),  # and so it locks what it writes
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        }


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real weights and photographs."""
    folder = Path(os.environ.get("CIRCUITDSL_SHARED", ROOT / ".." / "shared")).resolve()
    if not folder.is_dir():
        pytest.skip(
            f"no folder {folder}: set CIRCUITDSL_SHARED to the real weights and photographs"
        )
    return folder


@pytest.fixture(scope="session")
def caffe2_weights(shared: Path) -> Path:
    """The weight file of inceptionv1-caffe2."""
    path = shared / "models" / "inceptionv1-caffe2.safetensors"
    if not path.is_file():
        pytest.skip(f"no weight file {path}")
    return path


@pytest.fixture(scope="session")
def photographs(shared: Path) -> Path:
    """The folder of labelled photographs, one sub-folder per WordNet id."""
    folder = shared / "data" / "imagenet_samples"
    if not folder.is_dir():
        pytest.skip(f"no photographs in {folder}")
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project built as a wheel, without a network and without touching the tree."""
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = builders.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(built)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what some tests measured."""
    measured: dict[str, list[object]] = {"equivariance": [], "agreement": []}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name in measured:
                measured[name].append(value)
    if measured["equivariance"]:
        terminalreporter.section("equivariance residuals")
        for line in sorted(map(str, measured["equivariance"])):
            terminalreporter.write_line(line)
    if measured["agreement"]:
        kernels, responses = map(max, zip(*measured["agreement"], strict=True))
        terminalreporter.section("compiler and interpreter")
        terminalreporter.write_line(
            f"{len(measured['agreement'])} random circuits: largest relative error of kernels "
            f"{kernels:.1e}, largest error of responses {responses:.0%} of what rounding may do"
        )
