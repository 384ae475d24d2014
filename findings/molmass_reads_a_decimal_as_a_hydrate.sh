#!/usr/bin/env bash
# molmass 2026.1.8 (molecular mass and composition by mass from formulas), seen on 2026-11-30 with Python 3.11.
# Promised: the composition by mass of a formula; "." joins parts, as the water in CuSO4.5H2O.
# Instead:  a decimal number of atoms, as cathodes, alloys and oxides of an element in two states are written,
#           is read as such a joint, without error: Li1.2CoO2 (0.570 cobalt) becomes Li and two CoO2, 0.624 cobalt;
#           Li1.05CoO2 becomes Li and five CoO2; NbO2.5, another way to write Nb2O5 (0.699 niobium), becomes NbO2,
#           0.744; CoO1.33 loses what follows the point. Only a point followed by one zero digit ("Li0.5CoO2") is
#           refused. Met by who turns tonnes of cathode or oxide into contained metal.
# Seen:     "Co2LiO4 0.624; Co5LiO10 0.638; NbO2 0.744; CoO 0.786; Nb2O5 0.699".
# Report:   not reported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet 'molmass==2026.1.8'
seen=$("$folder/env/bin/python" - <<'CODE'
from molmass import Formula

asked = {"Li1.2CoO2": "Co", "Li1.05CoO2": "Co", "NbO2.5": "Nb", "CoO1.33": "Co", "Nb2O5": "Nb"}
found = {text: Formula(text) for text in asked}
shares = {text: found[text].composition()[metal].fraction for text, metal in asked.items()}
print("; ".join(f"{found[text].formula} {shares[text]:.3f}" for text in asked))
CODE
)
echo "$seen"
test "$seen" = "Co2LiO4 0.624; Co5LiO10 0.638; NbO2 0.744; CoO 0.786; Nb2O5 0.699"
