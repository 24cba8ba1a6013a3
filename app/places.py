"""Countries, provinces and states as people write them, in English and French, to codes. Pure."""

from __future__ import annotations

import gettext
from functools import cache

import pycountry

from matching.profile import slug

COMMON = {
    "usa": "USA", "us": "USA", "u-s-a": "USA", "u-s": "USA", "america": "USA", "etats-unis-d-amerique": "USA",
    "uk": "GBR", "u-k": "GBR", "great-britain": "GBR", "england": "GBR", "royaume-uni": "GBR", "angleterre": "GBR",
    "grande-bretagne": "GBR", "uae": "ARE", "emirates": "ARE", "eau": "ARE", "emirats": "ARE",
    "south-korea": "KOR", "korea": "KOR", "coree-du-sud": "KOR", "coree": "KOR", "russia": "RUS", "russie": "RUS",
    "vietnam": "VNM", "viet-nam": "VNM", "iran": "IRN", "syria": "SYR", "syrie": "SYR", "taiwan": "TWN",
    "tanzania": "TZA", "tanzanie": "TZA", "bolivia": "BOL", "venezuela": "VEN", "laos": "LAO", "brunei": "BRN",
    "ivory-coast": "CIV", "cote-d-ivoire": "CIV", "turkey": "TUR", "turquie": "TUR", "czech-republic": "CZE",
    "holland": "NLD", "hollande": "NLD", "bharat": "IND", "hindustan": "IND", "republic-of-india": "IND",
    "drc": "COD", "rdc": "COD", "cape-verde": "CPV", "swaziland": "SWZ", "burma": "MMR", "ksa": "SAU",
    "saudi": "SAU", "palestine": "PSE", "macedonia": "MKD", "can": "CAN", "cdn": "CAN",
}  # fmt: skip
IN_SCRIPT = {"भारत": "IND", "कनाडा": "CAN", "印度": "IND", "加拿大": "CAN"}

PROVINCES_FR = {
    "colombie-britannique": "BC", "nouveau-brunswick": "NB", "nouvelle-ecosse": "NS", "ile-du-prince-edouard": "PE",
    "terre-neuve-et-labrador": "NL", "terre-neuve": "NL", "newfoundland": "NL", "territoires-du-nord-ouest": "NT",
    "pei": "PE", "p-e-i": "PE", "ont": "ON", "que": "QC", "alta": "AB", "sask": "SK", "man": "MB",
}  # fmt: skip
STATES_OLD = {"orissa": "Odisha", "new-delhi": "Delhi", "uttaranchal": "Uttarakhand", "pondicherry": "Puducherry"}


@cache
def _countries() -> dict[str, str]:
    french = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["fr"])
    names: dict[str, str] = {}
    for country in pycountry.countries:
        said = [country.name, getattr(country, "common_name", ""), getattr(country, "official_name", "")]
        for name in (country.alpha_2, country.alpha_3, *said, *(french.gettext(name) for name in said if name)):
            if slug(name):
                names.setdefault(slug(name), country.alpha_3)
    return names | COMMON


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-3 code of a country by code or by English or French name; None where there is none."""
    text = text.strip()
    if text in IN_SCRIPT:
        return IN_SCRIPT[text]
    names = _countries()
    key = slug(text.replace("’", "'")).removeprefix("the-")
    for article in ("", "la-", "le-", "les-", "l-"):
        if key.startswith(article) and (code := names.get(key.removeprefix(article))):
            return code
    return None


def near_countries(text: str) -> list[str]:
    """Names of countries that are spelled nearly so."""
    from rapidfuzz import fuzz, process

    names = {slug(country.name): country.name for country in pycountry.countries}
    found = process.extract(slug(text), list(names), scorer=fuzz.ratio, limit=2, score_cutoff=70)
    return [names[name] for name, _, _ in found]


@cache
def _regions() -> dict[str, tuple[str, str]]:
    """Provinces and states: how they are written, to country and how the service writes them."""
    found = {}
    for code, country in (("CA", "CAN"), ("IN", "IND")):
        for region in pycountry.subdivisions.get(country_code=code) or ():  # type: ignore[no-untyped-call]
            kept = region.code[3:] if country == "CAN" else region.name
            found[slug(region.name)] = (country, kept)
            if country == "CAN":
                found[region.code[3:].lower()] = (country, kept)
    found |= {name: ("CAN", code) for name, code in PROVINCES_FR.items()}
    return found | {name: ("IND", state) for name, state in STATES_OLD.items()}


def region_of(text: str) -> tuple[str, str] | None:
    """Country and province or state of a text, as the service writes them; None where it is neither's."""
    return _regions().get(slug(text.replace("’", "'")))
