"""Small networks with seeded random weights, enough for every path of the codec."""

from __future__ import annotations

from pathlib import Path

import torch

from reference_sw.decoder.model_store import ANALYSIS_SUFFIX
from reference_sw.encoder.analysis import KeypointDetector, save_detector
from reference_sw.encoder.twin import keypoint_twin
from reference_sw.training.export import export_model

NUM_POINTS = 3


def write_networks(folder: Path, seed: int = 1) -> Path:
    """Write a model and its analysis network; return the model's path."""
    torch.manual_seed(seed)
    model = folder / f"small{seed}.safetensors"
    export_model(keypoint_twin(NUM_POINTS, 8, 8, 8).eval(), f"small{seed}", model)
    detector = KeypointDetector(NUM_POINTS).eval()
    save_detector(detector, model.with_name(model.stem + ANALYSIS_SUFFIX))
    return model
