"""Small networks with seeded random weights, enough for every path of the codec."""

from __future__ import annotations

from pathlib import Path

import torch

from reference_sw.decoder.model_store import ANALYSIS_SUFFIX
from reference_sw.encoder.analysis import FeatureAnalysis, KeypointDetector
from reference_sw.encoder.analysis_file import AnalysisNetwork, save_detector
from reference_sw.encoder.feature_motion import FeatureMotion
from reference_sw.encoder.restoration import RestorationNetwork
from reference_sw.encoder.twin import FaceTwin, keypoint_twin
from reference_sw.training.export import export_model

NUM_POINTS = 3
CHANNELS = 2


def small_restoration() -> RestorationNetwork:
    """A network that changes pictures by some tens of levels."""
    network = RestorationNetwork(width=16, half=8).eval()
    torch.nn.init.normal_(network.exit.weight, std=0.02)
    return network


def write_networks(folder: Path, seed: int = 1, restores: bool = False) -> Path:
    """Write a model and its analysis network; return the model's path."""
    torch.manual_seed(seed)
    restoration = small_restoration() if restores else None
    twin = keypoint_twin(NUM_POINTS, 8, 8, 8)
    path = folder / f"small{seed}.safetensors"
    return _written(path, twin, KeypointDetector(NUM_POINTS), restoration)


def feature_twin(seed: int = 1) -> FaceTwin:
    """A twin of the compact-feature family with weights large enough that every branch matters."""
    torch.manual_seed(seed)
    twin = FaceTwin(FeatureMotion(CHANNELS, 4, 4, 8), 8, 8)
    with torch.no_grad():
        twin.motion.head.weight.normal_(std=0.1)
        twin.motion.coarse.weight.normal_(std=0.1)
        twin.synthesis.exit.weight.normal_(std=0.1)
    return twin


def write_feature_networks(folder: Path, seed: int = 1) -> Path:
    """Write a model of the compact-feature family and its analysis network."""
    twin = feature_twin(seed)
    path = folder / f"small-features{seed}.safetensors"
    return _written(path, twin, FeatureAnalysis(CHANNELS, NUM_POINTS))


def _written(
    path: Path,
    twin: FaceTwin,
    detector: AnalysisNetwork,
    restoration: RestorationNetwork | None = None,
) -> Path:
    export_model(twin.eval(), path.stem, path, restoration)
    save_detector(detector.eval(), path.with_name(path.stem + ANALYSIS_SUFFIX))
    return path
