"""A session of server and client over stdio: every feature, on files with errors and imports."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from circuitdsl.lsp.positions import Positions
from circuitdsl.text.source import Source

T = TypeVar("T")

LAB = """circ 1 "Images and a dial. 𝛼"
stimulus spots = spots(radius=[5px])
dial reach : length = 8px in [4px, 12px] free
"""
CIRCUIT = """circ 1 "𝛼𝛼 Edges, and lines made of them."

from std.shapes   import bar, dot, gabor
from std.profiles import bump, equal
import "lab.circ" as lab

backbone V = tiny()

# Stripes, in two phases.
family gabors [th: orient(8), ph: phase(2)] at V.conv2d0
family edges  [th: orient(8)]               at V.conv2d1
family lines  [th: orient(8)]               at V.conv2d2 {
  expect response(lab.spots) < 1000
}

connect V.input -> gabors { place = gabor(6px, length=2.6px, width=1.6px)  dc = 0 }
connect gabors -> edges   { over = ph  place = dot()  tune.th = equal }

/* 𝛽 */connect edges -> lines as strokes {
  place   = bar(lab.reach, width=0.5tap)
  tune.th = bump(45deg)
}
""".replace("/* 𝛽 */", "")


class Session:
    """A client, its server, and the file that they talk about."""

    def __init__(self, folder: Path) -> None:
        self.client = LanguageClient("test", "1")
        self.loop = asyncio.new_event_loop()
        self.path = folder / "edges.circ"
        self.uri = self.path.as_uri()
        self.text, self.version = "", 0
        self.published: dict[str, list[types.Diagnostic]] = {}
        self.said: list[str] = []
        self.news = asyncio.Event()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = list(params.diagnostics)
            self.news.set()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def said(params: types.ShowMessageParams) -> None:
            self.said.append(params.message)
            self.news.set()

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 120))

    def start(self) -> types.InitializeResult:
        self.run(self.client.start_io(sys.executable, "-m", "circuitdsl", "lsp"))
        result = self.run(
            self.client.initialize_async(
                types.InitializeParams(
                    types.ClientCapabilities(), root_uri=self.path.parent.as_uri()
                )
            )
        )
        self.client.initialized(types.InitializedParams())
        return result

    def stop(self) -> None:
        self.run(self.client.shutdown_async(None))
        self.client.exit(None)
        self.run(self.client.stop())
        self.loop.close()

    def until(self, holds: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not holds():
                self.news.clear()
                await self.news.wait()

        self.run(wait())

    def open(self, text: str) -> list[types.Diagnostic]:
        self.text = text
        self.published.pop(self.uri, None)
        if self.version == 0:
            item = types.TextDocumentItem(self.uri, "circ", 0, text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        else:
            self.client.text_document_did_change(
                types.DidChangeTextDocumentParams(
                    types.VersionedTextDocumentIdentifier(self.version, self.uri),
                    [types.TextDocumentContentChangeWholeDocument(text)],
                )
            )
        self.version += 1
        self.until(lambda: self.uri in self.published)
        return self.published[self.uri]

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    def place(self, before: str) -> types.Position:
        """The place right behind a piece of the text."""
        offset = self.text.index(before) + len(before)
        return Positions().position(Source("a", self.text), offset)

    def at(self, span: types.Range, text: str | None = None) -> str:
        source = Source("a", self.text if text is None else text)
        start, end = (Positions().offset(source, place) for place in (span.start, span.end))
        return source.text[start:end]

    def labels(self, before: str) -> dict[str, types.CompletionItem]:
        params = types.CompletionParams(self.document, self.place(before))
        items: Any = self.run(self.client.text_document_completion_async(params))
        return {item.label: item for item in items}

    def hover(self, before: str) -> str:
        params = types.HoverParams(self.document, self.place(before))
        found = self.run(self.client.text_document_hover_async(params))
        content: Any = found and found.contents
        return "" if found is None else content.value


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("circuits")
    (folder / "lab.circ").write_text(LAB, encoding="utf-8")
    (folder / "edges.circ").write_text(CIRCUIT, encoding="utf-8")
    session = Session(folder)
    session.start()
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def sound(session: Session) -> None:
    """Every test starts from the text without errors."""
    found = session.open(CIRCUIT)
    assert [each for each in found if each.severity == types.DiagnosticSeverity.Error] == []


def test_findings_have_places_pages_and_fixes(session: Session) -> None:
    (found,) = session.open(CIRCUIT.replace("-> edges  ", "-> edgs"))[:1]
    assert session.at(found.range) == "edgs"
    assert found.code == "E201"
    assert "did you mean `edges`?" in found.message
    assert found.code_description is not None
    page, _, line = found.code_description.href.partition("#L")
    pages = Path(page.removeprefix("file://")).read_text(encoding="utf-8").splitlines()
    assert pages[int(line) - 1] == "## E201"
    params = types.CodeActionParams(session.document, found.range, types.CodeActionContext([found]))
    (action,) = session.run(session.client.text_document_code_action_async(params)) or []
    assert isinstance(action, types.CodeAction)
    assert action.edit is not None and action.edit.changes is not None
    (edit,) = action.edit.changes[session.uri]
    assert (session.at(edit.range), edit.new_text) == ("edgs", "edges")


def test_the_last_good_circuit_answers_while_the_text_is_broken(session: Session) -> None:
    broken = CIRCUIT.replace("place = dot()", "place = dot(")
    assert {each.code for each in session.open(broken)} == {"E104"}
    assert "8 members in conv2d1" in session.hover("family edg")
    params = types.InlayHintParams(
        session.document, types.Range(types.Position(0, 0), types.Position(99, 0))
    )
    hints = session.run(session.client.text_document_inlay_hint_async(params)) or []
    assert "16 members, 7px" in {hint.label for hint in hints}


def test_hovers(session: Session) -> None:
    assert "length in steps of the kernel" in session.hover("width=0.5t")
    assert "one feature in several copies" in session.hover("\nfam")
    gabors = session.hover("family gab")
    assert "Stripes, in two phases." in gabors
    assert "`gabors[th=0deg, ph=0deg]`" in gabors
    assert "A straight stroke along the tangent" in session.hover("place   = ba")
    assert "where the weights lie" in session.hover("lines as strokes {\n  pla")
    kernel = session.hover("lines as stro")
    assert "![kernels](data:image/png;base64," in kernel
    assert len(kernel) < 10_000
    assert "units, kernel 3x3" in session.hover("at V.conv2d2")
    assert "largest response" in session.hover("expect resp")


def test_completion(session: Session) -> None:
    assert {"family", "connect", "dial"} <= session.labels("}\n\n").keys()
    assert {"V.input", "V.conv2d2", "V.mixed3b_5x5"} <= session.labels(
        "edges  [th: orient(8)]               at V."
    ).keys()
    shapes = session.labels("strokes {\n  place   = ")
    assert shapes["arc"].insert_text == "arc(${1:radius}, ${2:span}, ${3:width})"
    (edit,) = shapes["arc"].additional_text_edits or []
    assert edit.new_text == ", arc"
    assert shapes["bar"].additional_text_edits is None
    assert {"width=", "at=", "lab.reach"} <= session.labels("place   = bar(").keys()
    assert {"bump", "opposed"} <= session.labels("  tune.th = ").keys()
    assert {"0.5px", "0.5tap", "0.5deg"} <= session.labels("width=0.5").keys()
    assert {"edges", "lines"} <= session.labels("\nconnect edges -> ").keys()
    assert {"norm", "tune.th", "gain"} <= session.labels("bump(45deg)\n").keys()
    assert {"response", "fwhm"} <= session.labels("  expect ").keys()
    assert "lab.spots" in session.labels("response(")
    assert "bar" in session.labels("std.shapes   import ")
    assert session.labels("# Stripes") == {}


def test_completion_in_broken_text(session: Session) -> None:
    session.open(CIRCUIT + "\nconnect edges -> lines as more {\n  place = \n")
    assert "dot" in session.labels("as more {\n  place = ")


def test_definition_leads_through_imports(session: Session) -> None:
    def definition(before: str) -> types.Location:
        params = types.DefinitionParams(session.document, session.place(before))
        found: Any = session.run(session.client.text_document_definition_async(params))
        return found

    reach = definition("place   = bar(lab.rea")
    assert reach.uri == (session.path.parent / "lab.circ").as_uri()
    assert session.at(reach.range, LAB) == "reach"
    edges = definition("-> edg")
    assert session.at(edges.range) == "edges"
    assert edges.range.start.line == CIRCUIT[: CIRCUIT.index("family edges")].count("\n")
    assert definition('import "lab').uri == reach.uri
    assert definition("place   = ba").uri.endswith("std/shapes.circ")


def test_references_and_renaming_reach_other_files(session: Session) -> None:
    params = types.ReferenceParams(
        types.ReferenceContext(True), session.document, session.place("bar(lab.rea")
    )
    found = session.run(session.client.text_document_references_async(params)) or []
    assert {Path(each.uri).name for each in found} == {"lab.circ", "edges.circ"}
    rename = types.RenameParams(session.document, session.place("family edg"), "borders")
    edits = session.run(session.client.text_document_rename_async(rename))
    assert edits is not None and edits.changes is not None
    assert {session.at(edit.range) for edit in edits.changes[session.uri]} == {"edges"}
    assert len(edits.changes[session.uri]) == 3
    with pytest.raises(Exception, match="word of the language"):
        word = types.RenameParams(session.document, session.place("family edg"), "family")
        session.run(session.client.text_document_rename_async(word))


def test_outline_tokens_and_format(session: Session) -> None:
    symbols: Any = session.run(
        session.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(session.document)
        )
    )
    assert [symbol.name for symbol in symbols][:3] == ["lab", "V", "gabors"]
    assert symbols[-1].name == "edges -> lines"
    tokens = session.run(
        session.client.text_document_semantic_tokens_full_async(
            types.SemanticTokensParams(session.document)
        )
    )
    assert tokens is not None and len(tokens.data) % 5 == 0
    assert "reach" in token_texts(CIRCUIT, list(tokens.data))
    params = types.DocumentFormattingParams(session.document, types.FormattingOptions(2, True))
    session.open(CIRCUIT.replace("place = dot()", "place=dot()"))
    (edit,) = session.run(session.client.text_document_formatting_async(params)) or []
    assert "place = dot()" in edit.new_text


def token_texts(text: str, data: list[int]) -> list[str]:
    """The pieces of a text that tokens name; columns are in UTF-16."""
    lines, line, column, pieces = text.split("\n"), 0, 0, list[str]()
    for at in range(0, len(data), 5):
        column = data[at + 1] + (0 if data[at] else column)
        line += data[at]
        units = lines[line].encode("utf-16-le")
        pieces.append(units[2 * column : 2 * (column + data[at + 2])].decode("utf-16-le"))
    return pieces


def test_findings_of_imported_files_stand_at_the_import(session: Session) -> None:
    lab = session.path.parent / "lab.circ"
    wrong = LAB.replace("8px in", "80px in")
    item = types.TextDocumentItem(lab.as_uri(), "circ", 0, wrong)
    session.published.pop(session.uri)
    session.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    session.until(lambda: session.uri in session.published)  # it follows after a pause
    (found,) = [e for e in session.published[session.uri] if "lab.circ" in e.message]
    assert session.at(found.range) == '"lab.circ"'
    params = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(lab.as_uri()))
    session.client.text_document_did_close(params)


def test_lenses_measure_claims(session: Session) -> None:
    params = types.CodeLensParams(session.document)
    lenses = session.run(session.client.text_document_code_lens_async(params)) or []
    titles = [lens.command.title for lens in lenses if lens.command]
    assert titles == ["draw", "check expect", "score on tiny", "check expect"]
    command = types.ExecuteCommandParams("circuitdsl.expect", [session.uri])
    session.run(session.client.workspace_execute_command_async(command))
    session.until(lambda: bool(session.said))
    assert session.said == ["1 of 1 claims hold"]
    assert "last measured" in session.hover("  expect")
