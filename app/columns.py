"""The columns that a sheet of firms may have: what each is called in English and French, and how its cells are read.

Profile decides: every column leads to a field of Profile, or is one that is known and not taken (contact details).
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

from app import values
from app.cells import NUMBER
from app.registers import any_identifier, classifications, identifier
from app.values import Read, Reader, Wrong, entries
from matching.profile import EmployeesBand, Ownership, Regime, Role, slug
from matching.taxonomy import Taxonomy

Group = Literal["firm", "offers", "control", "een", "never"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be met: its key, its labels, what else it is called, and how a cell of it is read."""

    key: str
    en: str
    fr: str
    read: Reader = field(repr=False)
    called: tuple[str, ...] = ()
    several: bool = False
    """May several columns of a sheet feed it, and several entries stand in a cell?"""
    group: Group = "firm"
    example: str = ""
    options: tuple[str, ...] = ()
    """Of a drop-down, in the template."""


ROLES_CALLED = {
    "innovateur": "innovator", "innovation": "innovator", "technology-developer": "innovator", "r-d": "innovator",
    "startup": "innovator", "fabricant": "manufacturer", "manufacture": "manufacturer", "oem": "manufacturer",
    "manufacturing": "manufacturer", "fabrication": "manufacturer", "producer": "manufacturer",
    "integrateur": "integrator", "system-integrator": "integrator", "systems-integrator": "integrator",
    "integration": "integrator", "prime": "integrator", "transformateur": "processor", "processing": "processor",
    "refiner": "processor", "refinery": "processor", "affineur": "processor", "entretien": "mro", "maintenance": "mro",
    "entretien-et-reparation": "mro", "mine": "miner", "mining": "miner", "exploitant-minier": "miner",
    "exploration": "explorer", "prospecteur": "explorer", "chantier-naval": "shipyard", "shipbuilder": "shipyard",
}  # fmt: skip
OWNERSHIP_CALLED = {
    "privee": "private", "prive": "private", "private-limited": "private", "pvt": "private", "public": "listed",
    "cotee": "listed", "cotee-en-bourse": "listed", "public-limited": "listed", "publicly-listed": "listed",
    "start-up": "startup", "jeune-pousse": "startup", "filiale": "subsidiary", "subsidiary-of-foreign": "subsidiary",
    "crown-corporation": "crown", "societe-d-etat": "crown", "government": "crown", "psu": "dpsu",
    "public-sector-undertaking": "dpsu", "defence-psu": "dpsu",
}  # fmt: skip
LANGUAGES_CALLED = {
    "english": "en", "anglais": "en", "french": "fr", "francais": "fr", "hindi": "hi", "tamil": "ta", "tamoul": "ta",
    "telugu": "te", "marathi": "mr", "gujarati": "gu", "kannada": "kn", "bengali": "bn", "malayalam": "ml",
    "punjabi": "pa", "spanish": "es", "espagnol": "es", "german": "de", "allemand": "de", "arabic": "ar",
    "arabe": "ar", "japanese": "ja", "japonais": "ja", "korean": "ko", "russian": "ru", "portuguese": "pt",
}  # fmt: skip
_LANGUAGES = tuple(dict.fromkeys(LANGUAGES_CALLED.values()))


def columns(taxonomy: Taxonomy) -> tuple[Column, ...]:
    """All columns that are known, in the order of the template."""
    return (*_FIRM, *_offered(taxonomy), *_CONTROL, *_een(taxonomy), *_NEVER)


_FIRM = (
    Column("name", "Firm name", "Nom de l'entreprise", values.label, called=(
        "name", "nom", "company", "company name", "firm", "legal name", "organisation", "organization",
        "organisation name", "name of company", "name of the firm", "name of the company", "name of organisation",
        "member", "member name", "member company", "membre", "entreprise", "société", "nom de la société",
        "raison sociale", "dénomination sociale", "nom légal", "business name", "client company", "supplier name",
        "vendor name", "exhibitor", "entity name", "nom du membre", "entreprise membre", "legal entity",
        "name of the entity", "company legal name", "corporate name", "nom de l'organisation", "compagnie",
        "société membre", "société", "nom société",
        "nom entreprise", "company organisation", "company name in full", "full legal name", "enterprise",
        "manufacturer name", "participant"),
        example="Example Optics Inc."),
    Column("aliases", "Other names", "Autres noms", values.labels, called=(
        "trade name", "trading name", "alias", "also known as", "aka", "brand", "operating name", "nom commercial",
        "former name", "ancien nom", "short name", "dba", "doing business as", "acronym", "sigle"), several=True),
    Column("BN", "Business number (BN)", "Numéro d'entreprise (NE)", identifier("BN"), called=(
        "bn", "business number", "ne", "numéro d'entreprise", "cra business number", "cra bn", "bn9", "gst number")),
    Column("CIN", "Corporate identification number (CIN)", "Numéro CIN", identifier("CIN"), called=(
        "cin", "corporate identity number", "cin number", "mca cin")),
    Column("GSTIN", "GSTIN", "Numéro GSTIN", identifier("GSTIN"), called=("gst no", "gstin number", "gst in")),
    Column("LEI", "Legal entity identifier (LEI)", "Identifiant d'entité juridique (LEI)", identifier("LEI"),
        called=("lei", "lei code", "legal entity identifier")),
    Column("NCAGE", "NCAGE code", "Code OTAN (NCAGE)", identifier("NCAGE"), called=(
        "cage", "ncage", "cage code", "nato code", "cage ncage")),
    Column("identifier", "Registration number", "Numéro d'immatriculation", any_identifier, called=(
        "registration no", "company number", "company registration number", "registration", "corporate number",
        "numéro d'enregistrement", "immatriculation", "reg no", "registration id"), several=True),
    Column("country", "Country", "Pays", values.country, called=(
        "country of registration", "country of origin", "nation", "hq country", "pays d'origine", "home country",
        "country region", "partner organisation country", "country code", "pays d'enregistrement", "iso3"),
        example="CAN", options=("CAN", "IND")),
    Column("region", "Province or state", "Province ou État", values.region, called=(
        "province", "state", "région", "region", "etat", "province state", "state province", "territory", "prov")),
    Column("city", "City", "Ville", values.line, called=("town", "municipality", "location", "place", "hq city",
        "head office", "siège social", "siège", "localité", "headquarters", "city town", "lieu")),
    Column("lat", "Latitude", "Latitude", values.degrees(90), called=("lat",)),
    Column("lon", "Longitude", "Longitude", values.degrees(180), called=("lon", "long", "lng")),
    Column("website", "Website", "Site web", values.website, called=(
        "web", "url", "web site", "homepage", "web page", "site internet", "site", "www", "web address", "internet")),
    Column("founded", "Year founded", "Année de fondation", values.year, called=(
        "founded", "established", "year established", "date of incorporation", "incorporated", "since", "foundation",
        "year of incorporation", "année de création", "fondée en", "date de fondation", "date de création", "inception",
        "year of establishment", "incorporation date", "founding date", "date founded")),
    Column("employees_band", "Employees", "Employés", values.employees, called=(
        "number of employees", "no of employees", "headcount", "staff", "size", "company size", "employee count",
        "effectif", "effectifs", "nombre d'employés", "taille", "workforce", "fte", "employees band", "nb employés"),
        example="51-200", options=get_args(EmployeesBand)),
    Column("ownership", "Ownership", "Propriété", values.choice(get_args(Ownership), OWNERSHIP_CALLED), called=(
        "ownership type", "type of ownership", "legal status", "type de propriété", "company type", "statut"),
        options=get_args(Ownership)),
    Column("parent", "Parent", "Société mère", values.line, called=(
        "parent company", "parent organisation", "owner", "group", "holding", "maison mère", "propriétaire",
        "ultimate parent", "owned by")),
    Column("roles", "Roles", "Rôles", values.choices(get_args(Role), ROLES_CALLED), called=(
        "role", "rôle", "type of firm", "activity type", "type d'activité", "member type", "business type"),
        several=True, example="innovator; manufacturer"),
)  # fmt: skip


def _offered(taxonomy: Taxonomy) -> tuple[Column, ...]:
    return (
        Column("sectors", "Sectors", "Secteurs", sectors(taxonomy), called=(
            "sector", "secteur", "industry", "industrie", "domain", "domaine", "category", "catégorie", "segment",
            "sector codes", "industry sector", "secteur d'activité", "focus area", "technology area", "vertical",
            "secteurs d'activité", "naics", "naics code", "scian", "code scian"),
            several=True, example="electro_optics.infrared"),
        Column("offers", "Offers", "Offres", values.texts, called=(
            "capabilities", "capability", "products", "services", "products and services", "product", "technologies",
            "technology", "what the firm offers", "offer", "offering", "offerings", "description", "activities",
            "core capabilities", "capabilities statement", "company description", "profile", "about", "expertise",
            "capacités", "compétences", "produits", "produits et services", "offre", "activité", "activités",
            "technologie", "description de l'entreprise", "brief description", "company profile",
            "ce que l'entreprise offre", "savoir faire", "profil",
            "what do you offer", "what the company offers", "what does the company do", "core competencies",
            "description of capabilities", "description des activités", "specialisation", "main products",
            "product description", "key products", "solutions", "business activity",
            "technology description", "product name", "capability statement", "description of activities"),
            several=True, group="offers",
            example="Uncooled infrared camera cores; Lens assemblies in germanium"),
        Column("seeks", "Seeks", "Recherches", values.texts, called=(
            "needs", "need", "seeking", "looking for", "requirements", "partner sought", "interests", "wants",
            "interest", "partnership sought", "what the firm seeks", "besoins", "besoin", "recherche", "recherché",
            "what are you looking for", "what do you seek", "what the company seeks", "seeks partner",
            "cherche", "intérêts", "partenaire recherché", "partenariat recherché", "collaboration sought",
            "partnering interest", "objectives", "cooperation sought", "ce que l'entreprise cherche"),
            several=True, group="offers", example="A plant that grinds lenses in volume"),
        Column("trl", "TRL", "NMT (TRL)", values.level_reader("TRL"), called=(
            "technology readiness level", "technology readiness", "trl level", "readiness level", "nmt",
            "niveau de maturité technologique", "niveau de maturité", "maturité technologique", "niveau trl",
            "readiness", "readiness trl", "trl range"), group="offers", example="6-7"),
        Column("mrl", "MRL", "NMF (MRL)", values.level_reader("MRL"), called=(
            "manufacturing readiness level", "manufacturing readiness", "mrl level", "nmf", "readiness mrl",
            "niveau de maturité de fabrication", "niveau mrl"), group="offers", example="5"),
        Column("certifications", "Certifications", "Certifications", values.labels, called=(
            "certification", "certificates", "quality", "standards", "accreditations", "iso", "normes", "certificats",
            "quality certifications", "approvals", "certifications held"), several=True, example="AS9100D; ISO 9001"),
        Column("export_markets", "Export markets", "Marchés d'exportation", values.countries, called=(
            "exports", "export countries", "exports to", "countries exported to", "market presence", "exporte vers",
            "pays d'exportation", "current markets", "clients abroad", "marchés", "export destinations"),
            several=True, example="USA; GBR"),
        Column("export_notes", "Export remarks", "Remarques sur l'exportation", values.line,
            called=("export experience", "export record", "expérience d'exportation")),
        Column("languages", "Languages", "Langues", values.choices(_LANGUAGES, LANGUAGES_CALLED), called=(
            "language", "langue", "working languages", "langues de travail", "langue de travail"),
            several=True, example="en; fr"),
        Column("summary_fr", "Summary in French", "Résumé en français", values.line, called=(
            "résumé", "sommaire", "description fr", "french description", "description en français", "summary fr")),
    )  # fmt: skip


_YES_NO = ("yes", "no")
_CONTROL = (
    Column("ECL", "ECL entries (Canada)", "Articles de la LMEC (Canada)", classifications(Regime.ECL), called=(
        "ecl", "export control list", "lmec", "ecl item"), several=True, group="control", example="2-10.c"),
    Column("SCOMET", "SCOMET entries (India)", "Catégories SCOMET (Inde)", classifications(Regime.SCOMET), called=(
        "scomet", "scomet category", "scomet code"), several=True, group="control"),
    Column("USML", "USML categories", "Catégories USML", classifications(Regime.USML), called=(
        "usml", "itar category", "usml category"), several=True, group="control"),
    Column("ECCN", "ECCN", "ECCN", classifications(Regime.ECCN), called=("eccn code", "eccns"), several=True,
        group="control"),
    Column("classifications", "Control list entries", "Classement (contrôle des exportations)", classifications(),
        called=("export classification", "classification", "export control classification", "classement",
        "control list", "export control"), several=True, group="control"),
    Column("controlled_goods_registered", "Controlled Goods Program", "Programme des marchandises contrôlées",
        values.yes_or_no, called=("cgp", "controlled goods", "pmc", "controlled goods registered", "cgp registered",
        "marchandises contrôlées", "registered in the controlled goods program"), group="control", options=_YES_NO),
    Column("itar_content", "ITAR content", "Contenu ITAR", values.yes_or_no, called=(
        "itar", "itar controlled", "itar registered content", "assujetti à l'itar"), group="control", options=_YES_NO),
    Column("us_content_pct", "US content (%)", "Contenu américain (%)", values.percentage, called=(
        "us content", "percent us content", "contenu américain", "us origin content"), group="control"),
    Column("us_parent_or_us_vc", "US parent or venture capital", "Société mère ou capital-risque américain",
        values.yes_or_no, called=("us parent", "us ownership", "us owned", "us vc"), group="control",
        options=_YES_NO),
    Column("exposure_notes", "Export-control remarks", "Remarques sur le contrôle des exportations", values.line,
        called=("export control notes", "export restrictions"), group="control"),
)  # fmt: skip


def _een(taxonomy: Taxonomy) -> tuple[Column, ...]:
    """Fields of a partnering profile of the Enterprise Europe Network that say something of a firm."""
    types = {name: slug(name).upper() for name in ("BO", "BR", "TO", "TR", "RDR")}
    spoken = {
        "business-offer": "BO", "business-request": "BR", "technology-offer": "TO", "technology-request": "TR",
        "research-development-request": "RDR", "r-d-request": "RDR", "research-and-development-request": "RDR",
    }  # fmt: skip
    return tuple(
        Column(key, en, en, read, called=called, several=several, group="een")
        for key, en, read, called, several in (
            ("een_type", "EEN profile type", values.choice(tuple(types), spoken),
                ("profile type", "profiletype", "type of profile"), False),
            ("een_title", "EEN title", values.label, ("title", "profile title", "titre"), False),
            ("een_summary", "EEN short summary", values.line, ("short summary", "shortsummary", "summary"), False),
            ("een_description", "EEN full description", values.line, ("full description",), False),
            ("een_advantages", "EEN advantages and innovations", values.line,
                ("advantages and innovation", "advantagesandinnovation", "advantages"), False),
            ("een_expertise", "EEN technical specification or expertise sought", values.line,
                ("technical specification or expertise sought", "technicalspecificationorexpertisesought",
                "expertise sought"), False),
            ("een_role", "EEN expected role of the partner", values.line,
                ("expected role of the partner", "expectedroleofthepartner", "role of the partner"), False),
            ("een_stage", "EEN stage of development", values.stage,
                ("stage of development", "stageofdevelopment", "stage", "development stage",
                "stade de développement"), False),
            ("een_technology", "EEN technology keywords", een_keywords(taxonomy, "technology"),
                ("technology keywords", "technologykeywords"), True),
            ("een_market", "EEN market keywords", een_keywords(taxonomy, "market"),
                ("market keywords", "marketkeywords"), True),
        )
    )  # fmt: skip


def _not_read(text: str, mark: str) -> Read:
    del text, mark
    return Read()


NEVER = {
    "contact": "contact details are personal: they are not taken out of sheets and pass only in an introduction",
    "number": "a running number says nothing of a firm",
    "message": "what was to be mended in an earlier check",
    "een_other": "a field of the Enterprise Europe Network for which a Profile has no place",
}
"""Columns that are known and never taken, and why."""

_NEVER = (
    Column("contact", "Contact", "Contact", _not_read, called=(
        "contact name", "contact person", "email", "e mail", "courriel", "phone", "telephone", "téléphone", "tel",
        "mobile", "cell", "fax", "address", "adresse", "street", "postal code", "code postal", "zip", "pin code",
        "ceo", "president", "président", "first name", "last name", "prénom", "personne ressource", "contact email",
        "contact phone", "representative", "linkedin", "salutation", "job title", "director", "pincode", "whatsapp",
        "email address", "phone number", "postal address", "mailing address", "nom du contact", "contact details",
        "key contact", "contact information", "adresse courriel", "name of contact person"), group="never"),
    Column("number", "No.", "N°", _not_read, called=(
        "no", "#", "s no", "sl no", "sr no", "serial number", "n", "row", "num", "numéro", "id", "item", "ligne",
        "si no", "row in your file", "line", "row in your file"), group="never"),
    Column("message", "What to mend", "À corriger", _not_read, group="never"),
    Column("een_other", "EEN other", "EEN other", _not_read, called=(
        "iprstatus", "ipr status", "iprnotes", "ipr notes", "sdgkeywords", "sdg", "typesofpartnership",
        "types of partnership", "type of partnership", "typesandsizes", "types and sizes", "targetedcountries",
        "targeted countries", "sectorgroupsinvolved", "attachments", "videopitch", "frameworkprogram",
        "calltitleandidentifier", "submissionandevaluationscheme", "anticipatedprojectbudget", "coordinatorrequired",
        "deadlineforeoi", "deadlineofthecall", "projectdurationinweeks", "weblinktothecall", "projecttitleandacronym",
        "profilestatus", "created", "lastmodified", "publicationdate", "expirationdate", "openforeoi", "publicurl",
        "reference"), group="never"),
)  # fmt: skip


# --- Readers that need the taxonomy -----------------------------------------------------------------


def sectors(taxonomy: Taxonomy) -> Reader:
    """A reader of sectors: codes, names in English or French, NAICS codes, or words that speak of one."""
    by_name = {slug(name): s.code for s in taxonomy.sectors for name in (s.name_fr, s.name_en, s.code)}
    of = _sector_finder(taxonomy, by_name)

    def read(text: str, mark: str) -> Read:
        del mark
        found: list[str] = []
        notes, dropped = [], []
        for entry in entries(text):
            pieces = [entry] if slug(entry) in by_name else entries(entry, r",|/|\||&")
            for piece in pieces:
                codes = of(piece)
                found.extend(codes)
                if not codes:
                    why = (
                        "this NAICS code names several sectors or none"
                        if piece[:2].isdigit()
                        else "no sector is called so"
                    )
                    dropped.append((piece[:80], why))
                elif slug(piece) not in by_name:
                    notes.append(f"“{piece[:60]}” as {', '.join(codes)}")
        note = f"read {'; '.join(notes)}" if notes else ""
        return Read(tuple(dict.fromkeys(found)) or None, note, tuple(dropped))

    return read


def _sector_finder(taxonomy: Taxonomy, by_name: Mapping[str, str]) -> Callable[[str], tuple[str, ...]]:
    by_naics: dict[str, list[str]] = {}
    for sector in taxonomy.sectors:
        for code in sector.naics:
            by_naics.setdefault(code, []).append(sector.code)

    @lru_cache(maxsize=10_000)
    def of(entry: str) -> tuple[str, ...]:
        if code := by_name.get(slug(entry)):
            return (code,)
        if naics := re.match(r"(\d{2,6})\b", entry):
            return _common(by_naics.get(naics[1], ()))
        return tuple(suggestion.code for suggestion in taxonomy.suggest(entry, limit=2))

    return of


def _common(codes: Sequence[str]) -> tuple[str, ...]:
    """The sector that holds all of these; none where they stand in different trees."""
    common = [parts[0] for parts in zip(*(code.split(".") for code in codes), strict=False) if len(set(parts)) == 1]
    return (".".join(common),) if common else ()


def een_keywords(taxonomy: Taxonomy, which: Literal["technology", "market"]) -> Reader:
    """A reader of keywords of the Enterprise Europe Network, as sectors. Their codes are text: a zero in front counts.

    The same code means one thing as a technology and another as a market, so each column has its own table.
    """
    known: dict[str, list[str]] = {}
    for sector in taxonomy.sectors:
        for code in sector.een_technology if which == "technology" else sector.een_market:
            known.setdefault(code, []).append(sector.code)

    def read(text: str, mark: str) -> Read:
        found: list[str] = []
        notes, dropped = [], []
        for entry in entries(text, r";|\n|,|\|"):
            match = re.match(r"(\d{4,9})\b", entry)
            code = match[1] if match else ""
            if code in known:
                found += known[code][:1]
            elif code and mark == NUMBER and "0" + code in known:
                found += known["0" + code][:1]
                notes.append(f"{code} was a number and had lost its leading zero; read as 0{code}")
            elif code and "0" + code in known:
                raise Wrong(
                    f"EEN {which} keyword {code} is not known, but 0{code} is: the spreadsheet may have taken the zero",
                    f"format the column as text and write 0{code}",
                )
            else:
                dropped.append((entry[:80], f"an EEN {which} keyword without a sector of ours"))
        return Read(tuple(dict.fromkeys(found)) or None, "; ".join(notes), tuple(dropped))

    return read


def by_key(known: tuple[Column, ...]) -> Mapping[str, Column]:
    """Columns by their keys."""
    return {column.key: column for column in known}
