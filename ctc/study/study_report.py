"""The study on paper: figures as CSV, the equivalent QPs as a table and as a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.study.findings import counts_identical_pictures, findings
from ctc.study.metric_study import Study, ladder_label
from ctc.study.study_scores import scores_text

_INTRODUCTION = """\
# Which metric to believe

Every cell is the QP of {card} at which the metric (row) gives the same figure as the distortion
(column): the mean of {count} sequences, first {frames} pictures of each. A small number means that
the metric is content, a large one that it objects. `<` and `>`: beyond the ends of the ladder
(QP {ladder}). Distortions: blur (Gaussian, in samples), noise (on luma, new in each
picture, in 8-bit steps), drift (the face grows wider until the last picture, in samples), jitter
(each picture moved on its own, in samples), held (every picture held so many times), frozen (the
first picture for ever).

How to read it: a metric that puts `frozen` at a small QP pays for doing nothing. A metric that
puts `drift` at a small QP does not notice that it becomes somebody else.

"""
_IDENTICAL = (
    "† misled by pictures equal to the original (held, frozen): each counts 999.99 dB in the "
    "mean, which one of them lifts beyond all others; read `apsnr-y`, the PSNR of the mean "
    "error, instead."
)
_UNORDERED = (
    "Not placed, because the metric does not order the codec's own QPs (means over the sequences, "
    "from the smallest QP to the largest):"
)


def write_report(study: Study, folder: Path) -> list[Path]:
    """Write figures, signatures, equivalent QPs, README.md and the heat map; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "scores.csv": scores_text(study.scores),
        "signatures.csv": _signatures_csv(study),
        "equivalent_qp.csv": _equivalents_csv(study),
        "README.md": _markdown(study),
    }
    written = []
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
        written.append(folder / name)
    return [*written, *_plots(study, folder)]


def _signatures_csv(study: Study) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric", "signature"])
    writer.writerows((metric, study.signatures[metric]) for metric in study.metrics)
    return out.getvalue()


def _equivalents_csv(study: Study) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric", *study.distortions])
    for metric in study.metrics:
        cells = study.equivalents(metric)
        writer.writerow([metric, *(cells[name].text for name in study.distortions)])
    return out.getvalue()


def _markdown(study: Study) -> str:
    lines = [
        _INTRODUCTION.format(
            card=study.card,
            count=len(study.sequences),
            frames=study.frames,
            ladder=", ".join(study.ladder),
        ),
        "| metric | " + " | ".join(study.distortions) + " |",
        "|---|" + "---|" * len(study.distortions),
    ]
    absent: list[str] = []
    unordered: list[str] = []
    notes: list[str] = []
    for metric in study.metrics:
        cells = study.equivalents(metric)
        reasons = {cell.reason for cell in cells.values() if cell.qp is None}
        if len(reasons) == 1 and all(cell.qp is None for cell in cells.values()):
            if reasons == {"undefined"}:
                absent.append(f"- {metric}: {_reason(study, metric)}")
            else:
                unordered.append(f"- {metric}: {_ladder(study, metric)}")
            continue
        row = " | ".join(cells[name].text for name in study.distortions)
        mark = " †" if counts_identical_pictures(study, metric) else ""
        notes += ["", _IDENTICAL] if mark and not notes else []
        lines.append(f"| {metric}{mark} | {row} |")
    lines += notes
    lines += ["", _UNORDERED, "", *unordered] if unordered else []
    lines += ["", "Not measured:", "", *absent] if absent else []
    lines += ["", "## What it shows", "", *findings(study)]
    lines += ["", "![equivalent QP](equivalent_qp.png)", "", "## What it is made of", ""]
    return "\n".join([*lines, *_provenance(study), ""])


def _provenance(study: Study) -> list[str]:
    lines = [_rates(study), "", "| sequence | rights in the footage |", "|---|---|"]
    lines += [f"| {name} | {study.rights.get(name, '')} |" for name in study.sequences]
    if study.command:
        lines += ["", "Made by:", "", "```", study.command, "```"]
    return lines


def _ladder(study: Study, metric: str) -> str:
    means = [study.mean(ladder_label(point), metric) for point in study.ladder]
    return ", ".join("-" if mean is None else f"{mean:.4g}" for mean in means)


def _reason(study: Study, metric: str) -> str:
    return next((s.reason for s in study.scores if s.metric == metric and s.reason), "undefined")


def _rates(study: Study) -> str:
    parts = []
    for point in study.ladder:
        label = ladder_label(point)
        rates = {s.sequence: s.kbps for s in study.scores if s.variant == label and s.kbps}
        mean = sum(rates.values()) / len(rates) if rates else 0.0
        parts.append(f"{label}: {mean:.1f} kbit/s")
    return "Mean rates of the ladder: " + ", ".join(parts) + "."


def _plots(study: Study, folder: Path) -> list[Path]:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    metrics = [
        m for m in study.metrics if any(e.qp is not None for e in study.equivalents(m).values())
    ]
    cells = [[study.equivalents(m)[d] for d in study.distortions] for m in metrics]
    values = np.array([[np.nan if c.qp is None else c.qp for c in row] for row in cells])
    plt.rcParams.update({"svg.hashsalt": "metric-study", "svg.fonttype": "none"})
    figure, axes = plt.subplots(
        figsize=(1.6 + 0.75 * len(study.distortions), 1.2 + 0.32 * len(metrics))
    )
    image = axes.imshow(values, cmap="RdYlGn_r", aspect="auto")
    axes.set_xticks(range(len(study.distortions)), study.distortions, rotation=40, ha="right")
    axes.set_yticks(range(len(metrics)), metrics)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            label = "-" if cell.qp is None else f"{cell.beyond}{cell.qp:.0f}"
            axes.text(x, y, label, ha="center", va="center", fontsize=8)
    figure.colorbar(image, label=f"equivalent QP of {study.card}")
    axes.set_title("The QP that each metric takes a distortion for")
    figure.tight_layout()
    paths = [folder / "equivalent_qp.png", folder / "equivalent_qp.svg"]
    figure.savefig(paths[0], dpi=80, metadata={"Software": None})
    figure.savefig(paths[1], metadata={"Date": None})
    plt.close(figure)
    return paths
