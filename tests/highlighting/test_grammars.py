"""Every generated grammar colours every shipped file as the parser's lexer reads it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import lark
import pytest
from conftest import ROOT
from corpus import FILES, GOLDEN

from circuitdsl.highlighting.grammars import FILES as GRAMMARS
from circuitdsl.highlighting.grammars import GROUPS, SCOPES, STYLES
from circuitdsl.highlighting.patterns import Kind
from circuitdsl.highlighting.pygments_lexer import TOKENS, CircLexer
from circuitdsl.syntax.words import DECLARATIONS, RESERVED
from circuitdsl.text.resources import grammar_file

ODD = """circ 1 \"\"\"three
lines # no comment\"\"\"
edit a on V { ablate V.mixed3b[3..9, 11] to zero  expect count == 8 }
let x = 3b:379 + 2.5e3px - 1e-2*(at=3deg)  # "no string
let infree = fitting
"""


@cache
def parser() -> lark.Lark:
    grammar = grammar_file().read_text(encoding="utf-8")
    return lark.Lark(grammar, parser="lalr", lexer="basic", start="start")


def expected(text: str) -> Iterator[tuple[int, int, Kind]]:
    """The parser's tokens, and comments: start, end and kind."""
    kinds: dict[str, Kind] = {
        "STRING": "string",
        "NAME": "name",
        "QUANTITY": "number",
        "NUMBER": "number",
        "INT": "number",
        "UNIT": "number",
    }
    tokens = list(parser().lex(text))
    for token in tokens:
        kind = kinds.get(token.type)
        if str(token) in RESERVED:
            kind = "declaration" if token in (*DECLARATIONS, "circ") else "word"
        elif kind is None:
            kind = "sign" if token in "()[]{},:." else "operator"
        assert token.start_pos is not None and token.end_pos is not None
        yield token.start_pos, token.end_pos, kind
    strings = [(t.start_pos, t.end_pos) for t in tokens if t.type == "STRING"]
    for match in re.finditer(r"#.*", text):
        if not any(a <= match.start() < b for a, b in strings if a is not None and b is not None):
            yield match.start(), match.end(), "comment"


def held(text: str, kinds: list[str], meaning: Callable[[Kind], str]) -> None:
    """Hold the kind of every character to that of the token that it belongs to."""
    assert len(kinds) == len(text)
    for start, end, kind in expected(text):
        found = {kinds[at] for at in range(start, end) if text[at] not in " \t\n"}
        assert found == {meaning(kind)}, (text[start:end], kind, found)


def texts() -> list[str]:
    return [ODD, *(path.read_text(encoding="utf-8") for path in FILES)]


def test_kept_grammars_are_those_that_are_made() -> None:
    for name, made in GRAMMARS.items():
        assert (ROOT / name).read_text(encoding="utf-8") == made(), "run tests/regold.py"


def test_pygments() -> None:
    for text in texts():
        kinds: list[str] = [""] * len(text)
        for at, token, value in CircLexer().get_tokens_unprocessed(text):
            kinds[at : at + len(value)] = [str(token)] * len(value)
        assert "Token.Error" not in kinds
        held(text, kinds, lambda kind: str(TOKENS[kind]))


def test_pygments_finds_the_lexer() -> None:
    names = {entry.name for entry in entry_points(group="pygments.lexers")}
    if "circ" not in names:
        pytest.skip("circuitdsl is not installed")
    from pygments.lexers import get_lexer_by_name

    assert get_lexer_by_name("circ").name == "circ"


def test_textmate() -> None:
    """By the rules of the format: line by line, the earliest match, of several the first rule."""
    grammar = json.loads((ROOT / "grammars" / "circ.tmLanguage.json").read_text(encoding="utf-8"))
    for text in texts():
        kinds: list[str] = []
        end: str | None = None
        for line in text.splitlines(keepends=True):
            row, end = textmate_line(grammar["patterns"], line, end)
            kinds += row
        held(text, kinds, lambda kind: SCOPES[kind])


def textmate_line(
    rules: list[dict[str, str]], line: str, end: str | None
) -> tuple[list[str], str | None]:
    kinds, at = [""] * len(line), 0
    while at < len(line):
        if end is not None:
            close = line.find(end, at)
            stop = len(line) if close < 0 else close + len(end)
            kinds[at:stop] = [SCOPES["string"]] * (stop - at)
            end, at = (end, stop) if close < 0 else (None, stop)
            continue
        matches = [
            (match.start(), order, match, rule)
            for order, rule in enumerate(rules)
            if (match := re.compile(rule.get("match", rule.get("begin", ""))).search(line, at))
        ]
        if not matches:
            break
        _, _, match, rule = min(matches, key=lambda each: each[:2])
        kinds[match.start() : match.end()] = [rule["name"]] * (match.end() - match.start())
        at, end = match.end(), rule.get("end")
    return kinds, end


CODEMIRROR = """
import { circ } from "./circ.mjs";
import { readFileSync } from "node:fs";
class Stream {
  constructor(line) { this.line = line; this.pos = 0; }
  eol() { return this.pos >= this.line.length; }
  next() { return this.line[this.pos++]; }
  eatSpace() { return this.match(/^[\\s]+/) !== null; }
  match(p) {
    const rest = this.line.slice(this.pos);
    const m = typeof p === "string" ? (rest.startsWith(p) ? [p] : null) : p.exec(rest);
    if (m) this.pos += m[0].length;
    return m;
  }
}
const all = JSON.parse(readFileSync("texts.json", "utf8")).map((text) => {
  const state = circ.startState(), kinds = [];
  for (const line of text.split("\\n")) {
    const stream = new Stream(line);
    while (!stream.eol()) {
      const before = stream.pos, style = circ.token(stream, state);
      for (let i = before; i < stream.pos; i++) kinds.push(style ?? "");
    }
    kinds.push("");
  }
  return kinds.slice(0, -1);
});
console.log(JSON.stringify(all));
"""


def test_codemirror(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    ascii_texts = [text for text in texts() if text.isascii()]
    shutil.copy(ROOT / "grammars" / "circ.codemirror.js", tmp_path / "circ.mjs")
    (tmp_path / "texts.json").write_text(json.dumps(ascii_texts), encoding="utf-8")
    (tmp_path / "run.mjs").write_text(CODEMIRROR, encoding="utf-8")
    done = subprocess.run(
        ["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    for text, kinds in zip(ascii_texts, json.loads(done.stdout), strict=True):
        held(text, kinds, lambda kind: STYLES[kind])


VIM = """
set nocompatible
syntax on
source {syntax}
let rows = []
for l in range(1, line('$'))
  let row = []
  for c in range(1, strlen(getline(l)))
    call add(row, synIDattr(synID(l, c, 1), 'name'))
  endfor
  call add(rows, row)
endfor
call writefile([json_encode(rows)], '{out}')
qall!
"""


def test_vim(tmp_path: Path) -> None:
    if shutil.which("vim") is None:
        pytest.skip("vim is not installed")
    text = ODD + (GOLDEN / "curves_example.circ").read_text(encoding="utf-8")[7:]
    assert text.isascii()
    (tmp_path / "a.circ").write_text(text, encoding="utf-8")
    script = VIM.format(syntax=ROOT / "grammars" / "circ.vim", out=tmp_path / "out.json")
    (tmp_path / "run.vim").write_text(script, encoding="utf-8")
    subprocess.run(
        ["vim", "-u", "NONE", "-es", "-S", "run.vim", "a.circ"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        timeout=60,
    )
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    kinds = [kind for row in rows for kind in (*row, "")]
    named: dict[Kind, str] = {kind: f"circ{kind.title()}" for kind in GROUPS}
    named |= {"name": "circName", "sign": ""}
    held(text, kinds[: len(text)], lambda kind: named[kind])
