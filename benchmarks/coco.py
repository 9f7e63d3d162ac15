"""What it costs to load COCO-style JSON, as a whole process, beside `json.load` alone.

python benchmarks/coco.py              120,000 images, 900,000 annotations with polygons
python benchmarks/coco.py --boxes      the same without polygons, a third of the bytes
python benchmarks/coco.py FILE         a file of your own, for instance instances_train2017.json
"""

import json
import random
import sys
import tempfile
from pathlib import Path

from measure import costs

IMAGES = 120_000
ANNOTATIONS = 900_000
CATEGORIES = 80
POLYGON = 22
"""Points of a polygon; instances_train2017.json has as many bytes an annotation."""
MOST_TIMES = 1.5
MOST_MEBIBYTES = 2048
LOAD = """
import sys
from toolkit.loaders import load
dataset = load(sys.argv[1], format="coco")
assert dataset.annotations.count().execute() == dataset.provenance.rows_kept["annotations"] > 0
"""
PEER = "import json, sys; json.load(open(sys.argv[1], encoding='utf-8'))"


def image(number: int) -> dict[str, object]:
    """Return an image with the keys of COCO 2017."""
    name = f"{number:012d}.jpg"
    return {
        "license": 1,
        "file_name": name,
        "coco_url": f"http://images.cocodataset.org/train2017/{name}",
        "height": 480,
        "width": 640,
        "date_captured": "2013-11-17 22:45:59",
        "flickr_url": f"http://farm3.staticflickr.com/2784/{name}",
        "id": number,
    }


def annotation(number: int, draw: random.Random, points: int) -> dict[str, object]:
    """Return a box somewhere in some image, with a polygon of so many points."""
    x, y = round(draw.uniform(0, 500), 2), round(draw.uniform(0, 400), 2)
    width, height = round(draw.uniform(1, 100), 2), round(draw.uniform(1, 70), 2)
    polygon = [round(draw.uniform(0, 480), 2) for _ in range(2 * points)]
    return {
        **({"segmentation": [polygon]} if points else {}),
        "area": width * height,
        "iscrowd": 0,
        "image_id": draw.randrange(IMAGES),
        "bbox": [x, y, width, height],
        "category_id": draw.randrange(CATEGORIES),
        "id": number,
    }


def write(path: Path, points: int) -> None:
    """Write a file with the layout of COCO 2017, an element at a time."""
    draw = random.Random(0)
    categories = [{"id": n, "name": f"category {n}"} for n in range(CATEGORIES)]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"info": {"year": 2017}, "licenses": [{"id": 1, "name": "none"}], "images": [')
        for number in range(IMAGES):
            file.write(", " * bool(number) + json.dumps(image(number)))
        file.write('], "annotations": [')
        for number in range(ANNOTATIONS):
            file.write(", " * bool(number) + json.dumps(annotation(number, draw, points)))
        file.write(f'], "categories": {json.dumps(categories)}}}')


def main(path: Path) -> None:
    """Measure and print both sides."""
    commands = {"toolkit": ["-c", LOAD, str(path)], "json.load": ["-c", PEER, str(path)]}
    sides = costs(commands)
    print(f"{path.name}, {path.stat().st_size / 2**20:,.0f} MiB")
    for name, cost in sides.items():
        print(f"{name:<12}{cost}")
    times = sides["toolkit"].seconds / sides["json.load"].seconds
    memory = sides["toolkit"].mebibytes
    print(f"the toolkit takes {times:.2f} times as long   target {MOST_TIMES}")
    print(f"and {memory:,.0f} MiB of memory               target {MOST_MEBIBYTES:,}")


if __name__ == "__main__":
    if sys.argv[1:] in ([], ["--boxes"]):
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "instances.json"
            write(target, 0 if "--boxes" in sys.argv else POLYGON)
            main(target)
    elif len(sys.argv) == 2 and Path(sys.argv[1]).is_file():
        main(Path(sys.argv[1]))
    else:
        sys.exit(__doc__)
