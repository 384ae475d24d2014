"""A study as one workbook and back, for analysts who edit in a spreadsheet (`planner workbook`,
`planner unpack`).

Every table of the study is a sheet of its name, study.toml is the sheet `study.toml`, a line to a
row. A cell is written as a number only where the number reads back to the same text, and as text
otherwise, so that the way there and back changes nothing. No text is ever taken for a formula, in
either direction: a workbook with formulas is read by the values it was saved with.
"""

from planner.study.workbook.cells import empty_book, put, save_whole
from planner.study.workbook.read import read_study_workbook
from planner.study.workbook.unpack import unpack
from planner.study.workbook.write import write_study_workbook

__all__ = [
    "empty_book",
    "put",
    "read_study_workbook",
    "save_whole",
    "unpack",
    "write_study_workbook",
]
