"""Loading and running integer models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reference_sw.network.errors import ModelError
from reference_sw.network.graph import Extent, Graph, TensorInfo
from reference_sw.network.inference import Step, infer
from reference_sw.network.model_file import IntArray, ModelFile, read_model_file
from reference_sw.network.motion_rules import MAX_PICTURE
from reference_sw.network.operators import COMPILE, Kernel

MIN_PICTURE = 64


@contextmanager
def exact_arithmetic(device: torch.device) -> Iterator[None]:
    """No gradient, no reduced precision, no transform-domain convolution while inside."""
    with torch.no_grad(), torch.backends.nnpack.flags(enabled=False):
        if device.type != "cuda":
            yield
            return
        with torch.backends.cudnn.flags(enabled=False):
            before = torch.backends.cuda.matmul.allow_tf32
            torch.backends.cuda.matmul.allow_tf32 = False
            try:
                yield
            finally:
                torch.backends.cuda.matmul.allow_tf32 = before


@dataclass(frozen=True)
class CompiledGraph:
    """A graph ready to run."""

    graph: Graph
    infos: Mapping[str, TensorInfo]
    steps: tuple[Step, ...]
    kernels: tuple[Kernel, ...]
    released: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class IntegerModel:
    """A normative network: named graphs over integers.

    sha256: of the model file, hexadecimal.
    """

    name: str
    sha256: str
    graphs: Mapping[str, CompiledGraph]
    tensors: Mapping[str, IntArray]

    @property
    def parameters(self) -> int:
        """Number of weights and biases of all convolutions."""
        names = {
            name
            for graph in self.graphs.values()
            for step in graph.steps
            for key, name in step.operator.tensors.items()
            if key in ("weight", "bias")
        }
        return sum(int(self.tensors[name].size) for name in names)

    def macs_per_pixel(self, graph: str, height: int = 256, width: int = 256) -> float:
        """Multiplications of one run per sample of the picture: convolutions, resizing, warps."""
        compiled = self._graph(graph)
        total = sum(self._macs(compiled, step, (height, width)) for step in compiled.steps)
        return total / (height * width)

    def _macs(self, compiled: CompiledGraph, step: Step, size: tuple[int, int]) -> int:
        rows, columns = step.info.extent.at(*size)
        elements = rows * columns * step.info.channels
        op = step.operator
        if op.op == "conv2d":
            return elements * int(self.tensors[op.tensors["weight"]][0].size)
        if op.op.endswith("_resize"):
            source = compiled.infos[op.inputs[0]].extent.at(*size)
            return 0 if source == (rows, columns) else 4 * elements
        per_element = {
            "warp": 4,
            "warp_cubic": 16,
            "multiply": 1,
            "affine_motion": 2,
            "mix_motion": 1,
        }
        return elements * per_element.get(op.op, 0)

    def outputs(self, graph: str) -> tuple[str, ...]:
        """Names of the outputs of a graph."""
        return self._graph(graph).graph.outputs

    def check_picture(self, graph: str, output: str) -> None:
        """Raises ModelError unless the output is a picture R, G, B of 8 bits at full size."""
        compiled = self._graph(graph)
        if output not in compiled.graph.outputs:
            raise ModelError(f"graph {graph}: no output {output}")
        info = compiled.infos[output]
        right = (info.channels, info.extent) == (3, Extent(1))
        if not right or not 0 <= info.low <= info.high <= 255:
            raise ModelError(
                f"graph {graph}: output {output}: {info.channels} channels, {info.extent}, "
                f"{info.low}..{info.high}: shall be 3 channels of the picture's size in 0..255"
            )

    def _graph(self, name: str) -> CompiledGraph:
        if name not in self.graphs:
            raise ModelError(f"model {self.name}: no graph {name!r:.80}")
        return self.graphs[name]

    def run(
        self, graph: str, inputs: Mapping[str, Tensor], size: tuple[int, int]
    ) -> dict[str, Tensor]:
        """Outputs of a graph as int32 tensors (N, C, H, W).

        inputs: integer tensors (N, C, H, W) within the declared ranges, all on one device;
        size: (height, width) of the picture, multiples of 8 in 64..1024.
        Raises ModelError naming the input. Source: specification clause 13.3.
        """
        compiled = self._graph(graph)
        _check_size(size)
        device = next(iter(inputs.values())).device
        values = {
            name: _checked(name, inputs, info, size) for name, info in compiled.graph.inputs.items()
        }
        if len({len(value) for value in values.values()}) != 1:
            raise ModelError(f"graph {graph}: inputs of different batch sizes")
        with exact_arithmetic(device):
            for step, kernel, done in zip(
                compiled.steps, compiled.kernels, compiled.released, strict=True
            ):
                op = step.operator
                values[op.output] = kernel([values[name] for name in op.inputs], size)
                for name in done:
                    del values[name]
            return {name: values[name].to(torch.int32) for name in compiled.graph.outputs}


def _check_size(size: tuple[int, int]) -> None:
    for side in size:
        if side % 8 or not MIN_PICTURE <= side <= MAX_PICTURE:
            raise ModelError(
                f"picture of {size[1]}x{size[0]}: each side shall be a multiple of 8 in "
                f"{MIN_PICTURE}..{MAX_PICTURE}"
            )


def _checked(
    name: str, inputs: Mapping[str, Tensor], info: TensorInfo, size: tuple[int, int]
) -> Tensor:
    """The input as float32 after checking type, shape and range."""
    value = inputs.get(name)
    if value is None:
        raise ModelError(f"input {name}: missing")
    if value.is_floating_point() or value.is_complex():
        raise ModelError(f"input {name}: {value.dtype}: shall be integers")
    wanted = (info.channels, *info.extent.at(*size))
    if value.dim() != 4 or tuple(value.shape[1:]) != wanted or not len(value):
        raise ModelError(f"input {name}: shape {tuple(value.shape)}: shall be (N, {wanted})")
    low, high = int(value.min()), int(value.max())
    if low < info.low or high > info.high:
        raise ModelError(f"input {name}: values {low}..{high}: shall be in {info.low}..{info.high}")
    return value.float()


def compile_model(file: ModelFile) -> IntegerModel:
    """A model whose every graph is proved exact; raises ModelError."""
    graphs = {}
    for name, graph in file.graphs.items():
        steps, infos = infer(graph, file.tensors)
        kernels = []
        for step in steps:
            named = {key: file.tensors[t] for key, t in step.operator.tensors.items()}
            kernels.append(COMPILE[step.operator.op](step, named))
        graphs[name] = CompiledGraph(graph, infos, tuple(steps), tuple(kernels), _last_uses(graph))
    return IntegerModel(file.name, file.sha256, graphs, file.tensors)


def _last_uses(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """For each operator the tensors that nothing needs after it."""
    last = {op.output: i for i, op in enumerate(graph.operators)}
    for i, op in enumerate(graph.operators):
        last |= dict.fromkeys(op.inputs, i)
    for name in graph.outputs:
        last.pop(name, None)
    names = range(len(graph.operators))
    return tuple(tuple(name for name, at in last.items() if at == i) for i in names)


def load_model(path: Path) -> IntegerModel:
    """The model in a file; raises ModelError with one line that names the file."""
    file = read_model_file(path)
    try:
        return compile_model(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
