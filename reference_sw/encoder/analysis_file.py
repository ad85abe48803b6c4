"""Files of analysis networks: safetensors with the layout in the header."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from reference_sw.encoder.analysis import FeatureAnalysis, KeypointDetector

AnalysisNetwork = KeypointDetector | FeatureAnalysis
FORMAT = "gvc-analysis-1"
MAX_POINTS, MAX_CHANNELS = 64, 64


class AnalysisError(ValueError):
    """An analysis network file that cannot be used."""


def save_detector(detector: AnalysisNetwork, path: Path) -> None:
    """Writes the network with its layout, whole or not at all."""
    layout: dict[str, int | bool]
    if isinstance(detector, FeatureAnalysis):
        layout = {"points": detector.points.num_points, "channels": detector.shape[0]}
    else:
        layout = {"points": detector.num_points, "matrices": detector.matrix is not None}
    header = {"format": FORMAT, "layout": json.dumps(layout)}
    tensors = {k: v.detach().cpu().contiguous() for k, v in detector.state_dict().items()}
    part = path.with_name(path.name + ".part")
    part.write_bytes(save(tensors, metadata=header))
    part.replace(path)


def load_detector(path: Path) -> AnalysisNetwork:
    """The analysis network stored in a file; raises AnalysisError naming the file."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != FORMAT:
                raise AnalysisError(f"{path}: format {header.get('format')!r}: shall be {FORMAT}")
            detector = _empty(path, json.loads(header.get("layout", "{}")))
            detector.load_state_dict({key: file.get_tensor(key) for key in list(file.keys())})
    except (OSError, SafetensorError, json.JSONDecodeError, RuntimeError) as error:
        raise AnalysisError(f"{path}: not an analysis network: {str(error)[:200]}") from error
    return detector.eval()


def _empty(path: Path, layout: dict[str, Any]) -> AnalysisNetwork:
    """A network of the layout."""
    points = _count(path, layout, "points", MAX_POINTS)
    if "channels" in layout:
        return FeatureAnalysis(_count(path, layout, "channels", MAX_CHANNELS), points)
    return KeypointDetector(points, bool(layout.get("matrices", True)))


def _count(path: Path, layout: dict[str, Any], name: str, most: int) -> int:
    value = layout.get(name)
    if not isinstance(value, int) or not 1 <= value <= most:
        raise AnalysisError(f"{path}: layout.{name} = {value!r}: shall be in 1..{most}")
    return value
