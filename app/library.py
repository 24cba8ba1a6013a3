"""Project templates and minerals, read from the seeds once and checked against one another.

They rest on the taxonomy but no ranking rests on them, so they are read when first asked for, and have versions of
their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from app.errors import Invalid, NotFound
from app.knowledge import Knowledge, SeedError, content_hash, near, place_in, read_yaml
from matching import minerals, projects
from matching.minerals import Mineral, handled_by_firm
from matching.projects import Place, Project
from matching.seats import texts_of
from matching.taxonomy import Taxonomy

Shape = TypeVar("Shape", Project, Mineral)


@dataclass(frozen=True)
class Library:
    """Templates and minerals by id, and the hashes of their files."""

    projects: Mapping[str, Project]
    minerals: Mapping[str, Mineral]
    versions: Mapping[str, str]

    def project(self, wanted: str) -> Project:
        """The template of an id; NotFound offers near ones."""
        return _named(self.projects, wanted, "project template", "`triveni projects` lists them")

    def mineral(self, wanted: str) -> Mineral:
        """The mineral of an id or name; NotFound offers near ones."""
        return _named(self.minerals, wanted, "mineral", "`triveni chain` without a name lists them")

    @cached_property
    def handled(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """By firm id and mineral, the forms that the firm gives."""
        return handled_by_firm(self.minerals)

    @property
    def texts(self) -> list[str]:
        """Every text that is embedded ahead, so that a composition need not wait for the encoder."""
        return texts_of(tuple(self.projects.values()))


def _named(held: Mapping[str, Shape], wanted: str, what: str, hint: str) -> Shape:
    key = wanted.strip().casefold()
    for one in held.values():
        if key in (one.id, getattr(one, "name", one.id).casefold(), getattr(one, "name_fr", one.id).casefold()):
            return one
    offered = ", ".join(near(wanted, {name: name for name in held})) or ", ".join(held)
    raise NotFound(f"no {what} {wanted!r} is held", hint=f"near: {offered}; {hint}")


_READ: dict[tuple[Path, str], Library] = {}


def library(knowledge: Knowledge) -> Library:
    """The library of the knowledge's seeds; raises SeedError with file, line and path of what is wrong."""
    key = (knowledge.seeds, knowledge.taxonomy.version)
    if key not in _READ:
        _READ[key] = _read(knowledge.seeds, knowledge.taxonomy)
    return _READ[key]


def _read(seeds: Path, taxonomy: Taxonomy) -> Library:
    stages = [stage.stage for stage in taxonomy.stages]

    def of_mineral(mineral: Mineral) -> Iterator[tuple[Place, str]]:
        return minerals.faults(mineral, stages, taxonomy.codes)

    held = dict(_files(seeds / "minerals", Mineral, of_mineral))
    forms = {mineral.id: [form.form for form in mineral.forms] for mineral in held.values()}

    def of_project(project: Project) -> Iterator[tuple[Place, str]]:
        return projects.faults(project, taxonomy, forms)

    return Library(
        projects=dict(_files(seeds / "projects", Project, of_project)),
        minerals=held,
        versions={name: content_hash(seeds / name, "*.yaml") for name in ("projects", "minerals")},
    )


def _files(
    folder: Path, shape: type[Shape], faults: Callable[[Shape], Iterable[tuple[Place, str]]]
) -> Iterator[tuple[str, Shape]]:
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        read = _checked(path, shape, faults)
        if read.id in seen:
            raise SeedError(f"{place_in(path, ('id',))}: {read.id!r} stands already in {seen[read.id]}")
        seen[read.id] = path
        yield read.id, read


def _checked(path: Path, shape: type[Shape], faults: Callable[[Shape], Iterable[tuple[Place, str]]]) -> Shape:
    read = read_yaml(path, shape)
    for place, message in faults(read):
        raise SeedError(f"{place_in(path, place)}: {message}")
    return read


def read_project(path: Path, knowledge: Knowledge) -> Project:
    """A template from a file of the caller's own; raises Invalid with file, line and path of what is wrong."""
    if not path.is_file():
        raise NotFound(f"no file {path}", hint="give a template's id, or a YAML file in the layout of seeds/projects")
    forms = {m.id: [form.form for form in m.forms] for m in library(knowledge).minerals.values()}
    try:
        return _checked(path, Project, lambda project: projects.faults(project, knowledge.taxonomy, forms))
    except SeedError as problem:
        raise Invalid(problem.message) from problem
