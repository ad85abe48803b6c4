"""The fast runtime equals the int64 definition whatever the threads, batch, layout or CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_sw.network import definition
from reference_sw.network.cubic_kernel import cubic_compiled, cubic_tensors
from reference_sw.network.graph import OPERATORS
from reference_sw.network.operators import COMPILE
from reference_sw.network.warp_kernel import warp_compiled, warp_tensors
from tests.reference_sw import network_models as small

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "reference_sw" / "models").glob("face-*[0-9].safetensors"))


def by_definition(compiled, graph, values, size):
    arrays = {name: value.numpy().astype(np.int64) for name, value in values.items()}
    return definition.run_graph(compiled.graphs[graph].graph, compiled.tensors, arrays, size)


def test_every_operator_is_in_the_small_model():
    assert {item["op"] for item in small.OPERATORS} == set(OPERATORS) == set(COMPILE)


@pytest.mark.parametrize("size", [(128, 128), (136, 200), (64, 512)])
def test_runtime_equals_definition(size):
    compiled = small.model()
    values = small.inputs_for(compiled, "all", size)
    expected = by_definition(compiled, "all", values, size)
    found = compiled.run("all", values, size)
    for name, array in expected.items():
        assert np.array_equal(found[name].numpy(), array), name
        assert len(np.unique(array)) > 20, f"{name} hardly varies: the test would prove little"


def test_values_stay_in_the_inferred_ranges():
    compiled = small.model()
    values = small.inputs_for(compiled, "all", (128, 128), batch=4)
    infos = compiled.graphs["all"].infos
    for name, tensor in compiled.run("all", values, (128, 128)).items():
        assert infos[name].low <= int(tensor.min()) <= int(tensor.max()) <= infos[name].high


def test_batch_and_layout_do_not_matter():
    compiled = small.model()
    values = small.inputs_for(compiled, "all", (128, 128), batch=8)
    whole = compiled.run("all", values, (128, 128))["out"]
    for i in range(8):
        one = {name: value[i : i + 1] for name, value in values.items()}
        assert torch.equal(compiled.run("all", one, (128, 128))["out"], whole[i : i + 1])
    last = {n: v.contiguous(memory_format=torch.channels_last) for n, v in values.items()}
    assert torch.equal(compiled.run("all", last, (128, 128))["out"], whole)


FOREIGN = {
    "one thread": (1, {}),
    "two threads": (2, {}),
    "no oneDNN": (1, {"TORCH_MKLDNN": "0"}),
    "SSE4.1": (1, {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}),
    "AVX2": (2, {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "MKL compatible": (1, {"MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}),
    "bfloat16 allowed": (1, {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}),
}
_RUN = (
    "import os, torch; torch.backends.mkldnn.enabled = os.environ.get('TORCH_MKLDNN') != '0';"
    "from tests.reference_sw.network_models import main; main()"
)


def digests_elsewhere(*arguments: str) -> dict[str, str]:
    running = {}
    for name, (threads, extra) in FOREIGN.items():
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | extra
        command = [sys.executable, "-c", _RUN, str(threads), *arguments]
        running[name] = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    return running


@pytest.mark.slow
def test_imitated_foreign_processors_give_one_hash():
    here = "\n".join(small.all_digests(MODELS))
    assert len(here) >= 64
    paths = [str(path) for path in MODELS]
    assert digests_elsewhere(*paths) == dict.fromkeys(FOREIGN, here)


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_shipped_models_equal_the_definition(path):
    compiled = small.model(path.read_bytes())
    values = small.inputs_for(compiled, "picture", (64, 72))
    found = compiled.run("picture", values, (64, 72))
    for name, array in by_definition(compiled, "picture", values, (64, 72)).items():
        assert np.array_equal(found[name].numpy(), array)


@pytest.mark.parametrize("groups", [1, 3])
def test_warp_kernels_agree_outside_the_picture(groups):
    rng = np.random.default_rng(5)
    source = torch.from_numpy(rng.integers(0, 1024, (2, 3, 24, 40))).float()
    motion = torch.from_numpy(rng.integers(-32768, 32768, (2, 2 * groups, 24, 40))).float()
    compiled, tensors = warp_compiled(source, motion), warp_tensors(source, motion)
    plain = definition.warp(source.numpy().astype(np.int64), motion.numpy().astype(np.int64))
    assert np.array_equal(compiled.numpy(), plain)
    assert torch.equal(compiled, tensors)


def test_cubic_kernels_agree_outside_the_picture():
    rng = np.random.default_rng(5)
    source = torch.from_numpy(rng.integers(0, 256, (2, 3, 24, 40))).float()
    motion = torch.from_numpy(rng.integers(-32768, 32768, (2, 4, 24, 40))).float()
    compiled, tensors = cubic_compiled(source, motion), cubic_tensors(source, motion)
    plain = definition.warp_cubic(source.numpy().astype(np.int64), motion.numpy().astype(np.int64))
    assert np.array_equal(compiled.numpy(), plain)
    assert torch.equal(compiled, tensors)


def test_rest_leaves_a_picture_as_it_is():
    rng = np.random.default_rng(6)
    source = torch.from_numpy(rng.integers(0, 256, (1, 3, 32, 32))).float()
    assert torch.equal(warp_compiled(source, torch.zeros(1, 2, 32, 32)), source)
    assert torch.equal(cubic_compiled(source, torch.zeros(1, 2, 32, 32)), source)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_a_cuda_device_gives_the_same():
    compiled = small.model()
    values = small.inputs_for(compiled, "all", (128, 136), batch=2)
    there = {name: value.cuda() for name, value in values.items()}
    expected = compiled.run("all", values, (128, 136))
    for name, tensor in compiled.run("all", there, (128, 136)).items():
        assert torch.equal(tensor.cpu(), expected[name])
