"""Starts a run from the networks of another: with fewer key points, or of another family."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.twin import FaceTwin


class GrowthError(ValueError):
    """Networks of which one does not grow into the other."""


FLOW_AND_OCCLUSION = 3
# New candidates begin with little weight: e^-2 of an old one's.
NEW_MASK_BIAS = -2.0


def grow(
    detector: AnalysisNetwork, twin: FaceTwin, into: AnalysisNetwork, larger: FaceTwin
) -> None:
    """Copies what the new networks have in common with the old ones.

    Raises:
        GrowthError: other widths, fewer points than before, or features that become points.
    """
    if _widths(twin) != _widths(larger):
        raise GrowthError(f"widths {_widths(twin)} do not grow into {_widths(larger)}")
    if isinstance(detector, KeypointDetector) and isinstance(into, KeypointDetector):
        _grow_points(detector, twin, into, larger)
        return
    if isinstance(into, KeypointDetector):
        raise GrowthError("features do not grow into points")
    old = detector if isinstance(detector, KeypointDetector) else detector.points
    if old.num_points != into.points.num_points:
        raise GrowthError(f"{old.num_points} points: the new network shall have as many")
    if not isinstance(detector, KeypointDetector):
        _copy_equal(detector, into)
    _copy_equal(old, into.points)
    _copy_equal(twin, larger)


def _copy_equal(source: nn.Module, target: nn.Module) -> None:
    """Copies tensors of equal name and shape."""
    old, new = source.state_dict(), target.state_dict()
    for name, value in new.items():
        if name in old and old[name].shape == value.shape:
            value.copy_(old[name])
    target.load_state_dict(new)


def _grow_points(
    detector: KeypointDetector, twin: FaceTwin, into: KeypointDetector, larger: FaceTwin
) -> None:
    """Copies all weights; added points come last and start small and random."""
    few, many = detector.num_points, into.num_points
    if few > many:
        raise GrowthError(f"networks of {few} points do not grow into {many} points")
    _copy(detector, into, {"heat": range(few), "matrix": range(4 * few)})
    enter = [*range(3 * (few + 1)), *(3 * (many + 1) + i for i in range(few))]
    head = [*range(few + 1), *(many + 1 + i for i in range(FLOW_AND_OCCLUSION))]
    _copy(twin, larger, {"motion.head": head}, {"motion.enter": enter})
    with torch.no_grad():
        bias = larger.motion.head.bias
        if bias is not None:
            bias[few + 1 : many + 1] = NEW_MASK_BIAS


def _widths(twin: FaceTwin) -> tuple[int, int, int]:
    """Channels of the motion network and of the synthesis at 1/4 and 1/2 scale."""
    net = twin.synthesis
    return twin.motion.width, net.key_low.out_channels, net.key_high.out_channels


def _copy(
    source: nn.Module,
    target: nn.Module,
    outputs: dict[str, range | list[int]],
    inputs: dict[str, range | list[int]] | None = None,
) -> None:
    """Copies tensors; for layers named, to the output or input channels given."""
    old, new = source.state_dict(), target.state_dict()
    for name, value in new.items():
        layer = name.rpartition(".")[0]
        if layer in outputs:
            value[torch.tensor(list(outputs[layer]))] = old[name]
        elif inputs and layer in inputs and value.dim() == 4:
            value[:, torch.tensor(list(inputs[layer]))] = old[name]
            _quieten(value, set(inputs[layer]))
        else:
            value.copy_(old[name])
    target.load_state_dict(new)


def _quieten(weight: Tensor, kept: set[int]) -> None:
    """Shrinks the weights of new inputs, so that the network starts as it was."""
    fresh = [i for i in range(weight.shape[1]) if i not in kept]
    weight[:, fresh] *= 0.1
