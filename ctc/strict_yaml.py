"""YAML that refuses duplicate keys, tags and aliases; schema errors name path and near miss."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ctc.errors import CtcError, near_miss

MAX_BYTES = 4 << 20


class StrictModel(BaseModel):
    """Base of every schema: unknown keys and silent type changes are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=StrictModel)


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key shall be plain text", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key!r}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(
                None, None, "aliases are not allowed", event.start_mark
            )
        return super().compose_node(parent, index)


def load_yaml(path: Path, error: type[CtcError]) -> Any:
    """Return the plain data of one YAML document.

    Raises:
        CtcError (of the type given): unreadable, oversized, malformed, duplicate key, alias or tag.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(f"{path}: larger than {MAX_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not UTF-8 at byte {problem.start}") from problem
    except (yaml.YAMLError, RecursionError) as problem:
        raise error(f"{path}: not valid YAML: {_one_line(problem)}") from problem


def load_model(path: Path, model: type[Model], error: type[CtcError]) -> Model:
    """Return the YAML document at `path` as `model`; `error` names file, key and value."""
    return parse_model(load_yaml(path, error), model, error, str(path))


def parse_model(data: Any, model: type[Model], error: type[CtcError], origin: str) -> Model:
    """Return plain data as `model`; the error names origin, key path, value and what is allowed."""
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        raise error(f"{origin}: {_first_fault(problem, model)}") from problem


def _first_fault(problem: ValidationError, model: type[BaseModel]) -> str:
    # An unknown key comes first: it explains the field that seems to be missing.
    fault = min(problem.errors(), key=lambda one: one["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in fault["loc"]) or "document"
    more = f" (and {problem.error_count() - 1} more)" if problem.error_count() > 1 else ""
    if fault["type"] == "extra_forbidden":
        known = _all_field_names(model)
        return f"unknown key '{where}'{near_miss(str(fault['loc'][-1]), known)}{more}"
    if fault["type"] == "missing":
        return f"key '{where}' is missing{more}"
    value = repr(fault["input"])
    shown = value if len(value) <= 80 else value[:77] + "..."
    return f"{where} = {shown}: {fault['msg']}{more}"


def _all_field_names(model: type[BaseModel]) -> set[str]:
    names = set(model.model_fields)
    for field in model.model_fields.values():
        for part in _models_in(field.annotation):
            names |= _all_field_names(part)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_in(arg)]


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())
