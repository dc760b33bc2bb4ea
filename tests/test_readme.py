"""What the README shows is what happens: its examples run, and its comments are what is printed."""

import re
from pathlib import Path

import lstm_symbolic as ls
from lstm_symbolic.cli import parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_working_code_stands_on_the_first_screen():
    assert README[: README.index("```python")].count("\n") < 22


def test_the_printed_equations_are_those_of_the_readme():
    shown = re.findall(r"(?:^# .*\n)+", BLOCKS[0], re.MULTILINE)[0]
    assert [line.removeprefix("# ") for line in shown.splitlines()] == ls.unicode(ls.cell("lstm"), notation="colah").splitlines()


def test_the_first_block_prints_what_its_comments_say(tmp_path, monkeypatch, capsys):
    (tmp_path / "lecture.md").write_text(r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(BLOCKS[0], {})
    said = [line.removeprefix("# ") for line in BLOCKS[0].splitlines() if line.startswith("# ")]
    printed = capsys.readouterr().out.splitlines()
    assert printed[: len(said)] == said
    assert "1 document · 1 formula: 1 read" in "\n".join(printed[len(said) :])


def test_the_cell_in_plain_syntax():
    names: dict = {"ls": ls}
    exec(BLOCKS[1], names)
    gru = names["gru"]
    assert f"# {(gru.states, gru.inputs, gru.gates)}" in BLOCKS[1]
    assert f"# {gru.shapes['U_g']}:" in BLOCKS[1]


def test_every_verb_of_the_readme_exists():
    verbs = next(a.choices for a in parser()._actions if a.dest == "verb" or a.choices)
    assert set(re.findall(r"`lstm-symbolic (\w+)", README)) <= set(verbs)


def test_linked_folders_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
