"""`audit.toml` (or `[tool.toolkit]` in `pyproject.toml`) as one frozen, strict object."""

from __future__ import annotations

import reprlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from toolkit.errors import DataNotFoundError, SettingsError, suggestion
from toolkit.model.attribute import Basis  # noqa: TC001 - pydantic reads it at run time

SHARE_TOLERANCE = 1e-6
Share = Annotated[float, Field(ge=0, le=1)]
TABLE_FAULTS = ("model_type", "dict_type")
Correction = Literal["none", "bh", "by", "holm"]


class Strict(BaseModel):
    """A frozen model in which an unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class BoxColumns(Strict):
    """How four columns of a table describe a box."""

    columns: Annotated[list[str], Field(min_length=4, max_length=4)] = Field(
        description="The four columns, in the order of `form`."
    )
    form: Literal["xyxy", "xywh", "cxcywh"] = Field(
        "xyxy", description="Two corners; corner and size; or centre and size."
    )
    normalised: bool = Field(
        default=True,
        description="Whether the numbers are shares of the image (0..1). Pixels need columns.width "
        "and columns.height.",
    )


class Columns(Strict):
    """Which column of a table is what, for the loader `table`."""

    image_id: str = Field("image_id", description="The column that names the image.")
    label: str | None = Field(None, description="The column with the label of the row.")
    box: BoxColumns | None = Field(None, description="The columns of the box.")
    width: str | None = Field(None, description="The column with the image's width in pixels.")
    height: str | None = Field(None, description="The column with the image's height in pixels.")
    split: str | None = Field(None, description="The column that names the split.")
    attributes: list[str] | None = Field(
        None, description="The columns to keep as attributes; by default all others."
    )


class DatasetConfig(Strict):
    """What is audited."""

    path: str | None = Field(None, description="A file or folder, relative to this file.")
    format: str | None = Field(None, description="A loader's name; recognised if left out.")
    name: str | None = Field(None, description="The dataset's name for titles.")
    licence: str | None = Field(None, description="The licence of the annotations.")
    columns: Columns | None = Field(None, description="Columns, for the loader `table`.")


class AttributeConfig(Strict):
    """What the values of one attribute mean."""

    values: list[str] | None = Field(None, description="The known values, in their order.")
    missing: list[str] | None = Field(None, description='Values that say "not known".')
    basis: Basis | None = Field(None, description="How the values came to be.")
    sensitive: bool | None = Field(None, description="Whether its groups are protected.")
    reference: dict[str, Share] | None = Field(
        None, description="The share each known value should have; sums to 1."
    )

    @field_validator("reference")
    @classmethod
    def sums_to_one(cls, reference: dict[str, float] | None) -> dict[str, float] | None:
        """Refuse a reference distribution that is none."""
        if reference is not None and abs(sum(reference.values()) - 1) > SHARE_TOLERANCE:
            raise ValueError(f"the shares sum to {sum(reference.values()):g}, not to 1")
        return reference

    @model_validator(mode="after")
    def values_agree(self) -> Self:
        """Refuse a value listed twice, and a reference share for a value that is not declared."""
        listed = [*(self.values or ()), *(self.missing or ())]
        if twice := sorted({value for value in listed if listed.count(value) > 1}):
            raise ValueError(f"{twice} stands twice among values and missing")
        declared = set(self.values or self.reference or ())
        if strange := sorted(set(self.reference or ()) - declared):
            raise ValueError(f"reference names {strange}, not among values")
        return self


class SlicesConfig(Strict):
    """Which groups are compared, and how."""

    by: list[str | list[str]] = Field(
        default_factory=list,
        description="Attributes, and lists of attributes for their intersections.",
    )
    min_n: PositiveInt = Field(30, description="Below this many units a number is marked small.")
    suppress_below: Annotated[int, Field(ge=0)] = Field(
        11, description="Smaller groups of sensitive attributes are masked in cards; 0 for never."
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.95, description="The confidence level of every interval."
    )
    correction: Correction = Field("bh", description="For testing many cells at once.")
    max_values: PositiveInt = Field(
        500, description="The most values an attribute or intersection may have as groups."
    )

    @field_validator("by", mode="before")
    @classmethod
    def names_something(cls, by: Any) -> Any:
        """Refuse what names no attributes, and an empty or repeating intersection."""
        if not isinstance(by, list | tuple):
            return by
        for names in by:
            group = [names] if isinstance(names, str) else names
            texts = isinstance(group, list | tuple) and all(isinstance(name, str) for name in group)
            if not texts or not 0 < len(group) == len(set(group)):
                raise ValueError(
                    f"{reprlib.repr(names)} is neither an attribute nor a list of different ones"
                )
        return [names if isinstance(names, str) else list(names) for names in by]


class AssociationConfig(Strict):
    """What counts as an image having a label."""

    min_confidence: Share = Field(
        0.5, description="A machine's label counts from this confidence on."
    )


class LabelsConfig(Strict):
    """What labels may occur."""

    taxonomy: list[str] = Field(
        default_factory=list,
        description="All labels that may occur, by their codes or names; none if left out.",
    )


class FindingsConfig(Strict):
    """Which findings are shown, and which make the command fail."""

    ignore: list[str] = Field(default_factory=list, description="Codes of rules not to apply.")
    fail_on: Literal["never", "error", "warning", "info"] = Field(
        "never", description="Exit with 1 if a finding is at least this severe."
    )


class CardConfig(Strict):
    """What goes onto the data card beside what is measured."""

    stated: str | None = Field(
        None, description="A TOML file with people's answers, relative to this file."
    )


class EngineConfig(Strict):
    """What the table engine may use."""

    url: str = Field("duckdb://", description="The engine; DuckDB in this process.")
    memory_limit: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)?\s*([KMGT]i?B)$",
        description="For instance 4GiB; by default half of the machine's memory.",
    )
    threads: PositiveInt | None = Field(None, description="By default all cores.")
    spill_folder: str | None = Field(
        None, description="Where to put what does not fit; by default the temporary folder."
    )


class AuditConfig(Strict):
    """Everything a user can set; `toolkit schema audit.toml` is made from this class."""

    version: Literal[1] = Field(1, description="The version of this file's format.")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="The seed of every random draw.")
    dataset: DatasetConfig = Field(default_factory=DatasetConfig)
    attributes: dict[str, AttributeConfig] = Field(default_factory=dict)
    slices: SlicesConfig = Field(default_factory=SlicesConfig)
    labels: LabelsConfig = Field(default_factory=LabelsConfig)
    association: AssociationConfig = Field(default_factory=AssociationConfig)
    findings: FindingsConfig = Field(default_factory=FindingsConfig)
    card: CardConfig = Field(default_factory=CardConfig)
    engine: EngineConfig = Field(default_factory=EngineConfig)

    @classmethod
    def read(cls, path: Path | str) -> AuditConfig:
        """Read a settings file; the paths in it are relative to its folder.

        Raises:
            DataNotFoundError: If it is not there.
            SettingsError: If it is no TOML, or a key or value is wrong; every fault is named.
        """
        path = Path(path)
        content = read_toml(path)
        if path.name == "pyproject.toml":
            tool = content.get("tool")
            content = tool.get("toolkit", {}) if isinstance(tool, dict) else {}
        config = cls.of(content, str(path))
        data, stated = config.dataset.path, config.card.stated
        dataset = {"path": data and str(path.parent / data)}
        card = {"stated": stated and str(path.parent / stated)}
        return config.model_copy(
            update={
                "dataset": config.dataset.model_copy(update=dataset),
                "card": config.card.model_copy(update=card),
            }
        )

    @classmethod
    def of(cls, content: dict[str, Any], where: str = "given as a dict") -> AuditConfig:
        """Check settings given as a dict; `where` names them in errors.

        Raises:
            SettingsError: If a key or value is wrong; every fault is named.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            faults = " ".join(sentence(fault) for fault in error.errors())
            raise SettingsError("These settings cannot be used", where, faults) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        DataNotFoundError: If it is not there.
        SettingsError: If it cannot be read or is no TOML.
    """
    if not path.is_file():
        raise DataNotFoundError(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"The file cannot be read: {error.strerror}"
        raise SettingsError(what, str(path), "Name another file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"The file is no TOML: {error}", str(path), "Mend that.") from error


def sentence(fault: Any) -> str:
    """Say one fault of the settings in words, with the nearest known key for an unknown one."""
    *table, key = fault["loc"] or ("",)
    place = ".".join(str(part) for part in fault["loc"]) or "settings"
    if fault["type"] == "extra_forbidden":
        inside = f" under [{'.'.join(str(part) for part in table)}]" if table else ""
        return f"Unknown key {key!r}{inside}: {suggestion(str(key), known_keys(table))}"
    if fault["type"] in TABLE_FAULTS:
        wanted = "a table"
    elif fault["msg"].startswith("Input should be "):
        wanted = fault["msg"].removeprefix("Input should be ")
    else:
        return f"{place}: {fault['msg'].removeprefix('Value error, ')}."
    # Shortened, because the input may be a megabyte long or nested deeper than repr can follow.
    return f"{place} should be {wanted}, not {reprlib.repr(fault['input'])}."


def known_keys(table: list[Any]) -> list[str]:
    """Return the keys that may stand in a table of the settings."""
    model: Any = AuditConfig
    for part in table:
        field = getattr(model, "model_fields", {}).get(part)
        candidates = [field.annotation, *get_args(field.annotation)] if field else []
        nested = [c for c in candidates if hasattr(c, "model_fields")]
        if nested:
            model = nested[0]
    return list(model.model_fields)
