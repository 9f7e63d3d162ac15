"""`audit.toml` as one frozen, strict object; a file for each kind of table in it."""

from toolkit.config.agreement import AgreementConfig, AnnotationGapConfig, MatchingConfig
from toolkit.config.association import AssociationConfig
from toolkit.config.captions import CaptionsConfig
from toolkit.config.dataset import AttributeConfig, BoxColumns, BoxFormat, Columns, DatasetConfig
from toolkit.config.discovery import DiscoveryConfig
from toolkit.config.geography import GeographyConfig
from toolkit.config.geometry import GeometryConfig
from toolkit.config.label_bias import LabelBiasConfig
from toolkit.config.metrics import MetricsConfig
from toolkit.config.planning import PlanningConfig
from toolkit.config.representation import ReferenceShare, RepresentationConfig
from toolkit.config.sections import (
    CardConfig,
    EngineConfig,
    FindingsConfig,
    LabelsConfig,
)
from toolkit.config.settings import AuditConfig, read_toml
from toolkit.config.slices import SlicesConfig

__all__ = [
    "AgreementConfig",
    "AnnotationGapConfig",
    "AssociationConfig",
    "AttributeConfig",
    "AuditConfig",
    "BoxColumns",
    "BoxFormat",
    "CaptionsConfig",
    "CardConfig",
    "Columns",
    "DatasetConfig",
    "DiscoveryConfig",
    "EngineConfig",
    "FindingsConfig",
    "GeographyConfig",
    "GeometryConfig",
    "LabelBiasConfig",
    "LabelsConfig",
    "MatchingConfig",
    "MetricsConfig",
    "PlanningConfig",
    "ReferenceShare",
    "RepresentationConfig",
    "SlicesConfig",
    "read_toml",
]
