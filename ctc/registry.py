"""Cards and conditions by path, by name, or from an installed package."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

from ctc.card import Card, load_card
from ctc.conditions.schema import Conditions, load_conditions
from ctc.errors import CardError, ConditionsError, near_miss

ROOT = Path(__file__).resolve().parents[1]
CARD_FOLDERS = (ROOT / "anchors", ROOT / "reference_sw" / "cards")
CONDITIONS_FOLDER = Path(__file__).resolve().parent / "conditions"
ENTRY_POINT_GROUP = "ctc.cards"


@dataclass(frozen=True)
class LoadedCard:
    """A card and where it came from."""

    card: Card
    path: Path


def find_card(name_or_path: str) -> LoadedCard:
    """Return a card by the path of its YAML file or by its name.

    Raises:
        CardError: unknown name (with the near miss), two cards of one name, or an unusable card.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        return LoadedCard(load_card(path), path.absolute())
    matches = [found for found in card_paths() if found.stem == name_or_path]
    if not matches:
        known = [found.stem for found in card_paths()]
        raise CardError(
            f"codec '{name_or_path}' is unknown{near_miss(name_or_path, known)}"
            "; 'ctc codecs' lists all, or give the path of a card"
        )
    if len(matches) > 1:
        places = ", ".join(str(match) for match in matches)
        raise CardError(f"codec '{name_or_path}' is claimed by several cards: {places}")
    return LoadedCard(_named_card(matches[0]), matches[0])


def all_cards() -> list[LoadedCard]:
    """Return every card of this checkout and of installed packages, in the order of their names."""
    return [LoadedCard(_named_card(path), path) for path in card_paths()]


@lru_cache(maxsize=1)
def card_paths() -> tuple[Path, ...]:
    """Paths of all registered cards; a card's file is named after it."""
    folders = [*CARD_FOLDERS, *_advertised_folders()]
    paths = (path for folder in folders for path in folder.glob("*.yaml"))
    return tuple(sorted(paths, key=lambda path: path.stem))


def find_conditions(name_or_path: str) -> tuple[Conditions, Path]:
    """Return test conditions, and their path, by the path of the YAML file or by name.

    Raises:
        ConditionsError: unknown name (with the near miss) or unusable conditions.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = CONDITIONS_FOLDER / f"{name_or_path}.yaml"
        known = conditions_names()
        if name_or_path not in known:
            raise ConditionsError(
                f"conditions '{name_or_path}' are unknown{near_miss(name_or_path, known)}"
                f"; known: {', '.join(known)}, or give the path of a file"
            )
    return load_conditions(path), path.absolute()


def conditions_names() -> list[str]:
    """Names of the conditions that come with the harness."""
    return sorted(path.stem for path in CONDITIONS_FOLDER.glob("*.yaml"))


def _named_card(path: Path) -> Card:
    card = load_card(path)
    if card.name != path.stem:
        raise CardError(f"{path}: name = '{card.name}': shall be the file's name '{path.stem}'")
    return card


def _advertised_folders() -> Iterator[Path]:
    """Folders of installed packages: `acme = "acme_codec:cards"` is the folder acme_codec/cards.

    The package is located, not imported: listing codecs runs nobody's code.
    """
    for point in entry_points(group=ENTRY_POINT_GROUP):
        spec = importlib.util.find_spec(point.module.partition(".")[0])
        locations = list(spec.submodule_search_locations or []) if spec else []
        if not locations:
            raise CardError(f"entry point '{point.name}': package '{point.module}' has no folder")
        inner = point.module.split(".")[1:]
        yield Path(locations[0]).joinpath(*inner, point.attr or "")
