"""Which families of metrics an audit measures."""

import pytest

from tests.datasets import annotated
from toolkit import pipeline
from toolkit.config import AuditConfig
from toolkit.errors import UnknownNameError
from toolkit.metrics import METRICS
from toolkit.model.dataset import AnnotatedDataset

ALWAYS = sorted(name for name, metric in METRICS.items() if metric.audited)


@pytest.fixture
def people() -> AnnotatedDataset:
    """Return a small dataset."""
    each = range(120)
    return annotated(
        {
            "image_id": [f"i{i // 2}" for i in each],
            "gender": ["F" if i % 3 else "M" for i in each],
            "age": ["Young" if i % 5 else "Old" for i in each],
        }
    )


@pytest.mark.parametrize("name", ALWAYS)
def test_a_family_can_be_left_out(people: AnnotatedDataset, name: str) -> None:
    """The audit runs without it, its rules find nothing, and the other families are there."""
    record = pipeline.run(people, config=AuditConfig.of({"metrics": {"ignore": [name]}}))
    families = {table.partition(".")[0] for table in record.tables}
    assert name not in families
    assert families >= set(ALWAYS) - {name}


def test_a_family_that_takes_its_time_is_measured_when_it_is_named(
    people: AnnotatedDataset,
) -> None:
    """Near-duplicate boxes are looked for by an audit only if it is asked to."""
    asked = pipeline.run(people, config=AuditConfig.of({"metrics": {"also": ["validation"]}}))
    assert set(METRICS["validation"].tables) <= set(asked.tables)
    assert not set(METRICS["validation"].tables) & set(pipeline.run(people).tables)


@pytest.mark.parametrize("key", ["also", "ignore"])
def test_an_unknown_family_is_refused_with_the_nearest_name(
    people: AnnotatedDataset, key: str
) -> None:
    """A misspelt family is a mistake of the settings, not an audit that measures less."""
    config = AuditConfig.of({"metrics": {key: ["associations"]}})
    with pytest.raises(UnknownNameError, match="association"):
        pipeline.run(people, config=config)
