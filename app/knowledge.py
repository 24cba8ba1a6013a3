"""What the service knows and its versions: rulebook, taxonomy, markets with their demands, encoder.

Loaded once from the seed files and handed on. A file with a typo stops the loading with its name, the line and
what was expected; nothing is half-loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from app.errors import AppError, Invalid, NotFound, NotReady
from app.settings import Settings
from matching.control_lists import ControlLists, load_control_lists
from matching.encoder import Encoder, NamedEncoder, packaged_encoder
from matching.literacy import Certificates, Glossary, Literacy
from matching.profile import Demand, Frozen, Market, Source
from matching.rulebook import Rulebook, load_rulebook
from matching.rules import RuleError
from matching.taxonomy import Taxonomy, TaxonomyError, load_taxonomy
from matching.weights import EncoderError


class SeedError(AppError):
    """A seed or rule file cannot be read; the message names the file, the line and what was expected."""

    status = 500
    code = "seed-file"


class MarketFile(Frozen):
    """One file of seeds/markets: when it was compiled, from what, and its markets."""

    as_of: str
    sources: tuple[Source, ...]
    markets: tuple[Market, ...]


@dataclass(frozen=True)
class Knowledge:
    """Everything the engine is given besides the firms."""

    seeds: Path
    """The folder it was read from; whoever needs a file of it that is not held here reads it there."""
    rulebook: Rulebook
    taxonomy: Taxonomy
    control_lists: ControlLists
    literacy: Literacy
    markets: Mapping[str, Market]
    encoder: Encoder
    markets_version: str
    glossary_version: str
    demands: Mapping[str, tuple[Market, Demand]] = field(default_factory=dict)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Content hashes of all that an answer rests on, apart from the firms and the weights."""
        return {
            "rulebook": self.rulebook.version,
            "taxonomy": self.taxonomy.version,
            "control_lists": self.control_lists.version,
            "glossary": self.glossary_version,
            "markets": self.markets_version,
            "encoder": self.encoder.id,
        }

    def market(self, iso3: str) -> Market:
        """The market of an ISO 3166-1 alpha-3 code or English or French name; NotFound offers near names."""
        wanted = iso3.strip().casefold()
        for market in self.markets.values():
            if wanted in (market.iso3.casefold(), market.name.casefold(), market.name_fr.casefold()):
                return market
        raise NotFound(
            f"no market {iso3!r} is held",
            hint="give an ISO 3166-1 alpha-3 code such as PHL, or “any”; near: "
            + (", ".join(near(iso3, self._market_names)) or "none")
            + ". `triveni markets` lists all",
        )

    @cached_property
    def _market_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for market in self.markets.values():
            label = f"{market.iso3} ({market.name})"
            names |= {market.iso3: label, market.name: label, market.name_fr: label}
        return names


def holdings(knowledge: Knowledge) -> dict[str, int]:
    """How many markets, demands and rules are held."""
    return {
        "markets": len(knowledge.markets),
        "demands": len(knowledge.demands),
        "rules": len(knowledge.rulebook.rules),
    }


def markets_by_region(knowledge: Knowledge) -> list[tuple[str, list[Market]]]:
    """The markets held, by region and then by name."""
    regions: dict[str, list[Market]] = {}
    for market in sorted(knowledge.markets.values(), key=lambda market: (market.region, market.name)):
        regions.setdefault(market.region, []).append(market)
    return list(regions.items())


def near(wanted: str, names: Mapping[str, str], limit: int = 5) -> list[str]:
    """Labels of the names most like the one wanted, best first; fuzzy, case and accents aside."""
    from rapidfuzz import fuzz, process, utils

    found = process.extract(
        wanted, list(names), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit * 2, score_cutoff=60
    )
    return list(dict.fromkeys(names[name] for name, _, _ in found))[:limit]


def load_sectors(settings: Settings) -> Taxonomy:
    """The sector tree alone; raises SeedError naming file, line and what was expected."""
    try:
        return load_taxonomy(settings.seeds / "sectors")
    except TaxonomyError as problem:
        raise SeedError(str(problem)) from problem


def load_knowledge(settings: Settings, encoder: Encoder | None = None) -> Knowledge:
    """Read all seed files; raises SeedError naming file, line and what was expected."""
    try:
        rulebook = load_rulebook(settings.seeds / "controls", settings.rule_max_age_days)
        taxonomy = load_taxonomy(settings.seeds / "sectors")
        sector_maps = {sector.sector_map for sector in taxonomy.sectors} - {""}
        control_lists = load_control_lists(settings.seeds / "controls", sector_maps)
    except (RuleError, TaxonomyError) as problem:
        raise SeedError(str(problem)) from problem
    markets = load_markets(settings.seeds / "markets", taxonomy)
    return Knowledge(
        seeds=settings.seeds,
        rulebook=rulebook,
        taxonomy=taxonomy,
        control_lists=control_lists,
        literacy=load_literacy(settings.seeds / "glossary", taxonomy, rulebook),
        markets=markets,
        encoder=encoder or _encoder(settings),
        markets_version=content_hash(settings.seeds / "markets", "*.yaml"),
        glossary_version=content_hash(settings.seeds / "glossary", "*.yaml"),
        demands={demand.id: (market, demand) for market in markets.values() for demand in market.demands},
    )


def _encoder(settings: Settings) -> Encoder:
    try:
        return NamedEncoder(settings.encoder) if settings.encoder else packaged_encoder(settings.model_folder)
    except (EncoderError, OSError) as problem:
        raise NotReady(f"the encoder cannot be found: {problem}", hint="check TRIVENI_ENCODER") from problem


def load_markets(folder: Path, taxonomy: Taxonomy) -> dict[str, Market]:
    """All markets by code, in order of code; codes and demand ids are unique and every sector is known."""
    markets: dict[str, Market] = {}
    seen: dict[str, str] = {}
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise SeedError(f"no market files in {folder}: expected seeds/markets/*.yaml")
    for path in files:
        for market in read_yaml(path, MarketFile).markets:
            _once(seen, market.iso3, path)
            for demand in market.demands:
                _once(seen, demand.id, path)
                for code in demand.sectors:
                    _known_sector(code, taxonomy, f"{path}, demand {demand.id}")
            markets[market.iso3] = market
    return dict(sorted(markets.items()))


def load_literacy(folder: Path, taxonomy: Taxonomy, rulebook: Rulebook) -> Literacy:
    """Glossary and certificates; every sector, rule and certificate that an occasion names must be there."""
    terms = read_yaml(folder / "glossary.yaml", Glossary).entries
    certificates = read_yaml(folder / "certificates.yaml", Certificates).certificates
    codes = {certificate.code for certificate in certificates}
    rules = [rule.id for rule in rulebook.rules]
    for name, shown in [*((t.term, t.shown_for) for t in terms), *((c.code, c.shown_for) for c in certificates)]:
        if shown is None:
            continue
        where = f"{folder}, {name}, shown_for"
        for code in shown.sectors:
            _known_sector(code, taxonomy, where)
        strays = [p for p in shown.rules if not any(fnmatchcase(rule, p) for rule in rules)]
        strays += [code for code in shown.certificates if code not in codes]
        if strays:
            raise SeedError(
                f"{where}: nothing is called {strays[0]!r}; expected a rule of seeds/controls or a certificate"
            )
    return Literacy(certificates, terms)


def _once(seen: dict[str, str], key: str, path: Path) -> None:
    if key in seen:
        raise SeedError(f"{path}: {key!r} stands already in {seen[key]}; expected each id once")
    seen[key] = str(path)


def _known_sector(code: str, taxonomy: Taxonomy, where: str) -> None:
    try:
        taxonomy.sector(code)
    except TaxonomyError as problem:
        raise SeedError(f"{where}: {problem}") from problem


Shape = TypeVar("Shape", bound=Frozen)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where the package brings it: eight times faster, which every command feels."""


def read_yaml(path: Path, shape: type[Shape]) -> Shape:
    """Parse a YAML file into a shape; a complaint carries the line of the value it is about."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=_LOADER)
        return shape.model_validate(yaml.load(text, Loader=_LOADER))  # noqa: S506  (a safe loader)
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or str(problem)
        raise SeedError(f"{path}, line {mark.line + 1 if mark else 1}: not YAML in UTF-8: {what}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        line = _line_of(tree, first["loc"])
        at = ".".join(str(part) for part in first["loc"])
        raise SeedError(f"{path}, line {line}: {at}: {first['msg']} (found {str(first['input'])[:80]!r})") from problem


def place_in(path: Path, loc: tuple[int | str, ...]) -> str:
    """File, line and path of a value that a YAML file gives, as complaints name it."""
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    return f"{path}, line {_line_of(tree, loc)}: {'.'.join(str(part) for part in loc)}"


def _line_of(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """The line of the value at a path, or of the nearest thing above it that exists."""
    line = 1
    for part in path:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            node = None
    return node.start_mark.line + 1 if node is not None else line


def content_hash(folder: Path, pattern: str) -> str:
    """Hash of the names and bytes of the files of a folder: their version."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def invalid_from(problem: ValidationError, what: str) -> Invalid:
    """The request's first fault as an Invalid that names the field, what was found and what was expected."""
    faults = [
        ": ".join(filter(None, [".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")]))
        for fault in problem.errors()
    ]
    return Invalid(f"{what}: " + "; ".join(faults))
