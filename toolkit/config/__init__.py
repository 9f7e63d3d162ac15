"""`audit.toml` as one frozen, strict object; a file for each kind of table in it."""

from toolkit.config.dataset import AttributeConfig, BoxColumns, Columns, DatasetConfig
from toolkit.config.metrics import MetricsConfig
from toolkit.config.sections import (
    AssociationConfig,
    CardConfig,
    EngineConfig,
    FindingsConfig,
    LabelsConfig,
)
from toolkit.config.settings import AuditConfig, read_toml
from toolkit.config.slices import SlicesConfig

__all__ = [
    "AssociationConfig",
    "AttributeConfig",
    "AuditConfig",
    "BoxColumns",
    "CardConfig",
    "Columns",
    "DatasetConfig",
    "EngineConfig",
    "FindingsConfig",
    "LabelsConfig",
    "MetricsConfig",
    "SlicesConfig",
    "read_toml",
]
