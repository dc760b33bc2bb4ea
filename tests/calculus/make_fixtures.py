"""Writes tests/data/gradients.json: what torch gives for every cell of the zoo in float64. Run it where torch is installed."""

import json
from pathlib import Path

from cases import STORED, Case

from lstm_symbolic.cells import cell, cells

PATH = Path(__file__).parent.parent / "data" / "gradients.json"


def main() -> None:
    from torch_oracle import gradients

    table = {name: {case.label: gradients(case) for case in (Case(cell(name), *stored) for stored in STORED)} for name in cells()}
    PATH.write_text(json.dumps(table, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
