"""The part of a campaign's results that a command line asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ctc.errors import ReportError, near_miss
from ctc.results import CampaignResults, ConfigurationResults


def select_results(
    results: CampaignResults,
    *,
    configurations: Sequence[str] = (),
    cards: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> tuple[CampaignResults, list[str]]:
    """Return the configurations that hold all of `cards`, with the metrics named; empty means all.

    Also returns a line for each configuration left out for want of a card or of every metric.

    Raises:
        ReportError: a configuration or metric that does not exist, or no configuration is left.
    """
    _refuse_unknown("configuration", configurations, [c.name for c in results.configurations])
    wanted = [c for c in results.configurations if not configurations or c.name in configurations]
    _refuse_unknown("metric", metrics, [m.name for c in wanted for m in c.metrics])
    kept, left_out = [], []
    for configuration in wanted:
        fault = _fault(configuration, cards, metrics)
        if fault:
            left_out.append(f"{configuration.name}: {fault}")
            continue
        named = {metric.name: metric for metric in configuration.metrics}
        chosen = tuple(named[name] for name in metrics if name in named)
        kept.append(dataclasses.replace(configuration, metrics=chosen or configuration.metrics))
    if not kept:
        raise ReportError(left_out[0])
    return dataclasses.replace(results, configurations=tuple(kept)), left_out


def _refuse_unknown(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            there = ", ".join(dict.fromkeys(known))
            raise ReportError(f"no {what} '{name}'{near_miss(name, known)}; has: {there}")


def _fault(
    configuration: ConfigurationResults, cards: Sequence[str], metrics: Sequence[str]
) -> str:
    for card in cards:
        if card not in configuration.cards:
            hint = near_miss(card, configuration.cards)
            return f"'{card}' is not among its cards {list(configuration.cards)}{hint}"
    if metrics and not any(metric.name in metrics for metric in configuration.metrics):
        return f"has none of the metrics {', '.join(metrics)}"
    return ""
