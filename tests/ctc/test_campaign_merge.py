"""Campaigns merged into one comparison, and releases of one codec as a history."""

from __future__ import annotations

import dataclasses
import xml.dom.minidom
from pathlib import Path

import pytest

from ctc.campaign_merge import merge_campaigns
from ctc.comparison import compare_configuration
from ctc.errors import ReportError
from ctc.release_history import history_table, release_history
from ctc.report.history_chart import write_history
from ctc.results import CampaignResults
from tests.ctc.formula_results import PSNR, campaign


def test_campaigns_of_one_anchor_merge_and_unlike_ones_are_refused() -> None:
    may, june = campaign("may", test=0.9), campaign("june", other=0.8)
    merged = merge_campaigns([may, june])
    assert merged.configurations[0].cards == ("anchor", "test", "other")
    overall = [
        c.by_metric("psnr_y").overall.value
        for c in compare_configuration(merged.configurations[0]).cards
    ]
    assert overall == pytest.approx([-0.1, -0.2])
    assert merge_campaigns([may]) is may
    with pytest.raises(ReportError, match="2 campaigns are named 'may'"):
        merge_campaigns([may, campaign("may", other=0.8)])
    with pytest.raises(
        ReportError, match=r"unlike conditions: may has demo 1.0, june has demo 1.1"
    ):
        merge_campaigns([may, dataclasses.replace(june, conditions_version="1.1")])
    fewer = dataclasses.replace(june.configurations[0], sequences=(("a1", "A"),))
    with pytest.raises(ReportError, match=r"unlike ldb: sequences: may has"):
        merge_campaigns([may, dataclasses.replace(june, configurations=(fewer,))])
    edited = dataclasses.replace(june.configurations[0], sequence_md5={"a1": "00"})
    with pytest.raises(ReportError, match=r"unlike ldb: md5 of originals"):
        merge_campaigns([may, dataclasses.replace(june, configurations=(edited,))])
    metric = dataclasses.replace(PSNR, signature="psnr|v:2")
    other = dataclasses.replace(june.configurations[0], metrics=(metric,))
    with pytest.raises(ReportError, match=r"unlike ldb: metrics"):
        merge_campaigns([may, dataclasses.replace(june, configurations=(other,))])


def test_campaigns_of_unlike_frame_counts_never_share_a_mean() -> None:
    long, short = campaign("long", acme=0.9), campaign("short", other=0.8)
    fewer = tuple(dataclasses.replace(p, frames=4) for p in short.configurations[0].points)
    short = dataclasses.replace(
        short, configurations=(dataclasses.replace(short.configurations[0], points=fewer),)
    )
    merged = merge_campaigns([long, restreamed(short, "anchor", "4")]).configurations[0]
    comparison = compare_configuration(merged, tests=("acme", "other"))
    means = {card.card: card.by_metric("psnr_y").overall for card in comparison.cards}
    assert means["acme"].value == pytest.approx(-0.1)
    assert means["other"].value is None and "not-comparable 3" in means["other"].reason
    reason = comparison.cards[1].by_metric("psnr_y").sequences[0].bd_rate.reason
    assert reason == "unlike frame counts: 4, 8"


def restreamed(results: CampaignResults, card: str, mark: str) -> CampaignResults:
    """The campaign with other bitstreams of a card."""
    configurations = tuple(
        dataclasses.replace(
            c,
            points=tuple(
                dataclasses.replace(p, bitstream_sha256=p.bitstream_sha256 + mark)
                if p.card == card
                else p
                for p in c.points
            ),
        )
        for c in results.configurations
    )
    return dataclasses.replace(results, configurations=configurations)


def test_a_codec_that_changed_between_campaigns_counts_as_two() -> None:
    first = campaign("v1", acme=0.9)
    second = restreamed(campaign("v2", acme=0.8), "acme", "new")
    merged = merge_campaigns([first, second])
    assert merged.configurations[0].cards == ("anchor", "acme@v1", "acme@v2")
    assert merged.cards["acme@v2"].title == "Codec acme (v2)"
    found = compare_configuration(merged.configurations[0])
    assert [c.by_metric("psnr_y").overall.value for c in found.cards] == pytest.approx([-0.1, -0.2])


def test_release_history_is_a_table_and_a_chart(tmp_path: Path) -> None:
    releases = [campaign(f"v{n}", acme=f) for n, f in enumerate((1.05, 0.9, 0.7), 1)]
    history = release_history(releases, "acme")[0]
    assert [r.figures["psnr_y"].value for r in history.releases] == pytest.approx(
        [0.05, -0.1, -0.3]
    )
    table = history_table(history)
    assert [row[2].text for row in table.rows] == ["5.00 %", "-10.00 %", "-30.00 %"]
    for name in ("h.svg", "h.png"):
        write_history(history, tmp_path / name)
    assert (tmp_path / "h.png").read_bytes()[:4] == b"\x89PNG"
    drawn = xml.dom.minidom.parse(str(tmp_path / "h.svg"))
    texts = [t.firstChild.data for t in drawn.getElementsByTagName("text") if t.firstChild]  # type: ignore[union-attr]
    assert {"v1", "v2", "v3", "PSNR-Y", "LPIPS"} <= set(texts)
    heights = [float(c.getAttribute("cy")) for c in drawn.getElementsByTagName("circle")]
    assert heights[1] < heights[2] < heights[3]  # after the legend's own mark; 0 % is at the top
    with pytest.raises(ReportError, match=r"a plot is a .png or .svg file"):
        write_history(history, tmp_path / "h.gif")
    with pytest.raises(ReportError, match=r"campaign v1: 'acne' is not among.*did you mean 'acme'"):
        release_history(releases, "acne")
