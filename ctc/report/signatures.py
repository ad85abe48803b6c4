"""What has to be equal for numbers to be equal: conditions, metrics, cards, provenance."""

from __future__ import annotations

from ctc.report.data import ReportData
from ctc.results import CampaignResults


def machines(results: CampaignResults) -> list[str]:
    """Return every machine that a stage ran on, as its record names it."""
    found = {
        cost.machine or "not recorded"
        for conf in results.configurations
        for point in conf.points
        for cost in (point.encode, point.decode)
        if cost is not None
    }
    return sorted(found)


def signature_rows(data: ReportData) -> list[tuple[str, str, str]]:
    """Return (kind, name, text) of all that identifies the numbers of a campaign."""
    results = data.results
    rows = [("Conditions", results.conditions, f"version {results.conditions_version}")]
    rows += [("BD-rate", key, str(value)) for key, value in results.bd_rate.items()]
    for conf in results.configurations:
        rows += [(f"Metric, {conf.name}", m.title, m.signature) for m in conf.metrics]
    of_set = {(row.configuration, row.name): row.signature for row in data.set_rows}
    rows += [(f"Figure of the set, {conf}", name, text) for (conf, name), text in of_set.items()]
    for card in results.cards.values():
        rows.append(("Card", card.name, f"{card.title}; version {card.version or 'not recorded'}"))
        rows.append(("Card digest", card.name, card.digest))
    rows += [("Provenance", key, value) for key, value in results.provenance.items()]
    rows += [("Machine", "", machine) for machine in machines(results)]
    return rows
