"""Recompute `figures.json` with the packages that cannot be installed beside ours.

Each needs older libraries than the toolkit or pulls in its own, so each gets an environment of its
own, below the folder that is named: `python tests/oracles/recompute.py out/oracles`, or
`make oracles`. irrCAC asks for scipy 1.12, of which there are no wheels for Python 3.13.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FIGURES = HERE / "figures.json"
ORACLES = {
    "smclarify": "smclarify==0.5",
    "samplics": "samplics==0.6.1",
    "irrcac": "irrCAC==0.4.4",
    "acro": "acro==1.0.2",
}
"""The packages by the name of the script that calls them."""
VERSIONS = """
import sys
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in [sys.argv[1], "numpy", "pandas"]))
"""


def figures_of(name: str, folder: Path) -> dict[str, object]:
    """Return what a package answers, and which versions did."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", str(folder / name))
    run(str(python), "-m", "pip", "install", "--quiet", ORACLES[name])
    source = run(str(python), "-c", VERSIONS, ORACLES[name].partition("==")[0]).strip()
    figures = json.loads(run(str(python), str(HERE / f"with_{name}.py")))
    return {"source": source, "figures": figures}


def run(*command: str) -> str:
    """Return what a command prints; its errors go where ours go."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    answers = {name: figures_of(name, Path(sys.argv[1]).resolve()) for name in ORACLES}
    FIGURES.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")
