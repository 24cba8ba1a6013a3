"""Templates and minerals from files: what is wrong is told with file, line and path."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import Invalid, NotFound
from app.knowledge import SeedError
from app.library import library, read_project
from tests.app.world import altered_seeds
from tests.factories import SEEDS


def test_the_seeds_are_held_with_versions_and_found_by_near_names(knowledge) -> None:
    held = library(knowledge)
    assert held.project("patrol-vessel").markets[0] == "PHL"
    assert held.mineral("Germanium").id == held.mineral("germanium").id == "germanium"
    assert set(held.versions) == {"projects", "minerals"}
    assert library(knowledge) is held
    with pytest.raises(NotFound) as problem:
        held.project("patrol vesel")
    assert "patrol-vessel" in (problem.value.hint or "")


def test_every_firm_that_a_mineral_names_is_a_seed_firm(knowledge, settings) -> None:
    from app.firms import read_seed_firms

    firms = set(read_seed_firms(SEEDS / "firms", knowledge.taxonomy))
    named = {handling.firm for mineral in library(knowledge).minerals.values() for handling in mineral.handlings}
    assert named <= firms


def test_every_figure_and_fact_has_a_source(knowledge) -> None:
    held = library(knowledge)
    assert all(handling.sources for mineral in held.minerals.values() for handling in mineral.handlings)
    assert all(project.sources and project.estimates for project in held.projects.values())
    assert len(held.projects) == 13


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("projects/patrol-vessel.yaml", "role: builder\n", "role: builder\n  kites: 3\n", "seats.0.kites"),
        ("projects/patrol-vessel.yaml", "delivers_to: builder", "delivers_to: yard", "unknown role 'yard'"),
        ("projects/patrol-vessel.yaml", "[shipbuilding.patrol_vessels]", "[shipbuilding.rafts]", "shipbuilding.rafts"),
        ("projects/patrol-vessel.yaml", "firms_at_least: 1", "firms_at_least: 20", "impossible quota"),
        ("projects/cbrn-kit.yaml", "id: cbrn-kit", "id: arctic-port", "stands already in"),
        ("minerals/germanium.yaml", "germanium dioxide and metal\n", "germanium dust\n", "germanium d"),
        ("minerals/germanium.yaml", "stage: refining", "stage: distilling", "no stage 'distilling'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_line_and_path(knowledge, tmp_path, file, old, new, words) -> None:
    seeds, _ = altered_seeds(tmp_path, file, old, new)
    with pytest.raises(SeedError) as problem:
        library(replace(knowledge, seeds=seeds))
    assert file.split("/")[1] in problem.value.message
    assert ", line " in problem.value.message
    assert words in problem.value.message


def test_the_line_is_that_of_the_value(knowledge, tmp_path) -> None:
    seeds, line = altered_seeds(
        tmp_path, "projects/patrol-vessel.yaml", "[shipbuilding.patrol_vessels]", "[shipbuilding.rafts]"
    )
    with pytest.raises(SeedError, match=f"line {line}: seats.0.sectors.0"):
        library(replace(knowledge, seeds=seeds))


def test_a_circle_in_a_chain_is_told_with_the_circle(knowledge, tmp_path) -> None:
    old = "- form: zinc concentrate bearing germanium\n  stage: concentrate\n"
    seeds, _ = altered_seeds(
        tmp_path, "minerals/germanium.yaml", old, f"{old}  made_from: [germanium dioxide and metal]\n"
    )
    with pytest.raises(SeedError, match=r"a circle: .* is made from"):
        library(replace(knowledge, seeds=seeds))


def test_a_template_of_the_caller_s_own_is_read_and_its_faults_are_the_caller_s(knowledge, tmp_path) -> None:
    text = (SEEDS / "projects" / "patrol-vessel.yaml").read_text(encoding="utf-8")
    own = tmp_path / "mine.yaml"
    own.write_text(text.replace("id: patrol-vessel", "id: mine"), encoding="utf-8")
    assert read_project(own, knowledge).id == "mine"
    own.write_text(text.replace("firms_at_least: 1", "firms_at_least: 19", 1), encoding="utf-8")
    with pytest.raises(Invalid, match="impossible quota"):
        read_project(own, knowledge)
    with pytest.raises(NotFound):
        read_project(tmp_path / "none.yaml", knowledge)
