"""Small networks with seeded random weights, enough for every path of the codec."""

from __future__ import annotations

from pathlib import Path

import torch

from reference_sw.decoder.model_store import ANALYSIS_SUFFIX
from reference_sw.encoder.analysis import KeypointDetector, save_detector
from reference_sw.encoder.restoration import RestorationNetwork
from reference_sw.encoder.twin import keypoint_twin
from reference_sw.training.export import export_model

NUM_POINTS = 3


def small_restoration() -> RestorationNetwork:
    """A network that changes pictures by some tens of levels."""
    network = RestorationNetwork(width=16, half=8).eval()
    torch.nn.init.normal_(network.exit.weight, std=0.02)
    return network


def write_networks(folder: Path, seed: int = 1, restores: bool = False) -> Path:
    """Write a model and its analysis network; return the model's path."""
    torch.manual_seed(seed)
    model = folder / f"small{seed}.safetensors"
    restoration = small_restoration() if restores else None
    export_model(keypoint_twin(NUM_POINTS, 8, 8, 8).eval(), f"small{seed}", model, restoration)
    detector = KeypointDetector(NUM_POINTS).eval()
    save_detector(detector, model.with_name(model.stem + ANALYSIS_SUFFIX))
    return model
