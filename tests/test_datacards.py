"""The committed cards are those that the toolkit writes today."""

import calendar
import re
from datetime import date
from pathlib import Path

import pytest

import toolkit as tk
from toolkit.config import AuditConfig

FOLDER = Path(__file__).resolve().parents[1] / "datacards" / "sample"


def test_the_samples_card_is_up_to_date(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card in the repository equals a new one to the letter; else run `make card`."""
    committed = (FOLDER / "card.md").read_text(encoding="utf-8")
    (day,) = re.findall(r"Audited on (\S+) with", committed)
    epoch = calendar.timegm(date.fromisoformat(day).timetuple())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))
    settings = AuditConfig.read(FOLDER / "audit.toml")
    audit = tk.audit(tk.load(sample, licence=settings.dataset.licence), config=settings)
    assert (audit.save(tmp_path) / "card.md").read_text(encoding="utf-8") == committed
