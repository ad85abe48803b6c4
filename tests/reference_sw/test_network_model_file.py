"""Hostile and broken model files give one clear line; bounds are worked out by hand."""

from __future__ import annotations

import copy
import hashlib
import json
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.network.errors import ModelError
from reference_sw.network.graph import Extent, TensorInfo
from reference_sw.network.model_file import MAX_FILE_BYTES, parse_model
from reference_sw.network.rules import conv_bounds
from reference_sw.network.runtime import compile_model, load_model
from tests.reference_sw import network_models as small

GRAPHS = {"all": {"inputs": small.INPUTS, "operators": small.OPERATORS, "outputs": ["out"]}}


def refused(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        compile_model(parse_model(data))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def changed(index: int, **values) -> bytes:
    graphs = copy.deepcopy(GRAPHS)
    graphs["all"]["operators"][index].update(values)
    return small.file_bytes(graphs)


def with_tensor(name: str, array: np.ndarray) -> bytes:
    return small.file_bytes(None, small.tensors() | {name: array})


def test_a_model_is_read(tmp_path):
    data = small.file_bytes()
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    compiled = load_model(path)
    assert compiled.sha256 == hashlib.sha256(data).hexdigest()
    assert compiled.name == "every-operator"
    # 8*11*9 + 8*2*9 + 12*12*9 + 48*12 weights and 8 + 8 + 12 + 48 biases.
    assert compiled.parameters == 792 + 144 + 1296 + 576 + 76


def test_macs_by_hand():
    compiled = small.model()
    per = 64 * 64 / 65536
    convolutions = 792 * per + 144 * per / 4 + 1296 / 16 + 576 / 16
    resizes = 4 * 3 * per + 4 * 2  # the logits at 1/4 are 64x64 already
    warps = 4 * 9 * per + 16 * 3
    others = 2 * 6 * per + 2 * per + 12 / 16
    total = convolutions + resizes + warps + others
    assert compiled.macs_per_pixel("all") == pytest.approx(total)


def test_accumulator_bound_by_hand():
    # One output: weights 3 and -2, samples in -1..10, bias 7, shift 1 (half 1).
    info = TensorInfo(2, Extent(1), -1, 10)
    weight = np.array([3, -2]).reshape(1, 2, 1, 1)
    low, high, bound = conv_bounds(info, weight, np.array([7]), np.array([1]), 1)
    assert high == (3 * 10 + 2 * 1 + 7 + 1) >> 1
    assert low == (-3 * 1 - 2 * 10 + 7 + 1) >> 1
    assert bound == 5 * 10 + 7 + 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04K\x01." * 10, "not a safetensors file"),
        (struct.pack("<Q", 1 << 40) + b"{}" * 10, "not a safetensors file"),
        (struct.pack("<Q", 4) + b"\xff\xff{}" + b"1", "not UTF-8"),
        (struct.pack("<Q", 8) + b"[[[[[[[[" + b"1", "not JSON"),
        (struct.pack("<Q", 19) + b'{"a": 1,   "a": 2} ' + b"1", "given twice"),
        (small.file_bytes()[:-3], "lie inside the file"),
        (small.file_bytes().replace(b"gvc-network-1", b"gvc-network-9"), "format gvc-network-1"),
        (small.file_bytes().replace(b'"I8"', b'"F8"'), "dtype"),
        (changed(0, op="eval"), "shall be one of"),
        (changed(0, op=["conv2d"]), "shall be one of"),
        (changed(1, value=2.5), "is no integer"),
        (changed(1, value=True), "shall be an integer"),
        (changed(1, value=1 << 40), "shall be an integer in"),
        (changed(1, code="print(1)"), "keys"),
        (changed(1, out="small"), "shall be a new name"),
        (changed(1, **{"in": ["later"]}), "no such tensor before"),
        (changed(0, extent="65536x65536"), "shall be picture/1"),
        (changed(0, extent="512x512"), "each side"),
        (changed(6, weight="gone"), "no such tensor in the file"),
        (changed(6, padding=2), "shall keep the extent"),
        (changed(7, low=5, high=1), "low 5 above high 1"),
        (changed(18, **{"in": ["flow.full"]}), "on 8 channels"),
        (with_tensor("c1.shift", np.full(8, 40, np.uint8)), "shifts in 0..23"),
        (with_tensor("c1.weight", np.full((8, 11, 3, 3), -128, np.int8)), "-127..127"),
        (with_tensor("c1.bias", np.zeros(9, np.int32)), "do not belong together"),
        (with_tensor("c1.shift", np.zeros(8, np.uint8)), ""),
        (with_tensor("heat", np.zeros(0, np.uint16)), "1 to 65536 entries"),
        (with_tensor("exponential", np.zeros(8, np.uint16)), "start above 0"),
    ],
)
def test_refusals(data, words):
    if words:
        assert words in refused(data)
    else:
        compile_model(parse_model(data))


def test_values_beyond_2_24_are_refused():
    found = small.tensors() | {
        "c1.bias": np.full(8, 2**30, np.int32),
        "c1.shift": np.full(8, 2, np.uint8),
    }
    assert "below 2^24" in refused(small.file_bytes(None, found))


def test_accumulators_beyond_float32_run_in_float64():
    bias = np.full(8, 2**30, np.int32)
    shift = np.full(8, 20, np.uint8)
    found = small.tensors() | {"c1.bias": bias, "c1.shift": shift}
    compiled = small.model(small.file_bytes(None, found))
    step = next(s for s in compiled.graphs["all"].steps if s.operator.output == "c1")
    assert step.accumulator > 1 << 24
    digest = small.digest(compiled, "all", small.inputs_for(compiled, "all", (128, 128)))
    assert len(digest) == 64


def test_a_large_file_is_refused_without_reading_it_whole(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES * 64)
    with pytest.raises(ModelError, match="more than"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.safetensors: cannot be read: No such file"):
        load_model(tmp_path / "gone.safetensors")


def test_deep_nesting_is_refused():
    data = small.file_bytes({"all": "[" * 10}, None)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    header["__metadata__"]["graphs"] = "[" * 100_000
    text = json.dumps(header).encode()
    start = 8 + int.from_bytes(data[:8], "little")
    assert "not JSON" in refused(struct.pack("<Q", len(text)) + text + data[start:])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_never_give_another_error(data):
    good = bytearray(small.file_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, 6000))] = data.draw(st.integers(0, 255))
    try:
        compile_model(parse_model(bytes(good)))
    except ModelError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p": None}, "input p: missing"),
        ({"p": torch.zeros(1, 3, 1, 1, dtype=torch.int32)}, "input p: shape"),
        ({"p": torch.full((1, 4, 1, 1), 2000)}, "shall be in -1536..1536"),
        ({"p": torch.zeros(1, 4, 1, 1)}, "shall be integers"),
        ({"p": torch.zeros(2, 4, 1, 1, dtype=torch.int32)}, "different batch sizes"),
    ],
)
def test_inputs_are_checked(change, words):
    compiled = small.model()
    values = small.inputs_for(compiled, "all", (128, 128)) | change
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(ModelError, match=words):
        compiled.run("all", values, (128, 128))


@pytest.mark.parametrize("size", [(100, 128), (32, 128), (2048, 64)])
def test_sizes_are_checked(size):
    compiled = small.model()
    with pytest.raises(ModelError, match="multiple of 8"):
        compiled.run("all", small.inputs_for(compiled, "all", (128, 128)), size)
