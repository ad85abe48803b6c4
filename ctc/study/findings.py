"""What a study says in words, derived from its figures."""

from __future__ import annotations

from ctc.study.metric_study import Study

# A metric that takes a gross fault for this QP or a better one does not see it.
CONTENT_QP = 32.0
FAULTS = {
    "frozen": "Pay for doing nothing (`frozen`)",
    "held 5": "Do not mind five pictures a second (`held 5`)",
    "drift 6": "Do not notice that the face becomes another's (`drift 6`)",
    "jitter 1": "Do not mind that pictures tremble by a sample (`jitter 1`)",
    "noise 6": "Do not mind strong noise (`noise 6`)",
    "blur 1.5": "Do not mind plain blur (`blur 1.5`)",
}


def findings(study: Study) -> list[str]:
    """Return one line for each gross fault: the metrics that take it for QP 32 or better."""
    lines = []
    for fault, words in FAULTS.items():
        if fault not in study.distortions:
            continue
        blind = []
        for metric in study.metrics:
            cell = study.equivalents(metric)[fault]
            if cell.qp is not None and cell.qp <= CONTENT_QP and cell.beyond != ">":
                blind.append(f"{metric} ({cell.text})")
        lines.append(f"- {words}: {', '.join(blind) or 'none'}.")
    return lines


def counts_identical_pictures(study: Study, metric: str) -> bool:
    """Return whether figures of a metric hold pictures equal to the original, at 999.99 dB each."""
    values = [s.value for s in study.scores if s.metric == metric and s.value is not None]
    return metric.startswith("psnr") and any(value > 100.0 for value in values)
