"""Pictures hold what they were given, whole and safe, and draw no border."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from app.geography import coast, firm_point, market_points
from app.pictures import Row, Scale, Spot, bar, cut, landscape, readiness_strip, triad_map
from tests.factories import SEEDS, profile, statement

NASTY = '<script>"&'


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(str(picture))


def test_a_bar_is_as_long_as_its_value_and_never_longer() -> None:
    widths = [parsed(bar(value)).findall("rect")[1].get("width") for value in (0.25, -1, 7)]
    assert widths == ["25.0", "0.0", "100.0"]


def test_the_map_names_its_places_and_keeps_them_inside() -> None:
    spots = [Spot((-52.8, 47.5), NASTY, "i"), Spot((88.3, 22.5), "Kolkata", "m"), Spot((103.8, 1.3), "Singapore", "k")]
    drawn = parsed(triad_map(spots, coast(SEEDS), "where"))
    assert [text.text for text in drawn.iter("text")] == [NASTY, "Kolkata", "Singapore"]
    _, _, width, height = map(float, str(drawn.get("viewBox")).split())
    circle = next(drawn.iter("circle"))
    assert 0 < float(str(circle.get("cx"))) < width
    assert 0 < float(str(circle.get("cy"))) < height
    land = next(path for path in drawn.iter("path") if path.get("class") == "t-land")
    assert 500 < len(str(land.get("d"))) < 60_000


def test_the_readiness_strip_fills_the_levels_reached() -> None:
    drawn = parsed(readiness_strip([Scale("TRL", 9, 4, "i"), Scale("MRL", 10, None, "m")], "readiness"))
    classes = [rect.get("class") for rect in drawn.iter("rect")]
    assert classes.count("t-i") == 4
    assert classes.count("t-m") == 0
    assert len(classes) == 19


def test_the_landscape_marks_only_cells_with_firms() -> None:
    drawn = parsed(landscape([Row(NASTY, (1, 0), (0, 3)), Row("Sonar", (0, 0), (0, 0))], ["low", "high"], "all"))
    assert len(list(drawn.iter("circle"))) == 1
    assert len(list(drawn.iter("rect"))) == 1


def test_long_names_end_at_a_word() -> None:
    assert cut("Garden Reach Shipbuilders", 14) == "Garden Reach…"
    assert cut("Short", 14) == "Short"


def test_every_market_has_a_point(knowledge) -> None:
    assert set(market_points(SEEDS)) >= set(knowledge.markets)


def test_a_firm_without_a_point_of_its_own_stands_at_its_site() -> None:
    nowhere = profile("Nowhere Ltd.", statements=(statement("Sonar"),))
    assert firm_point(nowhere) is None
    assert firm_point(nowhere.model_copy(update={"lat": 1.0, "lon": 2.0})) == (2.0, 1.0)
    assert firm_point(None) is None
