"""The data that the oracles and our functions both get: drawn without any library, so once for all.

Only the standard library, since it is imported in environments with different versions of numpy.
"""

import random

UCB = {
    "A": ((512, 313), (89, 19)),
    "B": ((353, 207), (17, 8)),
    "C": ((120, 205), (202, 391)),
    "D": ((138, 279), (131, 244)),
    "E": ((53, 138), (94, 299)),
    "F": ((22, 351), (24, 317)),
}
"""Men and women admitted and rejected by department (Bickel, Hammel and O'Connell 1975)."""


def applicants() -> list[tuple[str, str, bool]]:
    """Return department, gender and admission of every applicant of `UCB`."""
    return [
        (department, gender, admitted)
        for department, table in UCB.items()
        for gender, counts in zip("MF", table, strict=True)
        for admitted, n in zip((True, False), counts, strict=True)
        for _ in range(n)
    ]


def outcomes() -> list[tuple[bool, str, str]]:
    """Return group, outcome and stratum of 400 people; the third outcome is rarer in the group."""
    draw = random.Random(1)
    rows = []
    for _ in range(400):
        group = draw.random() < 0.35
        weights = (5, 3, 1) if group else (4, 3, 3)
        rows.append((group, draw.choices("xyz", weights)[0], draw.choice("pqr")))
    return rows


def boxes() -> list[tuple[int, bool, bool, float]]:
    """Return image, group, flag and sampling weight of some boxes, alike within an image."""
    draw = random.Random(2)
    rows = []
    for image in range(150):
        rate, weight = draw.random(), round(draw.uniform(0.5, 4.0), 2)
        rows += [
            (image, draw.random() < 0.4, draw.random() < rate, weight)
            for _ in range(draw.choice((1, 1, 2, 3, 6)))
        ]
    return rows


def answers() -> list[list[str | None]]:
    """Return what four annotators answered to 60 items; None where one did not."""
    draw = random.Random(3)
    rows: list[list[str | None]] = []
    for _ in range(60):
        truth = draw.choice("abc")
        given = [truth if draw.random() < 0.75 else draw.choice("abc") for _ in range(4)]
        rows.append([None if draw.random() < 0.1 else answer for answer in given])
    return rows


def cells() -> list[tuple[str, str]]:
    """Return gender and age of people, some of whose combinations are few."""
    numbers = {"F": (40, 7, 10, 11), "M": (3, 60, 25, 0), "Unknown": (15, 1, 12, 30)}
    ages = ("Young", "Middle", "Older", "Unknown")
    return [
        (gender, age)
        for gender, counts in numbers.items()
        for age, n in zip(ages, counts, strict=True)
        for _ in range(n)
    ]
