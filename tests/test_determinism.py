"""The digits of an audit depend on its data and seed, and on nothing else."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from ibis import _

from tests.datasets import GENDER
from toolkit.config import EngineConfig
from toolkit.engine import Engine
from toolkit.model.dataset import AnnotatedDataset, Provenance, Sampling
from toolkit.sample import plan, write_tables
from toolkit.slicing import Totals, count, fixed

AUDIT = """
import hashlib, json, sys
import numpy as np
import toolkit as tk
from toolkit.config import EngineConfig
from toolkit.engine import Engine

def digest(frame):
    content = hashlib.sha256()
    # Which part a row came from is an attribute, and measured as such.
    frame = frame[~frame["subject"].str.contains("source_split")]
    for name, column in frame.items():
        if column.dtype == "float64":
            numbers = column.to_numpy()
            content.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
        else:
            content.update(json.dumps([name, column.astype(str).tolist()]).encode())
    return content.hexdigest()

parts, threads = json.loads(sys.argv[1])
with Engine(EngineConfig(threads=threads)) as engine:
    dataset = tk.load(parts if len(parts) > 1 else parts["all"], engine=engine)
    record = tk.audit(dataset)
    print(json.dumps({name: digest(table) for name, table in record.tables.items()}))
"""


def digests(parts: dict[str, Path], hash_seed: int, threads: int) -> dict[str, str]:
    """Audit in a process of its own; return a digest of each table's bits."""
    task = json.dumps([{name: str(folder) for name, folder in parts.items()}, threads])
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-c", AUDIT, task]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(answer.stdout))


def rewritten(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Write tables as CSV files."""
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / name, index=False)
    return folder


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """Write the tables of a sample as they are, with their rows shuffled, and in two parts."""
    folder = tmp_path_factory.mktemp("determinism")
    original = folder / "original"
    original.mkdir()
    write_tables(plan(images=300, seed=3, biased=True), original)
    used = ("boxes.csv", "image_labels.csv", "images.csv", "class-descriptions.csv")
    tables = {name: pd.read_csv(original / name, dtype=str) for name in used}
    shuffled = {n: t.sample(frac=1, random_state=1) for n, t in tables.items()}
    names = tables["images.csv"]["ImageID"]
    halves = [set(names[::2]), set(names[1::2])]
    parts = [
        {n: t[t["ImageID"].isin(half)] if "ImageID" in t else t for n, t in shuffled.items()}
        for half in halves
    ]
    return {
        "whole": {"all": rewritten(tables, folder / "whole")},
        "shuffled": {"all": rewritten(shuffled, folder / "shuffled")},
        "split": {str(i): rewritten(part, folder / f"part{i}") for i, part in enumerate(parts)},
    }


def test_no_order_of_rows_files_threads_or_hashes_changes_a_bit(
    sources: dict[str, dict[str, Path]],
) -> None:
    """Every number of a whole audit is the same to the last bit however it came about."""
    runs = [(sources["whole"], 0, 1), (sources["shuffled"], 1, 2), (sources["split"], 2, 4)]
    with ThreadPoolExecutor(2) as pool:
        whole, *others = pool.map(lambda run: digests(*run), runs)
    assert "representation.share" in whole
    for other in others:
        assert [name for name in whole if whole[name] != other[name]] == []


def totals(rows: pd.DataFrame, threads: int) -> Totals:
    """Count fractions by gender, weighted and clustered, in an engine with so many threads."""
    with Engine(EngineConfig(threads=threads)) as engine:
        frame = rows.assign(annotation_id=range(len(rows)), label="Person")
        dataset = AnnotatedDataset(
            name="test",
            provenance=Provenance("memory", "test"),
            n_images=rows["image_id"].nunique(),
            attributes={"gender": GENDER},
            annotations=engine.backend.create_table("rows", ibis.memtable(frame)),
            sampling=Sampling("photographer", "weight"),
        )
        pairs = [("part", "part"), ("part", "n")]
        measures = {"part": fixed(_["part"])}
        (found,) = count(dataset, [("gender",)], 50, measures=measures, pairs=pairs)
        return found


def test_sums_of_weighted_fractions_are_exact_in_any_order() -> None:
    """Fractions times weights, which no float adds up alike in two orders, give the same bits."""
    rng, n = np.random.default_rng(0), 150_000
    rows = pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in rng.integers(0, n // 3, n)],
            "photographer": [f"p{i}" for i in rng.integers(0, 500, n)],
            "gender": rng.choice(["F", "M", "Unknown"], n),
            "part": rng.random(n),
            "weight": rng.lognormal(0, 2, n),
        }
    )
    one = totals(rows, threads=1)
    for seed, threads in ((1, 2), (2, 4)):
        other = totals(rows.sample(frac=1, random_state=seed), threads)
        for name, values in one.totals.items():
            assert np.array_equal(values, other.totals[name])
            assert np.array_equal(one.products("part", name), other.products("part", name))
        assert np.array_equal(one.of_images.cross, other.of_images.cross, equal_nan=True)
