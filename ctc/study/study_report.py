"""The study on paper: figures as CSV, the equivalent QPs as a table and as a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ctc.atomic_file import write_atomic
from ctc.study.metric_study import Study, ladder_label

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
puts `drift` at a small QP does not notice that it becomes somebody else. Mind `psnr-y` where
pictures are identical (held, frozen): each counts 999.99 dB in the mean; `apsnr-y` does not.

Sequences: {sequences}.
"""


def write_report(study: Study, folder: Path) -> list[Path]:
    """Write figures, signatures, equivalent QPs, README.md and the heat map; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "scores.csv": _scores_csv(study),
        "signatures.csv": _signatures_csv(study),
        "equivalent_qp.csv": _equivalents_csv(study),
        "README.md": _markdown(study),
    }
    written = []
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
        written.append(folder / name)
    return [*written, *_plots(study, folder)]


def _scores_csv(study: Study) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["sequence", "variant", "kbit/s", "metric", "value", "reason"])
    for s in study.scores:
        rate = "" if s.kbps is None else f"{s.kbps:.3f}"
        value = "" if s.value is None else f"{s.value:.10g}"
        writer.writerow([s.sequence, s.variant, rate, s.metric, value, s.reason])
    return out.getvalue()


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
            sequences=", ".join(study.sequences),
        ),
        "| metric | " + " | ".join(study.distortions) + " |",
        "|---|" + "---|" * len(study.distortions),
    ]
    absent: list[str] = []
    for metric in study.metrics:
        cells = study.equivalents(metric)
        if all(cell.qp is None and cell.reason == "undefined" for cell in cells.values()):
            absent.append(f"- {metric}: {_reason(study, metric)}")
            continue
        row = " | ".join(cells[name].text for name in study.distortions)
        lines.append(f"| {metric} | {row} |")
    if absent:
        lines += ["", "Not measured:", "", *absent]
    lines += ["", _rates(study), "", "![equivalent QP](equivalent_qp.png)", ""]
    return "\n".join(lines)


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
