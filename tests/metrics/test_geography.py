"""Where images come from: codes and names of countries, regions, and images per head."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets import annotated
from toolkit.config import AuditConfig
from toolkit.errors import DataNotFoundError, DataReadError, SettingsError, TooManyValuesError
from toolkit.metrics import _countries
from toolkit.metrics.geography import geography
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset
from toolkit.model.finding import Severity
from toolkit.model.slices import SliceTable
from toolkit.pipeline import run
from toolkit.stats.intervals import wilson

WRITTEN = {
    "DE": 30,
    "deu": 20,
    " Germany ": 10,
    "276": 5,
    "Federal Republic of Germany": 5,
    "IN": 20,
    "4": 10,
    "UK": 6,
    "Atlantis": 3,
    "'; DROP TABLE images; --": 1,
    "": 1,
    "Unknown": 9,
    None: 10,
}
PEOPLE = {"DE": 83.2e6, "India": 1417.2e6, "AFG": 41.1e6, "NGA": 218.5e6}


def pictures(written: Mapping[str | None, int] = WRITTEN) -> AnnotatedDataset:
    """Return a dataset whose images come from these countries."""
    countries = [country for country, number in written.items() for _ in range(number)]
    ids = [f"i{i}" for i in range(len(countries))]
    images = pd.DataFrame({"image_id": ids, "country": countries})
    country = Attribute("country", "images", missing=("Unknown",))
    return annotated({"image_id": ["i0"]}, [country], images=images)


def settings(**geography: object) -> AuditConfig:
    """Return settings in which the attribute `country` holds countries."""
    return AuditConfig.of({"geography": {"attribute": "country", **geography}})


def measured(**geography_: object) -> SliceTable:
    """Measure the countries of the dataset above."""
    return geography(pictures(), [], settings(**geography_))


def column(table: SliceTable, metric: str, name: str = "n") -> dict[str, float]:
    """Return a column of one table by slice."""
    rows = table.frame[table.frame["metric"] == f"geography.{metric}"]
    return dict(zip(rows["slice"], rows[name], strict=True))


def test_codes_and_names_of_one_country_are_one_group() -> None:
    """Two letters, three letters, digits and names, whatever their case and spaces."""
    assert column(measured(), "share") == {
        "country=AF": 10,
        "country=DE": 70,
        "country=IN": 20,
        "country=Unknown": 9,
        "country=not recognised": 11,
        "country=(missing)": 10,
    }


def test_what_is_no_country_is_counted_and_named() -> None:
    """It is a group of its own, with its texts, however hostile."""
    table = measured()
    assert column(table, "not_recognised") == {"country=not recognised": 11}
    (texts,) = (facts["texts"] for facts in table.facts.values())
    assert texts == "'UK' (6), 'Atlantis' (3), '' (1), \"'; DROP TABLE images; --\" (1)"


def test_a_name_that_the_settings_explain_is_a_country() -> None:
    """`UK` is no code of ISO 3166-1, until somebody says what it stands for."""
    table = measured(names={"UK": "GB", "Atlantis": "Greece"})
    shares = column(table, "share")
    assert (shares["country=GB"], shares["country=GR"]) == (6, 3)
    assert shares["country=not recognised"] == 2


def test_images_per_head_are_the_part_of_images_over_the_part_of_people() -> None:
    """100 images of 1.76 billion people; a country without any has an upper bound."""
    table = measured(populations=PEOPLE)
    value, high = (column(table, "per_head", name) for name in ("value", "ci_high"))
    total = sum(PEOPLE.values())
    assert value["country=DE"] == pytest.approx(0.7 * total / 83.2e6)
    assert value["country=NG"] == 0
    assert high["country=NG"] == pytest.approx(wilson(0, 100).high * total / 218.5e6)
    assert list(value) == ["country=AF", "country=DE", "country=IN", "country=NG"]
    assert column(table, "per_head", "p_value")["country=IN"] < 1e-6


def test_regions_add_their_countries_up() -> None:
    """Per head they count only where everybody's number is known."""
    regions = {"Europe": ["DE", "Greece"], "Asia": ["India", "AF"], "Africa": ["NG"]}
    table = measured(regions=regions, populations=PEOPLE)
    shares = column(table, "share")
    assert shares["country_region=Europe"] == 70
    assert shares["country_region=Asia"] == 30
    assert shares["country_region=Africa"] == 0
    assert shares["country_region=(missing)"] == 30
    assert "country_region=Europe" not in column(table, "per_head")
    everybody = measured(regions=regions, populations={**PEOPLE, "GR": 10.4e6})
    assert "country_region=Europe" in column(everybody, "per_head")


def test_without_an_attribute_nothing_is_measured() -> None:
    """An audit that asks for no countries pays nothing for them."""
    assert geography(pictures(), [], AuditConfig()).frame.empty


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"populations": {"Atlantis": 1.0}}, "'Atlantis' is no country"),
        ({"populations": {"DE": 1.0, "Germany": 1.0}}, "DE stands there twice"),
        ({"regions": {"A": ["DE"], "B": ["DEU"]}}, "DE stands there twice"),
        ({"names": {"UK": "Britain?"}}, r"'Britain\?' is no country"),
    ],
)
def test_countries_of_the_settings_must_be_known(wrong: dict[str, object], said: str) -> None:
    """A misspelt country would silently have nobody, one listed twice too many."""
    with pytest.raises(SettingsError, match=said):
        measured(**wrong)


def test_a_column_of_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """More texts than there could be countries are not looked up one by one."""
    monkeypatch.setattr(_countries, "MOST_NAMES", 3)
    with pytest.raises(TooManyValuesError):
        measured()


def test_populations_can_stand_in_a_file(tmp_path: Path) -> None:
    """Beside the settings, as a table with other columns allowed; a bad one is refused."""
    (tmp_path / "audit.toml").write_text('[geography]\npopulations_file = "people.csv"\n')
    with pytest.raises(DataNotFoundError):
        AuditConfig.read(tmp_path / "audit.toml")
    people = tmp_path / "people.csv"
    people.write_text("year,country,population\n2022,Germany,83200000\n2022,IN,1.4e9\n")
    config = AuditConfig.read(tmp_path / "audit.toml")
    assert config.geography.populations == {"Germany": 83.2e6, "IN": 1.4e9}
    for bad in (
        "country,people\nDE,1\n",
        "country,population\nDE,many\n",
        "country,population\nDE",
    ):
        people.write_text(bad)
        with pytest.raises(DataReadError, match="holds no populations"):
            AuditConfig.read(tmp_path / "audit.toml")


def test_populations_from_two_sources_are_refused() -> None:
    """Nobody could tell which of them was used."""
    with pytest.raises(SettingsError, match="either"):
        settings(populations={"DE": 1.0}, populations_file="people.csv")


def test_findings_name_unknown_countries_and_those_with_few_images_per_head() -> None:
    """The sentence has n, interval and what was written; few images are no evidence."""
    record = run(pictures(), ["country"], settings(populations=PEOPLE))
    found = {f.slice: f for f in record.found if f.code in ("REP010", "REP011")}
    strange = found["country=not recognised"]
    assert strange.code == "REP010"
    assert strange.message.startswith("11 images (8.5%, 95% interval 4.8% to 14.5%)")
    assert "'Atlantis' (3)" in strange.message
    few = found["country=IN"]
    assert (few.code, few.severity) == ("REP011", Severity.WARNING)
    assert few.message == (
        "IN (country): 0.25× as many images per head as all countries with a stated population "
        "(95% interval 0.17× to 0.36×, n=20)."
    )
    assert "country=DE" not in found
