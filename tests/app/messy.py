"""Workbooks as associations send them, made by hand: none comes from our own template.

Each function gives the bytes of one file. openpyxl writes what it can; the liars are put together byte by byte.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

OFFER = "Uncooled infrared camera cores"


def xlsx(*rows: Sequence[Any], name: str = "Members", then: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook of one sheet; ``then`` may spoil it before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    if then:
        then(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_parts(content: bytes, **parts: bytes | None) -> bytes:
    """A workbook with parts of its archive replaced, added or (None) taken away; ``__`` in a name is a slash."""
    old, new = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    changed = {name.replace("__", "/"): data for name, data in parts.items()}
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in old.infolist():
            if item.filename not in changed:
                archive.writestr(item.filename, old.read(item))
        for name, data in changed.items():
            if data is not None:
                archive.writestr(name, data)
    return new.getvalue()


# --- The ten that must be shown ----------------------------------------------------------------------


def merged_header_cells() -> bytes:
    """A title over everything, group headings merged over their columns, and a province merged down its firms."""

    def merge(sheet: Worksheet) -> None:
        for block in ("A1:F1", "A2:C2", "D2:E2", "B4:B5"):
            sheet.merge_cells(block)

    return xlsx(
        ["Members of the Northern Defence Association, 2026"],
        ["Firm", None, None, "Readiness", None, "Offer"],
        ["Company name", "Province", "Website", "TRL", "MRL", "Capabilities"],
        ["Arctic Optics Ltd.", "Ontario", "arcticoptics.example", 6, 5, OFFER],
        ["Great Lakes Forge Inc.", None, "https://glforge.example", 9, 9, "Forged shafts up to 4 m"],
        ["Prairie Drones Corp.", "SK", None, "5", None, "Heavy-lift drones"],
        then=merge,
    )


def french_headers() -> bytes:
    return xlsx(
        ["Raison sociale", "Pays", "Province", "Ville", "Secteurs", "Offres", "Besoins", "NMT", "Effectif", "Langues", "Courriel"],
        ["Optique Boréale inc.", "Canada", "Québec", "Lévis", "Électro-optique", "Caméras infrarouges; Lentilles en germanium", "Un fabricant en volume", "6 à 7", "1 200", "français; anglais", "info@boreale.example"],
        ["Forges du Saint-Laurent ltée", "Canada", "QC", "Sorel", "Construction navale", "Arbres forgés", None, "neuf", "51-200", "français", None],
        ["Mumbai Naval Works", "Inde", "Maharashtra", "Mumbai", None, "Réparation de navires", None, "NMT 9", "plus de 500", "anglais", None],
        name="Membres",
    )  # fmt: skip


def two_header_rows() -> bytes:
    """The group stands over its first column only; nothing is merged."""
    return xlsx(
        ["Identity", "", "Maturity", "", "Business", ""],
        ["Name", "Country", "TRL", "MRL", "Products", "Needs"],
        ["Arctic Radio Ltd.", "Canada", 4, 3, "Secure radio links", "A plant for boards"],
        ["Deccan Circuits Pvt Ltd", "India", 9, 9, "Printed circuit boards; Assembly", None],
    )


def trl_as_people_write_it() -> bytes:
    written = [
        "6-7",
        "TRL 6",
        "six",
        "TRL 6 – 7",
        "6 to 7",
        "VI",
        "6.0",
        6,
        date(2026, 7, 6),
        "TRL 12",
        "prototype",
        "n/a",
    ]
    rows = [[f"Firm {at}", "Canada", OFFER, trl] for at, trl in enumerate(written, start=1)]
    return xlsx(["Firm", "Country", "Offers", "Technology Readiness Level (TRL)"], *rows)


def dates_as_text() -> bytes:
    founded = [
        "12 March 1998",
        "1998-03-12",
        "03/12/1998",
        date(1998, 3, 12),
        1998,
        "est. 1998",
        "12/03/98",
        "35866",
        "since 1998 (refounded 2011)",
    ]
    rows = [[f"Firm {at}", "IND", "Forgings", year] for at, year in enumerate(founded, start=1)]
    return xlsx(["Company", "Country", "Products", "Date of incorporation"], *rows)


def hidden_columns() -> bytes:
    """A hidden column, a hidden row, a filtered row and a hidden sheet, each with something that must not be sent."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Members"
    for row in (
        ["Company", "Country", "Margin CANARY-COLUMN", "Capabilities"],
        ["Arctic Optics Ltd.", "Canada", "CANARY-MARGIN", OFFER],
        ["CANARY-ROW Ltd.", "Canada", "", "Hidden work"],
        ["Prairie Drones Corp.", "Canada", "", "Heavy-lift drones"],
    ):
        sheet.append(row)
    sheet.column_dimensions["C"].hidden = True
    sheet.column_dimensions.group("H", "XFD", hidden=True)
    sheet.row_dimensions[3].hidden = True
    secret = book.create_sheet("Prices")
    secret.append(["CANARY-SHEET"])
    secret.sheet_state = "hidden"
    return saved(book)


def picture_renamed() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0" + bytes(200)


def two_hundred_columns() -> bytes:
    header = ["Company", "Country", "Capabilities", *(f"Survey question {at}" for at in range(4, 201))]
    return xlsx(
        header,
        ["Arctic Optics Ltd.", "Canada", OFFER, *range(4, 201)],
        ["Deccan Forge", "India", "Forgings", *range(4, 201)],
    )


def zip_bomb() -> bytes:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + b" " * 150_000_000
    )
    return with_parts(xlsx(["Company"], ["Arctic Optics Ltd."]), **{"xl__worksheets__sheet1.xml": sheet})


def right_to_left_and_zero_width() -> bytes:
    return xlsx(
        ["\u200bCompany\u200b name", "Country\ufeff", "Capa\u00adbilities", "TRL\u200f"],
        ["Arc\u200btic Optics\u200d Ltd.", "Canada", OFFER, "\u20686\u2069"],
        ["\u202eevil\u202c Forge Inc.", "India", "Forgings", "9"],
        ["שלום Systems", "Canada", "Radios", "٦"],
        ["कोचीन शिपयार्ड", "भारत", "जहाज निर्माण", "9"],
        ["Аrctic Sensors", "Canada", "Sensors", "5"],  # a Cyrillic A
    )


def eaten_leading_zeros() -> bytes:
    def formats(sheet: Worksheet) -> None:
        sheet["D4"].number_format = "00000000"

    return xlsx(
        ["Company", "Country", "Capabilities", "EEN technology keywords", "NCAGE code", "Business number"],
        ["Arctic Optics Ltd.", "Canada", OFFER, 5003002, 1234, 123026635],  # 05003002, 01234
        ["Prairie Drones Corp.", "Canada", "Drones", "02011002", "0A1B2", "123026635RC0001"],
        ["Lake Lasers Inc.", "Canada", "Lasers", 5003002, "3AB7", "123026636"],
        ["Coast Sonar Ltd.", "Canada", "Sonar", "5003002", None, 1.23026635e14],
        then=formats,
    )


TEN = {
    "merged-header-cells.xlsx": merged_header_cells,
    "french-headers.xlsx": french_headers,
    "two-header-rows.xlsx": two_header_rows,
    "trl-as-people-write-it.xlsx": trl_as_people_write_it,
    "dates-as-text.xlsx": dates_as_text,
    "hidden-columns.xlsx": hidden_columns,
    "picture.xlsx": picture_renamed,
    "two-hundred-columns.xlsx": two_hundred_columns,
    "zip-bomb.xlsx": zip_bomb,
    "right-to-left.xlsx": right_to_left_and_zero_width,
    "eaten-zeros.xlsx": eaten_leading_zeros,
}

# --- And others that arrive --------------------------------------------------------------------------


def semicolons_in_cp1252() -> bytes:
    return (
        "Liste des membres 2026;;;\r\n;;;\r\nNom de l’entreprise;Pays;Produits;NMT\r\n"
        "Optique Nordique inc.;Canada;Caméras « infrarouges »;TRL 6-7\r\n"
        '"Société ""Énergie"" ltée";Canada;"Batteries\r\nau lithium";douze\r\n\r\nTotal;2;;\r\n* mise à jour en mars;;;\r\n'
    ).encode("cp1252")


def tabs_in_utf16() -> bytes:
    return "Company\tCountry\tProducts\nÄkta Radio\tCanada\tRadios\nमझगांव डॉक\tIndia\tSubmarines\n".encode("utf-16")


def separator_declared() -> bytes:
    return b'sep=|\nCompany|Country|Products|BN\nArctic Optics|Canada|Optics|="123026635"\nX|Canada|=1+1|\n'


def unclosed_quotation_mark() -> bytes:
    return b'Company,Country,Products\n"Arctic Optics,Canada,Optics\nPrairie Drones,Canada,Drones\nDeccan Forge,India,Forgings\n'


def title_notes_totals_blank_rows() -> bytes:
    return xlsx(
        ["NDIA member survey"],
        ["Prepared by the secretariat, 4 November 2026"],
        [],
        [],
        ["S.No", "Company", "Country", "Capabilities", "Employees", "Internal notes"],
        [1, "Arctic Optics Ltd.", "Canada", OFFER, 40, "call back"],
        [],
        [2, "Deccan Forge Pvt Ltd", "India", "Forgings\nCastings", "1,200", None],
        ["S.No", "Company", "Country", "Capabilities", "Employees", "Internal notes"],
        [3, "Prairie Drones Corp.", "Canada", "Drones", "#REF!", None],
        ["Total", None, None, None, 1240],
        ["Source: members' own statements"],
    )


def several_sheets() -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Read me"
    first.append(["Please do not change the columns of the other sheets."])
    for name, firm, country in (("Canada", "Arctic Optics Ltd.", "Canada"), ("India", "Deccan Forge", "India")):
        sheet = book.create_sheet(name)
        sheet.append(["Company", "Country", "Products"])
        sheet.append([firm, country, "Things"])
    return saved(book)


def formulas() -> bytes:
    """One formula with its result and one that was never computed, as a program writes it."""
    content = xlsx(
        ["Company", "Country", "Products", "TRL"],
        ["Arctic Optics", "Canada", OFFER, "=3+3"],
        ["Deccan Forge", "India", "Forgings", "=1+1"],
    )
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<f>3+3</f><v />") + sheet.count(b"<f>3+3</f><v></v>") + sheet.count(b"<f>3+3</f><v/>") == 1
    for empty in (b"<v />", b"<v></v>", b"<v/>"):
        sheet = sheet.replace(b"<f>3+3</f>" + empty, b"<f>3+3</f><v>6</v>")
    return with_parts(content, **{"xl__worksheets__sheet1.xml": sheet})


def dimension_lies() -> bytes:
    """The sheet claims to reach to the last cell there can be, and one cell stands there."""
    content = xlsx(["Company", "Country", "Products"], ["Arctic Optics", "Canada", OFFER])
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    sheet = sheet.replace(b'ref="A1:C2"', b'ref="A1:XFD1048576"')
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
    return with_parts(content, **{"xl__worksheets__sheet1.xml": sheet.replace(b"</sheetData>", far)})


def macros() -> bytes:
    content = xlsx(["Company", "Country", "Products"], ["Arctic Optics", "Canada", OFFER])
    return with_parts(content, **{"xl__vbaProject.bin": b"\xd0\xcf\x11\xe0macro"})


def password() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)


def entity_bomb() -> bytes:
    lol = (
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    )
    return with_parts(xlsx(["Company"]), **{"xl__worksheets__sheet1.xml": lol})


def truncated() -> bytes:
    return merged_header_cells()[:3000]


def duplicate_headers() -> bytes:
    return xlsx(
        ["Company", "Country", "TRL", "TRL", "Products", "Products", "Notes"],
        ["Arctic Optics", "Canada", 6, None, "Optics", "Lenses", "a"],
        ["Deccan Forge", "India", 6, 8, "Forgings", None, "b"],
        ["Prairie Drones", "Canada", 7, 7, "Drones", "Drones", None],
    )


def no_names() -> bytes:
    return xlsx(["Zorp", "Blarg"], ["Arctic", "x"], ["Deccan", "y"])


def merged_names() -> bytes:
    """One firm over three rows, its name merged, a product in each."""

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A4")
        sheet.merge_cells("B2:B4")

    return xlsx(
        ["Company", "Country", "Products", "TRL"],
        ["Arctic Optics", "Canada", "Camera cores", 6],
        [None, None, "Lenses", 9],
        [None, None, "Coatings", None],
        ["Deccan Forge", "India", "Forgings", 9],
        then=merge,
    )


def section_headings() -> bytes:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:C2")
        sheet.merge_cells("A4:C4")

    return xlsx(
        ["Company", "Country", "Products"],
        ["Ontario"],
        ["Arctic Optics", "Canada", OFFER],
        ["Québec"],
        ["Optique Boréale", "Canada", "Lentilles"],
        then=merge,
    )


def web_page() -> bytes:
    return b"<html><body><table><tr><td>Company</td></tr></table></body></html>"


def ods() -> bytes:
    """An OpenDocument spreadsheet with a hidden column, a filtered row, a percentage and a hidden sheet."""
    ns = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:version="1.3"'
    )

    def row(*cells: str, about: str = "") -> str:
        return f"<table:table-row {about}>" + "".join(cells) + "</table:table-row>"

    def text(value: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    def number(value: float, shown: str, kind: str = "float") -> str:
        return f'<table:table-cell office:value-type="{kind}" office:value="{value}"><text:p>{shown}</text:p></table:table-cell>'

    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    members = (
        '<table:table table:name="Members" table:style-name="ta1"><table:table-column table:number-columns-repeated="3"/>'
        '<table:table-column table:visibility="collapse"/><table:table-column table:number-columns-repeated="3"/>'
        + row(
            text("Company"),
            text("Country"),
            text("Products"),
            text("CANARY"),
            text("US content (%)"),
            text("EEN technology keywords"),
            text("TRL"),
        )
        + row(
            text("Arctic Optics"),
            text("Canada"),
            text("Camera cores"),
            text("CANARY"),
            number(0.25, "25%", "percentage"),
            number(5003002, "05003002"),
            number(6, "6"),
        )
        + row(text("CANARY Ltd."), text("Canada"), text("Hidden"), about='table:visibility="filter"')
        + row(text("Deccan Forge"), text("India"), text("Forgings"), text(""), text(""), text(""), text("six"))
        + blank
        + "</table:table>"
    )
    hidden = '<table:table table:name="Prices" table:style-name="ta2">' + row(text("CANARY")) + "</table:table>"
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("ta1", "true"), ("ta2", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ns}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{members}{hidden}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return file.getvalue()


def xls() -> bytes:
    """Excel 97: dates where levels stood, zeros kept by a format, a hidden column, row and sheet, a formula."""
    return (Path(__file__).parent / "files" / "members.xls").read_bytes()


def json_lines() -> bytes:
    return (
        b'{"name": "Arctic Optics", "country": "CAN", "offers": ["Camera cores; cooled", "Lenses"], "trl": ["6-7", 9]}\n'
        b"\n"
        b'{"name": "Deccan Forge", "country": "India", "products": "Forgings", "active": true}\n'
        b'["not", "an", "object"]\n'
    )


def een_lines() -> bytes:
    return (
        b'{"profileType": {"code": "TO", "label": "Technology offer"}, "organisation": "Arctic Optics", "title": "Camera core",'
        b' "shortSummary": "A Canadian firm offers a camera core.", "stageOfDevelopment": "Lab tested",'
        b' "technologyKeywords": [{"code": "05003002", "label": "Optics"}], "partnerOrganisationCountry": "Canada",'
        b' "iprStatus": "IPR granted", "expectedRoleOfThePartner": "A maker of lenses in volume."}\n'
        b'{"profileType": {"code": "BR"}, "organisation": "Arctic Optics", "title": "Lens maker sought",'
        b' "shortSummary": "The firm looks for a lens maker.", "description": "Volumes of 10,000 a year.",'
        b' "partnerOrganisationCountry": "Canada"}\n'
    )
