"""Provenance card of an exported model: where it comes from and what it reaches."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml

from reference_sw.network.runtime import IntegerModel
from reference_sw.training.measure import HeldOut, rounding_of
from reference_sw.training.recipe import Recipe


@dataclass(frozen=True)
class Export:
    """What an export knows: the model, its step and how far integers are from the simulation.

    restoration: of `measure_restoration`, empty where the model does not restore.
    """

    model: IntegerModel
    analysis_sha256: str
    step: int
    difference_mean: float
    difference_maximum: int
    notes: tuple[str, ...] = ()
    restoration: dict[str, list[float]] = field(default_factory=dict)


def training_seconds(log: Path) -> float:
    """Wall time of all sessions of a log; a session starts where the clock falls back."""
    total, last = 0.0, 0.0
    with log.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            now = float(row["seconds"])
            if now < last:
                total += last
            last = now
    return total + last


def card_of(
    recipe: Recipe,
    export: Export,
    sequences: Iterable[str],
    measured: list[HeldOut],
    seconds: float,
) -> dict[str, Any]:
    """The card as plain data."""
    model = export.model
    card: dict[str, Any] = {
        "model": model.name,
        "sha256": model.sha256,
        "analysis_sha256": export.analysis_sha256,
        "command": _command(recipe),
        "data": {"train": sorted(sequences), "held_out": sorted(recipe.held_out)},
        "notes": list(export.notes),
        "steps_done": export.step,
        "samples": export.step * recipe.batch,
        "wall_seconds": round(seconds),
        "torch": str(torch.__version__),
        "recipe": recipe.model_dump(mode="json"),
        "complexity": {
            "parameters": model.parameters,
            "kmac_per_pixel_each_picture": round(model.macs_per_pixel("picture") / 1000, 2),
            "kmac_per_pixel_each_key_picture": round(model.macs_per_pixel("key") / 1000, 2),
        },
        "integer_against_simulated": {
            "mean": round(export.difference_mean, 4),
            "maximum": export.difference_maximum,
            "unit": "8-bit samples",
        },
        "held_out_lpips_alex": _held_out(model, measured),
    }
    if export.restoration:
        card["held_out_restoration_lpips_alex"] = {
            "pictures": "one coded key picture of each sequence, as decoded and as restored",
            **export.restoration,
        }
    return card


def _held_out(model: IntegerModel, measured: list[HeldOut]) -> dict[str, Any]:
    """LPIPS-Alex of the sequences that were not trained on: frozen key picture, output."""
    count = max(len(measured), 1)
    return {
        "key_picture": f"first picture, uncoded; {rounding_of(model)}",
        "mean_frozen": round(sum(m.frozen for m in measured) / count, 4),
        "mean_output": round(sum(m.output for m in measured) / count, 4),
        "sequences": {m.name: [round(m.frozen, 4), round(m.output, 4)] for m in measured},
    }


def _command(recipe: Recipe) -> str:
    """What trains the model again."""
    folder = "reference_sw/training/recipes"
    start = f"START={folder}/{recipe.start}.yaml " if recipe.start else ""
    return f"make train RECIPE={folder}/{recipe.name}.yaml {start}CLIPS=FOLDER WEIGHTS=FOLDER"


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Writes the card as YAML, whole or not at all."""
    part = path.with_name(path.name + ".part")
    text = yaml.safe_dump(card, sort_keys=False, width=100, default_flow_style=None)
    part.write_text(text, encoding="utf-8")
    part.replace(path)
