"""gvc-train: prepare data, train, export and measure the face networks."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import torch

from reference_sw.encoder.analysis_file import (
    AnalysisError,
    AnalysisNetwork,
    load_detector,
    save_detector,
)
from reference_sw.encoder.lpips import LossWeightsError, LpipsAlex
from reference_sw.encoder.twin import FaceTwin
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel, load_model
from reference_sw.training.checkpoint import CheckpointError, load_checkpoint
from reference_sw.training.curves import plot_curves
from reference_sw.training.dataset import DatasetError, TrainingSequence, load_sequences
from reference_sw.training.export import compare, export_model
from reference_sw.training.face_points import FaceTeacher
from reference_sw.training.grow import GrowthError, grow
from reference_sw.training.measure import HeldOut, measure, measure_restoration
from reference_sw.training.motion_teacher import MotionTeacher
from reference_sw.training.networks import new_networks
from reference_sw.training.objective import LPIPS_FILE
from reference_sw.training.prepare import find_clips, prepare, prepare_rendered
from reference_sw.training.provenance import Export, card_of, training_seconds, write_card
from reference_sw.training.recipe import Recipe, RecipeError, load_recipe
from reference_sw.training.rendered_heads import PICTURES
from reference_sw.training.restore import (
    restoration_folder,
    train_restoration,
    trained_restoration,
)
from reference_sw.training.trainer import RunFolder, Trainer

EXAMPLES = """examples:
  gvc-train prepare --clips data/sequences/train --data build/train --weights data/weights
  gvc-train prepare --rendered 16 --data build/train --weights data/weights
  gvc-train run --recipe reference_sw/training/recipes/face-keypoints-10.yaml \\
      --data build/train --weights data/weights --run build/face-keypoints-10
  gvc-train export --recipe ... --run build/face-keypoints-10 --data build/train \\
      --weights data/weights --models models
  gvc-train measure --recipe ... --models models --data build/train --weights data/weights
"""
MOST_RENDERED = 1000
ERRORS = (
    AnalysisError,
    CheckpointError,
    DatasetError,
    GrowthError,
    LossWeightsError,
    ModelError,
    RecipeError,
    OSError,
)


def _sequences(recipe: Recipe, data: Path, held_out: bool) -> list[TrainingSequence]:
    """The sequences of the data folder that are held out, or those that are not."""
    found = load_sequences(data, data / "coded", rendered=recipe.sampling.rendered_share > 0)
    missing = sorted(set(recipe.held_out) - {s.name for s in found})
    if missing:
        raise DatasetError(f"{data}: held-out sequence {missing[0]}: no such file")
    chosen = [s for s in found if (s.name in recipe.held_out) == held_out]
    if not chosen:
        raise DatasetError(f"{data}: no {'held-out' if held_out else 'training'} sequence")
    return chosen


def run_prepare(args: argparse.Namespace) -> int:
    """Decodes or renders clips and codes some pictures; with --weights finds the faces' points."""
    if args.clips is None and not args.rendered:
        raise DatasetError("prepare: needs --clips FOLDER, --rendered N or both")
    clips = find_clips(args.clips) if args.clips else []
    teacher = FaceTeacher(args.weights) if args.weights else None
    prepare(clips, args.data, teacher=teacher)
    prepare_rendered(args.rendered, args.data, args.pictures, teacher=teacher)
    return 0


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MOST_RENDERED:
        raise argparse.ArgumentTypeError(f"{value}: shall be in 1..{MOST_RENDERED}")
    return value


def run_training(args: argparse.Namespace) -> int:
    """Trains, going on from the run folder's checkpoint where there is one."""
    recipe = load_recipe(args.recipe)
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1 if recipe.workers > 1 else args.threads)
    sequences = _sequences(recipe, args.data, held_out=False)
    restoration = train_restoration(recipe, sequences, args.weights, args.run)
    trainer = Trainer(recipe, sequences, args.weights, RunFolder(args.run), restoration)
    if not int(trainer.step) or int(trainer.step) < recipe.motion_until:
        _begin(trainer, args.start)
    print(f"{recipe.name}: {len(sequences)} sequences, from step {int(trainer.step)}", flush=True)
    trainer.run()
    plot_curves(args.run / "log.csv", args.run / "curves.png")
    return 0


def _begin(trainer: Trainer, start: list[str] | None) -> None:
    """Gives a run the networks it begins with and learns from, as its recipe says."""
    wanted = trainer.recipe.start
    if not start:
        if wanted:
            raise RecipeError(f"recipe {trainer.recipe.name}: needs --start with a run of {wanted}")
        return
    old, run = load_recipe(Path(start[0])), Path(start[1])
    if old.name != wanted:
        raise RecipeError(f"--start {start[0]}: recipe {old.name}: shall be {wanted or 'absent'}")
    networks = _trained(old, run)[:2]
    if not int(trainer.step):
        grow(*networks, trainer.detector, trainer.twin)
    if trainer.recipe.motion_until:
        trainer.teacher = MotionTeacher(*networks)


def _trained(recipe: Recipe, run: Path) -> tuple[AnalysisNetwork, FaceTwin, int]:
    detector, twin = new_networks(recipe.network)
    modules = {"detector": detector, "twin": twin}
    step = load_checkpoint(RunFolder(run).checkpoint, dict(modules), {})
    return detector.eval(), twin.eval(), step


def run_export(args: argparse.Namespace) -> int:
    """Writes the integer model, the analysis network, the curves and the provenance card."""
    recipe = load_recipe(args.recipe)
    detector, twin, step = _trained(recipe, args.run)
    args.models.mkdir(parents=True, exist_ok=True)
    model_path = args.models / f"{recipe.name}.safetensors"
    analysis_path = args.models / f"{recipe.name}.analysis.safetensors"
    restoration = trained_restoration(recipe, args.run)
    export_model(twin, recipe.name, model_path, restoration)
    save_detector(detector, analysis_path)
    model = load_model(model_path)
    held_out = _sequences(recipe, args.data, held_out=True)
    mean, maximum = _difference(model, twin, detector, held_out[0])
    digest = hashlib.sha256(analysis_path.read_bytes()).hexdigest()
    lpips = LpipsAlex(args.weights / LPIPS_FILE)
    keys = measure_restoration(model, held_out, lpips) if restoration else {}
    export = Export(model, digest, step, mean, maximum, tuple(args.note), keys)
    rows = [measure(model, detector, sequence, lpips) for sequence in held_out]
    trained_on = [s.name for s in _sequences(recipe, args.data, held_out=False)]
    logs = {recipe.name: args.run / "log.csv"}
    if restoration:
        logs[f"{recipe.name}.restoration"] = restoration_folder(args.run).path / "log.csv"
    seconds = sum(training_seconds(log) for log in logs.values())
    card = card_of(recipe, export, trained_on, rows, seconds)
    write_card(args.models / f"{recipe.name}.yaml", card)
    for name, log in logs.items():
        plot_curves(log, args.models / f"{name}.curves.png")
    _print_rows(rows)
    print(f"integer against simulated: mean {mean:.3f}, maximum {maximum} of 255")
    return 0


def _difference(
    model: IntegerModel, twin: FaceTwin, detector: AnalysisNetwork, sequence: TrainingSequence
) -> tuple[float, int]:
    """Integer against simulated output on one picture of a sequence."""
    last = len(sequence.pictures) - 1
    key = torch.from_numpy(sequence.pictures[:1].copy())
    with torch.no_grad():
        found = detector(torch.from_numpy(sequence.pictures[[0, min(40, last)]]).float())
    return compare(model, twin, key, found.rows(0, 1), found.rows(1, 2))


def run_measure(args: argparse.Namespace) -> int:
    """LPIPS-Alex of the held-out sequences through the integer model."""
    recipe = load_recipe(args.recipe)
    model = load_model(args.models / f"{recipe.name}.safetensors")
    detector = load_detector(args.models / f"{recipe.name}.analysis.safetensors")
    lpips = LpipsAlex(args.weights / LPIPS_FILE)
    held_out = _sequences(recipe, args.data, held_out=True)
    _print_rows([measure(model, detector, sequence, lpips) for sequence in held_out])
    return 0


def _print_rows(rows: list[HeldOut]) -> None:
    print(f"{'sequence':32s} frozen   output")
    for row in rows:
        print(f"{row.name:32s} {row.frozen:.4f}   {row.output:.4f}")
    frozen, output = (
        sum(v) / len(rows) for v in zip(*((r.frozen, r.output) for r in rows), strict=True)
    )
    print(f"{'mean':32s} {frozen:.4f}   {output:.4f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gvc-train",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    texts = {
        "clips": "folder of clips, with manifest.csv or any video files",
        "data": "folder of prepared training data",
        "recipe": "recipe, a YAML file",
        "run": "folder of the run: checkpoint, log, curves",
        "weights": "folder of the loss networks' weights (.npz)",
        "models": "folder of exported models",
    }
    verb_options = {
        "prepare": (run_prepare, ("data",)),
        "run": (run_training, ("recipe", "data", "weights", "run")),
        "export": (run_export, ("recipe", "run", "data", "weights", "models")),
        "measure": (run_measure, ("recipe", "models", "data", "weights")),
    }
    for verb, (function, names) in verb_options.items():
        sub = verbs.add_parser(verb, help=function.__doc__, description=function.__doc__)
        for name in names:
            sub.add_argument(f"--{name}", type=Path, required=True, help=texts[name])
        sub.set_defaults(function=function)
        if verb == "export":
            sub.add_argument("--note", action="append", default=[], help="a line for the card")
        if verb == "prepare":
            _add_sources(sub, texts["clips"])
        if verb == "run":
            sub.add_argument("--threads", type=int, default=1, help="threads of a single worker")
            sub.add_argument(
                "--start",
                nargs=2,
                metavar=("RECIPE", "RUN"),
                help="begin with the networks of another run: fewer points, or another family",
            )
    return parser


def _add_sources(sub: argparse.ArgumentParser, clips: str) -> None:
    """What prepare takes pictures from."""
    sub.add_argument("--clips", type=Path, help=clips)
    sub.add_argument(
        "--rendered", type=_count, default=0, metavar="N", help="rendered heads, into DATA/rendered"
    )
    sub.add_argument(
        "--pictures", type=_count, default=PICTURES, metavar="N", help="of each rendered head"
    )
    sub.add_argument("--weights", type=Path, help="folder with face detector and mesh")


def main(arguments: list[str] | None = None) -> int:
    """Runs a verb; returns 0, or 1 after one line on standard error."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.function(args))
    except ERRORS as error:
        print(f"gvc-train: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
