"""The training loop: workers that share the weights, each with batches of its own.

Workers update the shared weights without waiting for one another (Recht et al., Hogwild, 2011), so
a busy machine slows a run down evenly; with one worker a run is repeatable.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import torch.multiprocessing as multiprocessing
from torch import Tensor, nn

from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.motion_parameters import FeatureGrid, Keypoints, MotionParameters
from reference_sw.encoder.restoration import RestorationNetwork, restored
from reference_sw.encoder.twin import FaceTwin, TwinPictures
from reference_sw.training.checkpoint import load_checkpoint, save_checkpoint
from reference_sw.training.curves import CurveLog
from reference_sw.training.dataset import Batch, PairSampler, TrainingSequence
from reference_sw.training.discriminator import discriminator_loss
from reference_sw.training.motion_teacher import MotionTeacher
from reference_sw.training.networks import new_networks
from reference_sw.training.objective import Analysed, Objective, round_grid, round_parameters
from reference_sw.training.recipe import Recipe, Restoration

GRADIENT_LIMIT = 5.0
WARM_UP_STEPS = 100


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its state: checkpoint.safetensors, log.csv, curves.png."""

    path: Path
    save_every: float = 120.0
    log_every: int = 25

    @property
    def checkpoint(self) -> Path:
        """The newest state."""
        return self.path / "checkpoint.safetensors"


def adam(parameters: list[nn.Parameter], rate: float) -> torch.optim.Adam:
    """An optimiser whose state exists, zero, before the first step, so that it can be shared."""
    optimiser = torch.optim.Adam(parameters, lr=rate, betas=(0.9, 0.99))
    for parameter in parameters:
        optimiser.state[parameter] = {
            "step": torch.zeros(()),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimiser


def scheduled_rate(recipe: Recipe | Restoration, step: int) -> float:
    """Linear warm-up, constant, half a cosine down to a twentieth from `decay_from`."""
    rate = recipe.learning_rate * min(1.0, (step + 1) / WARM_UP_STEPS)
    if step >= recipe.decay_from and recipe.steps > recipe.decay_from:
        done = (step - recipe.decay_from) / (recipe.steps - recipe.decay_from)
        rate *= max(0.05, 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
    return rate


@dataclass
class Trainer:
    """Shared state of a run.

    restoration: trained before; key pictures are restored by it as in the decoder; teacher: wanted
    by recipes with motion_until.
    """

    recipe: Recipe
    sequences: list[TrainingSequence]
    weights: Path
    folder: RunFolder
    restoration: RestorationNetwork | None = None
    teacher: MotionTeacher | None = None
    detector: AnalysisNetwork = field(init=False)
    twin: FaceTwin = field(init=False)
    step: Tensor = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.detector, self.twin = new_networks(self.recipe.network)
        self.objective = Objective(self.recipe.losses, self.weights)
        self.optimisers = {"adam": adam(self._generator_parameters(), self.recipe.learning_rate)}
        if self.objective.discriminator is not None:
            critic = list(self.objective.discriminator.parameters())
            self.optimisers["critic_adam"] = adam(critic, self.recipe.learning_rate)
        self.step = torch.zeros(1, dtype=torch.int64)
        if self.folder.checkpoint.exists():
            self.step += load_checkpoint(self.folder.checkpoint, self._modules(), self.optimisers)

    def _generator_parameters(self) -> list[nn.Parameter]:
        return [*self.detector.parameters(), *self.twin.parameters()]

    def _modules(self) -> dict[str, nn.Module]:
        found: dict[str, nn.Module] = {"detector": self.detector, "twin": self.twin}
        if self.objective.discriminator is not None:
            found["critic"] = self.objective.discriminator
        return found

    def save(self) -> None:
        """Writes the checkpoint."""
        save_checkpoint(
            self.folder.checkpoint, self._modules(), self.optimisers, int(self.step.item())
        )

    def run(self) -> None:
        """Trains to the recipe's last step with its number of workers."""
        self.folder.path.mkdir(parents=True, exist_ok=True)
        if self.recipe.workers == 1:
            self.work(0)
        else:
            self._share()
            context = multiprocessing.get_context("fork")
            workers = [
                context.Process(target=self.work, args=(rank,))
                for rank in range(self.recipe.workers)
            ]
            with _one_thread():
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
            if any(worker.exitcode for worker in workers):
                raise RuntimeError("a training worker failed; its error is above")
        self.save()

    def _share(self) -> None:
        for module in self._modules().values():
            module.share_memory()
        for optimiser in self.optimisers.values():
            for state in optimiser.state.values():
                for value in state.values():
                    value.share_memory_()
        self.step.share_memory_()  # type: ignore[no-untyped-call]

    def work(self, rank: int) -> None:
        """The loop of one worker; the first one also logs and saves."""
        start = int(self.step.item())
        seed = self.recipe.seed + 1000 * rank + start
        torch.manual_seed(seed)
        taught = self.recipe.network.taught_points
        sampler = PairSampler(self.sequences, self.recipe.sampling, seed, taught)
        log = CurveLog(self.folder.path) if rank == 0 else None
        saved = time.monotonic()
        count = 0
        while int(self.step.item()) < self.recipe.steps:
            values = self.train_step(sampler.batch(self.recipe.batch), int(self.step.item()), count)
            self.step += 1
            count += 1
            if log is None:
                continue
            log.add(values)
            if count % self.folder.log_every == 0:
                log.write(int(self.step.item()))
            if time.monotonic() - saved > self.folder.save_every:
                self.save()
                saved = time.monotonic()
        if log is not None and count % self.folder.log_every:
            log.write(int(self.step.item()))

    def train_step(self, batch: Batch, step: int, count: int) -> dict[str, float]:
        """One update; returns each weighted term, the blend and the gradient's norm."""
        if self.restoration is not None:
            batch = replace(batch, key=restored(self.restoration, batch.key))
        rate = scheduled_rate(self.recipe, step)
        for optimiser in self.optimisers.values():
            optimiser.param_groups[0]["lr"] = rate
        self.twin.set_quantise(step >= self.recipe.quantise_from)
        with torch.autocast("cpu", torch.bfloat16, enabled=step < self.recipe.bfloat16_until):
            analysed = self._analyse(batch, step)
            made: TwinPictures | None = None
            if step < self.recipe.motion_until and self.teacher is not None:
                terms = self.objective.motion_terms(self.teacher, self.twin, batch, analysed)
            else:
                terms, made = self.objective.terms(
                    self.detector, self.twin, batch, analysed, with_equivariance=count % 2 == 0
                )
        parameters, optimiser = self._generator_parameters(), self.optimisers["adam"]
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(parameters, GRADIENT_LIMIT)
        optimiser.step()
        values = {name: float(term.detach()) for name, term in terms.items()}
        if made is not None:
            if self.objective.discriminator is not None:
                values["discriminator"] = self._train_critic(batch.current, made.output)
            values["blend"] = float(made.blend.detach().mean())
        return values | {"gradient": float(norm)}

    def _train_critic(self, real: Tensor, made: Tensor) -> float:
        network, optimiser = self.objective.discriminator, self.optimisers["critic_adam"]
        if network is None:
            return 0.0
        optimiser.zero_grad(set_to_none=True)
        loss = discriminator_loss(network, real, made)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return float(loss.detach())

    def _analyse(self, batch: Batch, step: int) -> Analysed:
        """Parameters of the batch's pictures, rounded as the recipe says."""
        losses, pictures = self.recipe.losses, [batch.key, batch.current]
        if losses.temporal or losses.rate:
            pictures.append(batch.previous)
        found = self.detector(torch.cat(pictures))
        n = len(batch.key)
        parts: list[MotionParameters] = [
            found.rows(i, i + n) for i in range(0, n * len(pictures), n)
        ]
        coded, steps = self._rounded(parts, step)
        return Analysed(
            parts[1],
            parts[2] if len(parts) > 2 else None,
            coded[0],
            coded[1],
            coded[2] if len(coded) > 2 else None,
            steps,
        )

    def _rounded(
        self, parts: list[MotionParameters], step: int
    ) -> tuple[list[MotionParameters], dict[str, float]]:
        """Parameters as coded, that of the key picture never coarsely, and the steps drawn."""
        rules = self.recipe.rounding
        if step < rules.from_step:
            return parts, {}
        grids = [part for part in parts if isinstance(part, FeatureGrid)]
        if grids:
            exponent = _draw(rules.features)
            return [round_grid(g, exponent) for g in grids], {"features": 2.0**-exponent}
        points, matrices = _draw(rules.points), _draw(rules.matrices)
        still = float(torch.rand(())) < rules.still
        steps = {"points": 2.0**-points} | ({} if still else {"matrices": 2.0**-matrices})
        keypoints = [part for part in parts if isinstance(part, Keypoints)]
        fine = round_parameters(keypoints[0], max(points, 8), max(matrices, 5), still)
        return [fine, *(round_parameters(p, points, matrices, still) for p in keypoints[1:])], steps


def _draw(choices: tuple[int, ...]) -> int:
    return choices[int(torch.randint(len(choices), ()))]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Forked workers compute with one thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
