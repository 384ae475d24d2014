"""Reads a workbook the plain way, from its XML by the standard library alone, to say what its cells
plainly show.

Nothing is refused with words: what a spreadsheet would not open, or could show in more ways than
one, raises NotPlain.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree

from tests.plain_reading import NotPlain

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
BUILT_IN = {
    9: "0%",
    10: "0.00%",
    **dict.fromkeys((14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 47), "yyyy-mm-dd"),
    46: "[h]:mm:ss",
}
EPOCH = datetime.fromisoformat("1899-12-30")

Cells = dict[tuple[int, int], object]
"""Row and column, counted from 1, to a text, a number, a moment, a length of time or a truth value;
empty ones left out."""


def shown(content: bytes) -> dict[str, Cells]:
    """The text that each cell of each sheet shows, by the name of the sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(set(archive.namelist())) != len(archive.namelist()):
                raise NotPlain("two parts of one name")
            return _sheets(archive)
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        ValueError,
        IndexError,
        AttributeError,
        TypeError,
        EOFError,
    ) as error:
        raise NotPlain(f"{type(error).__name__}: {error}") from error


def _sheets(archive: zipfile.ZipFile) -> dict[str, Cells]:
    links = {
        link.get("Id"): link.get("Target", "")
        for link in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    }
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    since = book.find(f"{MAIN}workbookPr")
    if since is not None and since.get("date1904") in ("1", "true"):
        raise NotPlain("dates counted from 1904")
    texts, forms = _texts(archive), _forms(archive)
    found: dict[str, Cells] = {}
    for sheet in book.iter(f"{MAIN}sheet"):
        name, target = sheet.attrib["name"], links[sheet.attrib[LINK]]
        if name in found:
            raise NotPlain(f"two sheets {name}")
        path = (
            target.lstrip("/")
            if target.startswith("/")
            else posixpath.normpath(posixpath.join("xl", target))
        )
        found[name] = dict(_cells(ElementTree.fromstring(archive.read(path)), texts, forms))
    return found


def _texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [
        _text(item)
        for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        if item.tag == f"{MAIN}si"
    ]


def _text(item: ElementTree.Element) -> str:
    """The runs of a text, without the reading aids that may stand above them."""
    runs = [child for child in item if child.tag == f"{MAIN}t"] + [
        t for run in item.findall(f"{MAIN}r") for t in run.findall(f"{MAIN}t")
    ]
    return "".join(run.text or "" for run in runs)


def _forms(archive: zipfile.ZipFile) -> list[str]:
    """The number format of each style."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    own = {
        int(form.attrib["numFmtId"]): form.attrib["formatCode"]
        for form in root.iter(f"{MAIN}numFmt")
    }
    styles = root.find(f"{MAIN}cellXfs")
    return (
        []
        if styles is None
        else [
            own.get(number, BUILT_IN.get(number, ""))
            for number in (int(x.get("numFmtId", 0)) for x in styles)
        ]
    )


def _cells(
    root: ElementTree.Element, texts: list[str], forms: list[str]
) -> Iterator[tuple[tuple[int, int], object]]:
    if root.find(f".//{MAIN}mergeCell") is not None:
        raise NotPlain("merged cells")
    number = 0
    for row in root.iter(f"{MAIN}row"):
        before, number, column = number, int(row.get("r", number + 1)), 0
        if number <= before:
            raise NotPlain(f"row {number} after {before}")
        for cell in row.findall(f"{MAIN}c"):
            place = re.fullmatch(
                "([A-Z]{1,3})([0-9]+)", cell.get("r", f"{_letters(column + 1)}{number}")
            )
            if place is None or int(place[2]) != number or (at := _column(place[1])) <= column:
                raise NotPlain(f"cell {cell.get('r')} in row {number} after column {column}")
            column = at
            value = _value(cell, texts, forms)
            if value != "":
                yield (number, column), value


def _value(cell: ElementTree.Element, texts: list[str], forms: list[str]) -> object:
    kind, held = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
    if cell.find(f"{MAIN}f") is not None and not held and kind != "str":
        raise NotPlain("a formula without its value")
    if kind == "inlineStr":
        inside = cell.find(f"{MAIN}is")
        return "" if inside is None else _text(inside)
    if not held or kind in ("str", "e"):
        return held
    if kind == "s":
        if int(held) < 0:
            raise NotPlain("no such text")
        return texts[int(held)]
    if kind == "b":
        return {"0": False, "1": True}[held]
    if kind != "n" or not re.fullmatch(r"\s*[-+]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?\s*", held):
        raise NotPlain(f"type {kind} holds {held[:40]!r}")
    style = int(cell.get("s", 0))
    return _number(float(held), forms[style] if style < len(forms) else "" if style == 0 else "%")


def _number(value: float, form: str) -> object:
    if form.startswith("[h"):
        return timedelta(days=value)
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", form)
    if re.search("[dmyhs]", bare, re.IGNORECASE) and "general" not in bare.lower():
        # a day too many, the 29th of February 1900, is counted
        return EPOCH + timedelta(days=value + (1 <= value < 60))
    if "%" in bare or re.search(r"[0#?],+(?![0#?,])", bare):
        raise NotPlain(f"{value} shown as {form}")
    return value


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
