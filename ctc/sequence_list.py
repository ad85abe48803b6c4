"""The list of sequences: sequences.yaml and what the user has imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ctc.errors import SequenceError, near_miss
from ctc.sequence_folders import home_folder, search_folders
from ctc.sequence_schema import ImportedDocument, SequenceDocument, sequences_of
from ctc.sequences import Sequence
from ctc.strict_yaml import load_model

IMPORTED = "imported.yaml"
FILE = "sequences.yaml"


@dataclass(frozen=True)
class SequenceList:
    """All known sequences in the order of the files; titles: of each class."""

    sequences: tuple[Sequence, ...]
    titles: dict[str, str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in order."""
        return tuple(self.titles)

    def find(self, name: str) -> Sequence:
        """Return the sequence of that name.

        Raises:
            SequenceError: no such sequence; names the nearest.
        """
        for sequence in self.sequences:
            if sequence.name == name:
                return sequence
        known = [sequence.name for sequence in self.sequences]
        raise SequenceError(f"no sequence '{name}'{near_miss(name, known) or _see_list()}")

    def of_class(self, name: str) -> tuple[Sequence, ...]:
        """Return the sequences of a class.

        Raises:
            SequenceError: no such class; names the nearest.
        """
        if name not in self.titles:
            raise SequenceError(
                f"no class '{name}'{near_miss(name, self.titles) or _see_list()} "
                f"(classes: {', '.join(self.titles)})"
            )
        return tuple(s for s in self.sequences if s.sequence_class == name)

    def select(self, classes: Iterable[str], names: Iterable[str]) -> tuple[Sequence, ...]:
        """Return the sequences of the classes and then those named, each once.

        Raises:
            SequenceError: an unknown class or name.
        """
        chosen = [sequence for name in classes for sequence in self.of_class(name)]
        chosen += [self.find(name) for name in names]
        return tuple(dict.fromkeys(chosen))


def _see_list() -> str:
    return "; `ctc sequences list` shows all"


def load_sequences(path: Path | None = None) -> SequenceList:
    """Return the sequences of the file at `path` and of every imported.yaml in the folders.

    path: None takes sequences.yaml in the current directory or above it, else that of the
    checkout this package lies in.

    Raises:
        SequenceError: no such file, unknown or duplicate key, a name given twice.
    """
    path = default_file() if path is None else path
    document = load_model(path, SequenceDocument, SequenceError)
    imported = [(f, load_imported(f)) for f in _imported_files()]
    recorded: dict[str, str] = {}
    for _, own in reversed(imported):
        recorded |= own.md5
    found: dict[str, Sequence] = {}
    titles: dict[str, str] = {}
    for origin, classes in [(path, document.classes), *((f, own.classes) for f, own in imported)]:
        for name, entry in classes.items():
            titles.setdefault(name, entry.title)
            for sequence in sequences_of(name, entry, str(origin), recorded):
                _add(found, replace(sequence, imported=origin != path), origin)
    for sequence in found.values():
        if sequence.made_from and sequence.made_from not in found:
            raise SequenceError(
                f"{path}: {sequence.name}: made_from = '{sequence.made_from}': no such sequence"
                f"{near_miss(sequence.made_from, found)}"
            )
    return SequenceList(tuple(found.values()), titles)


def _add(found: dict[str, Sequence], sequence: Sequence, origin: Path) -> None:
    known = found.setdefault(sequence.name, sequence)
    if known != sequence:
        raise SequenceError(
            f"{origin}: sequence '{sequence.name}' of class {sequence.sequence_class} "
            f"is already one of class {known.sequence_class}"
        )


def default_file() -> Path:
    """Return the sequences.yaml in force when none is named.

    Raises:
        SequenceError: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[1]):
        if (folder / FILE).is_file():
            return folder / FILE
    raise SequenceError(f"no {FILE} in {here}, above it, or beside the ctc package")


def load_imported(path: Path) -> ImportedDocument:
    """Return an imported.yaml; an absent file is an empty one.

    Raises:
        SequenceError: it cannot be read or used.
    """
    if not path.exists():
        return ImportedDocument(imported=1)
    return load_model(path, ImportedDocument, SequenceError)


def _imported_files() -> list[Path]:
    folders = dict.fromkeys([home_folder(), *search_folders()])
    return [folder / IMPORTED for folder in folders if (folder / IMPORTED).is_file()]
