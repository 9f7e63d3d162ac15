"""What a dataset's own description states, on its card."""

from dataclasses import replace
from types import MappingProxyType

import mlcroissant

from tests.render.records import record
from toolkit.model.audit import AuditRecord
from toolkit.model.card import Kind, Statement
from toolkit.model.dataset import Provenance
from toolkit.render.card import build_card, to_html, to_markdown
from toolkit.render.card.described import FIELDS, described
from toolkit.render.card.outline import outline


def stating(stated: dict[str, str], **people: object) -> AuditRecord:
    """Return an audit whose source and whose people state something."""
    audit = record()
    provenance = replace(audit.provenance, loader="croissant", stated=MappingProxyType(stated))
    summary = MappingProxyType({**audit.summary, "stated": people})
    return replace(audit, provenance=provenance, summary=summary)


def of(audit: AuditRecord, field: str) -> list[Statement]:
    """Return what the card of an audit says of a field."""
    found = (s for section in build_card(audit).sections for s in section.walk())
    return [statement for statement in found if statement.field == field]


def test_every_answer_of_croissant_has_a_place_on_the_card() -> None:
    """Each field of the vocabulary that `mlcroissant` knows answers a field of the outline."""
    of_metadata = set(mlcroissant.Metadata.__dataclass_fields__)
    described_too = {name for name in of_metadata if name.startswith(("data_", "annotat"))}
    assert FIELDS.keys() <= of_metadata
    assert described_too <= FIELDS.keys()
    assert set(FIELDS.values()) <= set().union(*(part.keys() for part in outline()))


def test_a_description_answers_with_its_source() -> None:
    """Its words stand as stated by the description, not as measured nor by a person."""
    audit = stating({"data_biases": "More men.", "data_social_impact": "None known."})
    (risks,) = of(audit, "people.risks")
    assert risks.kind is Kind.STATED
    assert risks.text == "Data biases: More men.\nData social impact: None known."
    said = "stated by the description of the dataset (croissant)"
    assert said in to_markdown(audit)
    assert said in to_html(audit)
    assert f"{said} on" not in to_markdown(audit)


def test_people_go_before_the_description() -> None:
    """What stated.toml answers stands alone; other answers of the description stay."""
    mine = {"by": "Us", "on": "2026-01-01", "people": {"risks": {"text": "Ours."}}}
    audit = stating({"data_biases": "More men.", "data_use_cases": "Research."}, **mine)
    (risks,) = of(audit, "people.risks")
    assert (risks.text, risks.by) == ("Ours.", "Us")
    (use,) = of(audit, "use.suitable")
    assert use.text == "Data use cases: Research."


def test_what_is_no_answer_is_none() -> None:
    """White space and unknown fields answer nothing."""
    source = Provenance("x", "croissant", stated={"data_biases": " ", "colour": "blue"})
    assert described(source) == {}


def test_statements_are_kept_by_the_record() -> None:
    """Answers and counts of adjusted rows come back from `audit.json` as they were."""
    audit = stating({"data_biases": "More men."})
    adjusted = MappingProxyType({"annotations": {"a phrase": 2}})
    audit = replace(audit, provenance=replace(audit.provenance, rows_adjusted=adjusted))
    again = AuditRecord.from_json(audit.to_json(), audit.tables)
    assert again.provenance == audit.provenance
