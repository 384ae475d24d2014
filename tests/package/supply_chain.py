"""What planner stands on: every package that it needs, by its installed metadata, with licence and
hashes.

`python -m tests.package.supply_chain licences > docs/licences.md` renews that page, `python -m
tests.package.supply_chain sbom` prints a CycloneDX 1.6 bill of materials. Nothing is asked of any
network.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
LOCKS = ("requirements.lock", "requirements-test.lock")
"""Packages that a run needs, and those that tests, types and documentation need beside it."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Licences that are open (OSI or free software), and the words in which packages state them.
OPEN = {
    "MIT": r"\bMIT\b|\bExpat\b",
    "BSD-3-Clause": r"BSD[- ]3|3-Clause|New BSD|Modified BSD",
    "BSD-2-Clause": r"BSD[- ]2|2-Clause|Simplified BSD",
    "BSD": r"\bBSD\b",
    "Apache-2.0": r"Apache",
    "MPL-2.0": r"MPL|Mozilla Public License",
    "PSF-2.0": r"PSF|Python Software Foundation",
    "ISC": r"\bISC\b",
    "LGPL": r"LGPL|Lesser General Public",
    "HPND": r"HPND",
    "Unlicense": r"Unlicense",
    "0BSD": r"\b0BSD\b",
    "Zlib": r"\bZlib\b",
    "GPL": r"\bGPL|GNU General Public",
    "Artistic": r"Artistic",
    "CC0-1.0": r"CC0",
    "Public domain": r"Public Domain",
}


UNSTATED = frozenset({"flodym"})
"""Packages that no run needs and whose files say nothing of a licence."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(*extras: str) -> dict[str, Distribution]:
    """Every package that planner needs here, directly or not, by name; extras of planner added."""
    found: dict[str, Distribution] = {}
    wanted = [
        *PROJECT["dependencies"],
        *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
    ]
    left = [(Requirement(line), "") for line in wanted]
    while left:
        requirement, asked_by = left.pop()
        marker = requirement.marker
        if marker is not None and not any(
            marker.evaluate({"extra": extra}) for extra in ("", *asked_by.split(","))
        ):
            continue
        name = normal(requirement.name)
        if name in found or name == PROJECT["name"]:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        left += [
            (Requirement(line), ",".join(requirement.extras)) for line in found[name].requires or ()
        ]
    return dict(sorted(found.items()))


def stated_licence(package: Distribution) -> str:
    """Licence that a package states: an SPDX expression, else its classifiers, else the first
    line of the field."""
    meta = package.metadata
    if expression := meta.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in meta.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    named = [line for line in classifiers if line != "OSI Approved"]
    files = [
        file
        for file in package.files or ()
        if re.search("licen[cs]e|copying", file.name, re.IGNORECASE)
    ]
    field = str(meta.get("License") or "").strip() or (
        files[0].read_text().strip() if files else ""
    )
    return "; ".join(named) or field.split("\n")[0] or "unknown"


def is_open(package: Distribution) -> bool:
    """Return True if every licence of a package is open; of alternatives one is enough."""
    terms = re.split(r"\s+AND\s+|;", stated_licence(package))
    return all(
        any(re.search(pattern, term, re.IGNORECASE) for pattern in OPEN.values()) for term in terms
    )


def locked(lock: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name to version and hashes of a lock."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8")):
        if pin := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", entry):
            found[normal(pin[1])] = (
                pin[2],
                tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)),
            )
    return found


def licences_page() -> str:
    """docs/licences.md."""
    rows = [f"| {name} | {stated_licence(package)} |" for name, package in needed().items()]
    return "\n".join(
        [
            "# Licences",
            "",
            (
                "planner itself is under the MIT licence. To run, it needs the packages below, all "
                "under open licences; this"
            ),
            (
                "page is written by `make licences` from what each states. A test also tries the "
                "packages for tests, types and documentation."
            ),
            "",
            "| package | licence |",
            "|---|---|",
            *rows,
            "",
            "## Data",
            "",
            *sources_by_terms(),
            "",
        ]
    )


def sources_by_terms() -> list[str]:
    """The part of the page about data: each source of `data/sources.csv` beside the terms that it
    is under, and how much is taken of it."""
    held: dict[str, list[str]] = {}
    taken = numbers_by_source()
    for row in table(DATA / "sources.csv"):
        held.setdefault(row["terms"], []).append(
            f"{row['id']} ({taken[row['id']]:,})" if taken[row["id"]] else row["id"]
        )
    return [
        (
            "The tables in `data/` hold numbers, each with its source; title, publisher, address "
            "and terms of each source stand in"
        ),
        (
            "`data/sources.csv`. The tables of the studies in `models/` are made from them. "
            "Numbers are taken, and nothing else: no text, no"
        ),
        (
            "picture. The collection comes under the licence of planner; what a source itself is "
            "under is said here as far as it is known with"
        ),
        (
            "confidence, and `not stated` where it is not. In brackets, how many rows of `data/` "
            "name the source: whoever publishes many of"
        ),
        "the numbers of one source further should ask its publisher where its terms are not open.",
        "",
        (
            "The presets of policies (`planner presets`) hold numbers and dates of laws and "
            "strategies, each with the address where it was"
        ),
        "read. They are facts, under the licence of planner; no text of any law is copied.",
        "",
        "| terms | sources |",
        "|---|---|",
        *(
            f"| {terms} | {', '.join(held[terms])} |"
            for terms in sorted(held, key=lambda terms: (-len(held[terms]), terms))
        ),
    ]


def numbers_by_source() -> Counter[str]:
    """Number of rows of the facts that name each source."""
    facts = (row for path in sorted(DATA.glob("*.csv")) for row in table(path) if row.get("source"))
    return Counter(source for row in facts for source in row["source"].split(";"))


def sources_of_studies() -> dict[str, set[str]]:
    """Study to the sources that its tables and policies name."""
    found: dict[str, set[str]] = {}
    for study in sorted((ROOT / "models").glob("*/study.toml")):
        head = tomllib.loads(study.read_text(encoding="utf-8"))
        named = [
            row["source"]
            for path in study.parent.glob("*.csv")
            for row in table(path)
            if row.get("source")
        ]
        named += [part["source"] for part in _parts(head) if "source" in part]
        found[study.parent.name] = {source.strip() for each in named for source in each.split(";")}
    return found


def _parts(held: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield held
    for each in held.values():
        if isinstance(each, dict):
            yield from _parts(each)


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def components() -> Iterator[dict[str, object]]:
    hashes = locked(LOCKS[0])
    for name, package in needed().items():
        version, sums = hashes.get(name, ("", ()))
        yield {
            "type": "library",
            "name": name,
            "version": package.version,
            "bom-ref": f"pkg:pypi/{name}@{package.version}",
            "purl": f"pkg:pypi/{name}@{package.version}",
            "licenses": [{"license": {"name": stated_licence(package)}}],
            **(
                {"hashes": [{"alg": "SHA-256", "content": each} for each in sums]}
                if version == package.version
                else {}
            ),
        }


def _reference(name: str) -> str:
    return f"pkg:pypi/{normal(name)}@{distribution(name).version}"


def bill() -> dict[str, object]:
    """A CycloneDX 1.6 bill of materials of what planner needs to run, as installed here."""
    listed = list(components())
    me = f"pkg:pypi/{PROJECT['name']}@{PROJECT['version']}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": PROJECT["name"],
                "version": PROJECT["version"],
                "bom-ref": me,
                "purl": me,
                "licenses": [{"license": {"id": PROJECT["license"]}}],
            }
        },
        "components": listed,
        "dependencies": [
            {
                "ref": me,
                "dependsOn": [
                    _reference(Requirement(line).name) for line in PROJECT["dependencies"]
                ],
            }
        ],
    }


if __name__ == "__main__":
    sys.stdout.write(
        licences_page() if sys.argv[1] == "licences" else json.dumps(bill(), indent=2) + "\n"
    )
