"""Trains the restoration of key pictures on pieces of really coded pictures."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.lpips import LpipsAlex
from reference_sw.encoder.restoration import RestorationNetwork
from reference_sw.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from reference_sw.training.curves import CurveLog, plot_curves
from reference_sw.training.dataset import DatasetError, TrainingSequence
from reference_sw.training.objective import LPIPS_FILE, STRIDE, VGG_FILE
from reference_sw.training.recipe import Recipe, Restoration
from reference_sw.training.trainer import GRADIENT_LIMIT, RunFolder, adam, scheduled_rate
from reference_sw.training.vgg import VggFeatures


class PieceSampler:
    """Draws pieces of coded pictures and the same pieces of the pictures as they were.

    Rendered heads have no skin or hair to give back.
    """

    def __init__(self, sequences: list[TrainingSequence], rules: Restoration, seed: int) -> None:
        self.sequences = [s for s in sequences if s.coded is not None and not s.rendered]
        if not self.sequences:
            raise DatasetError("no coded pictures: run gvc-train prepare")
        self.rules = rules
        self.random = np.random.default_rng(seed)

    def batch(self) -> tuple[Tensor, Tensor]:
        """(coded, original), each (N, 3, piece, piece) float32 in 0..255."""
        pairs = [self._pair() for _ in range(self.rules.batch)]
        coded, original = (torch.stack(part) for part in zip(*pairs, strict=True))
        return coded, original

    def _pair(self) -> tuple[Tensor, Tensor]:
        sequence = self.sequences[int(self.random.integers(len(self.sequences)))]
        keys = sequence.coded
        if keys is None:
            raise DatasetError(f"{sequence.name}: no coded pictures")
        slot = int(self.random.integers(len(keys.index)))
        original = sequence.pictures[int(keys.index[slot])]
        coded = original
        if self.random.random() >= self.rules.uncoded_share:
            coded = keys.pictures[int(self.random.integers(len(keys.qp))), slot]
        piece = min(self.rules.piece, *original.shape[1:])
        top, left = (int(self.random.integers(n - piece + 1)) for n in original.shape[1:])
        both = np.stack([coded, original])[..., top : top + piece, left : left + piece]
        stack = torch.from_numpy(both).float()
        if self.random.random() < 0.5:
            stack = stack.flip(3)
        gain = torch.from_numpy(self.random.uniform(0.85, 1.15, (1, 3, 1, 1))).float()
        stack = (stack * gain + float(self.random.uniform(-10, 10))).clamp(0, 255).round()
        return stack[0], stack[1]


class RestorationTrainer:
    """One run; goes on from the run folder's checkpoint where there is one."""

    def __init__(
        self,
        network: RestorationNetwork,
        rules: Restoration,
        sequences: list[TrainingSequence],
        weights: Path,
        folder: RunFolder,
    ) -> None:
        self.network, self.rules, self.folder = network, rules, folder
        self.lpips = LpipsAlex(weights / LPIPS_FILE, fast=True)
        self.vgg = VggFeatures(weights / VGG_FILE) if rules.vgg else None
        self.optimiser = adam(list(network.parameters()), rules.learning_rate)
        self.step = 0
        if folder.checkpoint.exists():
            self.step = load_checkpoint(folder.checkpoint, self._modules(), self._optimisers())
        torch.manual_seed(self.step)
        self.sampler = PieceSampler(sequences, rules, self.step)

    def _modules(self) -> dict[str, nn.Module]:
        return {"restoration": self.network}

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        return {"adam": self.optimiser}

    def save(self) -> None:
        """Writes the checkpoint."""
        save_checkpoint(self.folder.checkpoint, self._modules(), self._optimisers(), self.step)

    def run(self) -> None:
        """Trains to the last step."""
        log, saved = CurveLog(self.folder.path), time.monotonic()
        while self.step < self.rules.steps:
            log.add(self.train_step())
            self.step += 1
            if self.step % self.folder.log_every == 0:
                log.write(self.step)
            if time.monotonic() - saved > self.folder.save_every:
                self.save()
                saved = time.monotonic()
        if self.step % self.folder.log_every:
            log.write(self.step)
        self.save()

    def train_step(self) -> dict[str, float]:
        """One update; returns each weighted term."""
        rules = self.rules
        self.optimiser.param_groups[0]["lr"] = scheduled_rate(rules, self.step)
        self.network.set_quantise(self.step >= rules.quantise_from)
        coded, original = self.sampler.batch()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.step < rules.bfloat16_until):
            terms = self._terms(self.network(coded), original)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_LIMIT)
        self.optimiser.step()
        return {name: float(term.detach()) for name, term in terms.items()}

    def _terms(self, restored: Tensor, original: Tensor) -> dict[str, Tensor]:
        rules = self.rules
        seen, wanted = _turned_alike(restored, original)
        found = {
            "lpips_output": rules.lpips * self._lpips_of(seen, wanted),
            "l1_output": rules.l1 * (restored - original).abs().mean() / 128,
        }
        if rules.lpips_half:
            small, target = (functional.avg_pool2d(x, 2) for x in (seen, wanted))
            found["lpips_half"] = rules.lpips_half * self._lpips_of(small, target)
        if self.vgg is not None:
            found["vgg"] = rules.vgg * self.vgg(restored, original)
        return found

    def _lpips_of(self, pictures: Tensor, targets: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.lpips.features(targets)
        return self.lpips.per_picture(pictures, wanted).mean()


def _turned_alike(pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Both turned by a random multiple of 90 degrees and cut to a random place of the grid.

    A loss network that always looks the same way is pleased by patterns that people see: from
    another side and another place of its grid (every fourth sample) it is not.
    """
    turns, top, left = (int(torch.randint(n, ())) for n in (4, STRIDE, STRIDE))
    first, second = (torch.rot90(x, turns, (2, 3))[..., top:, left:] for x in (pictures, targets))
    return first, second


def train_restoration(
    recipe: Recipe, sequences: list[TrainingSequence], weights: Path, run: Path
) -> RestorationNetwork | None:
    """The restoration of a recipe, trained in `run`/restoration as far as it is not yet."""
    if recipe.restoration is None:
        return None
    folder = restoration_folder(run)
    folder.path.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    network = _network(recipe.restoration)
    trainer = RestorationTrainer(network, recipe.restoration, sequences, weights, folder)
    if trainer.step < recipe.restoration.steps:
        print(f"{recipe.name}: restoration from step {trainer.step}", flush=True)
        trainer.run()
        plot_curves(folder.path / "log.csv", folder.path / "curves.png")
    return network.eval()


def trained_restoration(recipe: Recipe, run: Path) -> RestorationNetwork | None:
    """The finished restoration of a run, None where the recipe has none.

    Raises:
        CheckpointError: it is not there or not finished.
    """
    if recipe.restoration is None:
        return None
    network, path = _network(recipe.restoration), restoration_folder(run).checkpoint
    step = load_checkpoint(path, {"restoration": network}, {})
    if step < recipe.restoration.steps:
        raise CheckpointError(f"{path}: step {step} of {recipe.restoration.steps}: not finished")
    return network.eval()


def _network(rules: Restoration) -> RestorationNetwork:
    return RestorationNetwork(rules.width, rules.half)


def restoration_folder(run: Path) -> RunFolder:
    """Where a run keeps its restoration."""
    return RunFolder(run / "restoration")
