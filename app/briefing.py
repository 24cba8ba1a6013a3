"""A programme to bytes: briefing book as PDF and DOCX, day sheets as XLSX, calendar as ICS. Pure: it looks nothing up.

Whatever is told stands in the programme's document and in the hosts' released profiles that are handed in. The only
moment in a document is that of the planning, so the same programme gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.briefing_words import words
from app.errors import Invalid, NotReady
from app.languages import Language
from app.pictures import Spot, triad_map
from app.settings import ROOT
from matching.profile import Profile, slug

Format = Literal["pdf", "docx", "xlsx", "ics"]
TEMPLATES = ROOT / "app" / "templates"
FONTS = ROOT / "app" / "web" / "static"
QUOTES = 4
"""Statements quoted for each pair."""


@dataclass(frozen=True)
class Sources:
    """What a document is made from besides the programme: profiles as released to the reader, contacts, coastlines."""

    profiles: Mapping[str, Profile]
    contacts: Sequence[str] = ()
    """Lines of the contact sheet: of those alone who consented."""
    coast: Sequence[Sequence[tuple[float, float]]] = ()


def render(
    programme: Mapping[str, Any], sources: Sources, language: Language, form: Format, delegate: str | None = None
) -> bytes:
    """The document in that form; with a delegate, that delegate's own.

    Raises Invalid for a delegate who is not of the programme, and NotReady where PDF needs a system library.
    """
    shown = programme if delegate is None else _of_delegate(programme, delegate)
    if form == "ics":
        return as_ics(shown, language, delegate)
    book = contents(shown, sources, language, delegate)
    return {"pdf": as_pdf, "docx": as_docx, "xlsx": as_xlsx}[form](book)


def _of_delegate(programme: Mapping[str, Any], delegate: str) -> dict[str, Any]:
    people = {one["id"]: one for one in programme["delegates"] if delegate in (one["id"], one["name"])}
    if len(people) != 1:
        names = ", ".join(one["name"] for one in programme["delegates"])
        raise Invalid(f"{delegate!r} is no delegate of this programme", hint=f"its delegates are {names}")
    (own,) = people
    visits = [visit for visit in programme["visits"] if own in visit["delegate_ids"]]
    pairs = [pair for pair in programme["pairs"] if pair["visitor"] in people[own]["firms"]]
    return {**programme, "visits": visits, "pairs": pairs, "delegates": list(people.values())}


# --- What the book says -----------------------------------------------------------------------------


def contents(
    programme: Mapping[str, Any], sources: Sources, language: Language, delegate: str | None = None
) -> dict[str, Any]:
    """All that the book says, in its order, as plain text: what every form is made from."""
    w = words(language.code)
    phrases = programme.get("phrases", {})
    visits = programme["visits"]
    names = {firm["id"]: firm["name"] for firm in programme["firms"]}
    days = list(dict.fromkeys(visit["day"] for visit in visits))
    spots = [Spot((visit["lon"], visit["lat"]), visit["city"], "manufacturer") for visit in _once_a_city(visits)]
    return {
        "lang": language.code,
        "w": w,
        "title": programme["title"],
        "only": delegate,
        "made_at": programme["asked_at"],
        "span": f"{language.day(days[0])} – {language.day(days[-1])}" if days else "",
        "purpose": programme["ask"].get("purpose") or w["no_purpose"],
        "firms": list(names.values()),
        "delegates": [
            {"name": one["name"], "more": ", ".join(names[f] for f in one["firms"] if f in names)}
            for one in programme["delegates"]
        ],
        "map": _map(spots, sources.coast, w["map_of"]) if len(spots) > 1 and sources.coast else "",
        "days": [_day(day, visits, language) for day in days],
        "hosts": [_host(host, programme, sources, language, phrases) for host in _hosts(visits)],
        "left_out": list(programme["left_out"]) if delegate is None else [],
        "contacts": list(sources.contacts),
        "made_from": [
            f"{w['programme']} {programme['programme']}",
            f"{w['version']} {programme['number']}; {w['as_of'].lower()} {programme['asked_at'][:10]}",
            *(f"{name}: {version}" for name, version in sorted(programme["versions"].items())),
        ],
    }


MAP_STYLE = (
    "<style>.t-sea{fill:#e8f0f6}.t-land{fill:#d9d4c5;stroke:#9a937f;stroke-width:.5}.t-way{fill:none;stroke:#0b6e6e;"
    "stroke-width:1.2}.t-label{font-size:12px;font-family:'Noto Sans',sans-serif;fill:#14213d}</style>"
)
"""An SVG in a PDF knows no style sheet but its own."""


def _map(spots: Sequence[Spot], coast: Sequence[Sequence[tuple[float, float]]], title: str) -> Markup:
    head, rest = str(triad_map(spots, coast, title)).split(">", maxsplit=1)
    return Markup(f"{head}>{MAP_STYLE}{rest}")  # noqa: S704  (our own drawing, whose names it has escaped)


def _once_a_city(visits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({visit["city"]: visit for visit in reversed(visits)}.values())[::-1]


def _hosts(visits: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(visit["firm_id"] for visit in visits))


def _day(day: str, visits: Sequence[Mapping[str, Any]], language: Language) -> dict[str, Any]:
    return {
        "title": language.day(day),
        "day": day,
        "visits": [
            {**visit, "name": visit["site"].removeprefix(f"{visit['firm']}, "), "ask_by": language.day(visit["ask_by"])}
            for visit in visits
            if visit["day"] == day
        ],
    }


def _host(
    host: str, programme: Mapping[str, Any], sources: Sources, language: Language, phrases: Mapping[str, Any]
) -> dict[str, Any]:
    visits = [visit for visit in programme["visits"] if visit["firm_id"] == host]
    names = {firm["id"]: firm["name"] for firm in programme["firms"]}
    profile = sources.profiles.get(host)
    pairs = [pair for pair in programme["pairs"] if pair["host"] == host]
    return {
        "name": visits[0]["firm"],
        "when": "; ".join(f"{language.day(v['day'])}, {v['start']}–{v['end']}, {v['city']}" for v in visits),
        "gone": profile is None,
        "offers": [one.text for one in profile.offers] if profile else [],
        "seeks": [one.text for one in profile.seeks] if profile else [],
        "certificates": ", ".join(profile.certifications) if profile else "",
        "pairs": [_pair(pair["match"], names[pair["visitor"]], language, phrases) for pair in pairs],
    }


def _pair(match: Mapping[str, Any], visitor: str, language: Language, phrases: Mapping[str, Any]) -> dict[str, Any]:
    w = words(language.code)

    def told(sentence: str) -> str:
        return language.told(sentence, phrases)

    quotes = dict.fromkeys(
        fact["text"] for signal in match["signals"] for fact in signal["evidence"] if fact.get("text")
    )
    return {
        "visitor": f"{visitor} → {match['market']['name']}",
        "fit": language.number(match["fit"], ".2f"),
        "mode": language.text(match["mode"]),
        "mode_because": told(match["mode_because"]),
        "reasons": [told(signal["sentence"]) for signal in match["signals"]],
        "met": list(quotes)[:QUOTES],
        "verdict": f"{language.text(match['pathway']['verdict'])} ({w[match['pathway']['verdict']]})",
        "legs": [line for leg in match["pathway"]["legs"] for line in _leg(leg, w, told)],
        "questions": [told(question) for question in match["pathway"]["questions"]],
        "cautions": [f"{one['party']}: {told(one['because'])}" for one in match["screening"]] + [w["law_note"]],
    }


def _leg(leg: Mapping[str, Any], w: Mapping[str, str], told: Any) -> list[str]:
    way = f"{leg['from']} → {leg['to']}"
    if not leg["requirements"]:
        return [f"{way}: {w['nothing_bites']}"]
    return [
        f"{way}: {told(one['permit'] or one['rule'])}. {told(one['because'])} ({told(one['authority'])}; "
        f"{one['citation']}; {one['as_of']})"
        for one in leg["requirements"]
    ]


# --- Forms ------------------------------------------------------------------------------------------


def as_pdf(book: Mapping[str, Any]) -> bytes:
    """The briefing book as a tagged PDF (PDF/UA-1)."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except OSError as problem:
        raise NotReady(
            "PDF needs Pango, a library of the system, which is not installed",
            hint="apt-get install libpango-1.0-0 libpangoft2-1.0-0; DOCX, XLSX and ICS work without it",
        ) from problem
    import jinja2

    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    html = environment.get_template("briefing.html").render(book)
    faces = "".join(
        f'@font-face {{ font-family: "Noto Sans"; font-weight: {weight}; src: url("{path.as_uri()}"); '
        f"unicode-range: {span}; }}"
        for weight in (400, 700)
        for path, span in (
            (
                FONTS / f"noto-sans-latin-{weight}.woff2",
                "U+0000-00FF, U+0131, U+0152-0153, U+2000-206F, U+20AC, U+2122",
            ),
            (FONTS / f"noto-sans-latin-ext-{weight}.woff2", "U+0100-02FF, U+1E00-1EFF, U+20A0-20CF"),
        )
    )
    fonts = FontConfiguration()
    sheets = [CSS(string=faces, font_config=fonts), CSS(filename=TEMPLATES / "briefing.css", font_config=fonts)]
    pdf: bytes = HTML(string=html).write_pdf(
        stylesheets=sheets,
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        pdf_identifier=hashlib.sha256(html.encode()).hexdigest()[:32].encode(),
    )
    return pdf


def as_docx(book: Mapping[str, Any]) -> bytes:
    """The briefing book in Word's format, through a template that officers may edit (app/templates/briefing.docx)."""
    from docxtpl import DocxTemplate

    template = DocxTemplate(TEMPLATES / "briefing.docx")
    template.render(dict(book), autoescape=True)
    made = datetime.fromisoformat(book["made_at"])
    properties = template.docx.core_properties
    properties.title, properties.author, properties.language = book["title"], "Triveni", book["lang"]
    properties.created = properties.modified = made.replace(tzinfo=None)
    written = io.BytesIO()
    template.save(written)
    return _stamped(written.getvalue())


def _stamped(archive: bytes) -> bytes:
    """The same archive with one time on every entry, so that the same content is the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in given.namelist():
            written.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), given.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def as_xlsx(book: Mapping[str, Any]) -> bytes:
    """The day sheets as a workbook; every cell is a text, none a formula or a link."""
    import xlsxwriter

    w, out = book["w"], io.BytesIO()
    workbook = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    made = datetime.fromisoformat(book["made_at"]).replace(tzinfo=None)
    workbook.set_properties({"title": book["title"], "author": "Triveni", "created": made})
    head = workbook.add_format({"bold": True, "bg_color": "#E6F1F1", "text_wrap": True, "valign": "top"})
    cell = workbook.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    rows = [
        [visit["day"], visit["start"], visit["end"], visit["firm"], visit["name"], visit["city"],
         "; ".join(visit["delegates"]), visit["ask_by"]]
        for day in book["days"] for visit in day["visits"]
    ]  # fmt: skip
    columns = ["", w["time"], "", w["hosts"], w["site"], w["city"], w["who"], w["ask_by"]]
    for name, heads, lines in (
        (w["programme"], columns, rows),
        (w["left_out"][:31], [w["site"], w["why"], w["lets_in"]],
         [[one["site"], one["why"], one["lets_in"]] for one in book["left_out"]]),
        (w["made_from"][:31], [w["made_from"]], [[line] for line in book["made_from"]]),
    ):  # fmt: skip
        sheet = workbook.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(heads):
            sheet.write_string(0, column, text, head)
            sheet.set_column(column, column, 14 if len(heads) == len(columns) and column in (0, 1, 2) else 38)
        for row, line in enumerate(lines, start=1):
            for column, text in enumerate(line):
                sheet.write_string(row, column, str(text), cell)
    workbook.close()
    return out.getvalue()


def as_ics(programme: Mapping[str, Any], language: Language, delegate: str | None) -> bytes:
    """The visits as a calendar: the uids stay over all plannings, and the sequence grows with each."""
    from icalendar import Calendar, Event

    w = words(language.code)
    calendar = Calendar()
    calendar.add("prodid", "-//Triveni//Programme//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", programme["title"])
    whose = slug(delegate) if delegate else "all"
    for visit in programme["visits"]:
        zone = ZoneInfo(visit["time_zone"])
        day = date.fromisoformat(visit["day"])
        event = Event()
        event.add("uid", f"{programme['delegation']}.{visit['site_id'].replace('/', '.')}.{whose}@triveni")
        event.add("sequence", programme["number"] - 1)
        event.add("dtstamp", datetime.fromisoformat(programme["asked_at"]))
        for name, key in (("dtstart", "start"), ("dtend", "end")):
            hours, minutes = map(int, visit[key].split(":"))
            event.add(name, datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone))
        event.add("summary", f"{w['visit']}: {visit['firm']}")
        event.add("location", f"{visit['site']}, {visit['city']}")
        event.add("description", f"{', '.join(visit['delegates'])}\n{w['ask_by']} {visit['ask_by']}\n{w['hours_note']}")
        event.add("geo", (visit["lat"], visit["lon"]))
        calendar.add_component(event)
    calendar.add_missing_timezones()
    ics: bytes = calendar.to_ical()
    return ics
