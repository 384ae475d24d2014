"""The nouns of a study, made from its tables: a module for each kind, `read_nouns` for all of
them."""

from planner.study.nouns.read import read_nouns, whole_study_series
from planner.study.nouns.record import NO_NOUNS, Nouns
from planner.study.nouns.tables import StudyTables

__all__ = ["NO_NOUNS", "Nouns", "StudyTables", "read_nouns", "whole_study_series"]
