"""The server itself: requests of the protocol to the functions of this package.

In: messages of an editor on standard input. Out: answers on standard output. A text is analysed
once when it changes; files that import it follow after a pause in typing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from circuitdsl import __version__
from circuitdsl.lsp import colours, completion, findings, hover, naming, outline, tasks
from circuitdsl.lsp.documents import Document, Files
from circuitdsl.lsp.positions import Positions
from circuitdsl.syntax.format import format_source
from circuitdsl.text.diagnostics import DiagnosticError, InputError

PAUSE_S = 0.3
"""After so long without a keystroke, files that import the edited one are checked again."""


@dataclass(eq=False)
class State:
    """What the server knows: the open files, and what waits for a pause."""

    files: Files = field(default_factory=Files)
    waiting: dict[str, asyncio.TimerHandle] = field(
        default_factory=dict[str, "asyncio.TimerHandle"]
    )


class Refused(JsonRpcException):
    """A request that cannot be answered, with the sentence that the editor shows."""

    CODE = -32803
    MESSAGE = "request failed"


def make_server() -> LanguageServer:
    """A server with every feature."""
    server = LanguageServer(
        "circuitdsl", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )
    state = State()
    _synchronise(server, state)
    _read(server, state)
    _change(server, state)
    _run(server, state)
    return server


def _positions(server: LanguageServer) -> Positions:
    return Positions(server.workspace.position_encoding or types.PositionEncodingKind.Utf16)


def _synchronise(server: LanguageServer, state: State) -> None:
    files = state.files

    def publish(document: Document) -> None:
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.uri, findings.diagnostics(document, _positions(server))
            )
        )

    def follow(uri: str) -> None:
        state.waiting.pop(uri, None)
        document = files.open.get(uri)
        for other in [] if document is None else files.importing(document):
            publish(files.check(other))

    def update(uri: str, text: str) -> None:
        publish(files.update(uri, text))
        if uri in state.waiting:
            state.waiting.pop(uri).cancel()
        state.waiting[uri] = asyncio.get_running_loop().call_later(PAUSE_S, follow, uri)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        update(params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        update(uri, server.workspace.get_text_document(uri).source)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        files.close(uri)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    del did_open, did_change, did_close


def _read(server: LanguageServer, state: State) -> None:
    """Features that say something about a text."""

    def at(params: Any) -> tuple[Document, int, Positions]:
        document, positions = state.files.open[params.text_document.uri], _positions(server)
        return document, positions.offset(document.source, params.position), positions

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        return hover.hover(*at(params))

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[".", '"', "@", "=", "(", " "]),
    )
    def completed(params: types.CompletionParams) -> list[types.CompletionItem]:
        return completion.completion(*at(params))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> types.Location | None:
        return naming.definition(*at(params))

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def referred(params: types.ReferenceParams) -> list[types.Location]:
        declaration = params.context.include_declaration
        return naming.references(*at(params), declaration=declaration)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return outline.outline(state.files.open[params.text_document.uri], _positions(server))

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hinted(params: types.InlayHintParams) -> list[types.InlayHint]:
        document = state.files.open[params.text_document.uri]
        return outline.hints(document, params.range, _positions(server))

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lensed(params: types.CodeLensParams) -> list[types.CodeLens]:
        return outline.lenses(state.files.open[params.text_document.uri], _positions(server))

    @server.feature(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        types.SemanticTokensLegend(list(colours.TYPES), list(colours.MODIFIERS)),
    )
    def coloured(params: types.SemanticTokensParams) -> types.SemanticTokens:
        document = state.files.open[params.text_document.uri]
        return types.SemanticTokens(colours.semantic_tokens(document, _positions(server)))

    del hovered, completed, defined, referred, outlined, hinted, lensed, coloured


def _change(server: LanguageServer, state: State) -> None:
    """Features that change a text."""

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def fixed(params: types.CodeActionParams) -> list[types.CodeAction]:
        document = state.files.open[params.text_document.uri]
        return findings.quick_fixes(document, params.range, _positions(server))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        source = state.files.open[params.text_document.uri].source
        try:
            text = format_source(source)
        except (DiagnosticError, InputError):
            return None  # its findings say why
        whole = types.Range(
            types.Position(0, 0), _positions(server).position(source, len(source.text))
        )
        return [] if text == source.text else [types.TextEdit(whole, text)]

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(params: types.PrepareRenameParams) -> types.Range | None:
        document, positions = state.files.open[params.text_document.uri], _positions(server)
        use = naming.renamable(document, positions.offset(document.source, params.position))
        return None if use is None else positions.range(use.span)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def renamed(params: types.RenameParams) -> types.WorkspaceEdit:
        document, positions = state.files.open[params.text_document.uri], _positions(server)
        offset = positions.offset(document.source, params.position)
        try:
            return naming.renamed(document, offset, params.new_name, positions)
        except InputError as error:
            raise Refused(error.message) from error

    del fixed, formatted, prepared, renamed


def _run(server: LanguageServer, state: State) -> None:
    """What lenses run, beside the loop that answers."""

    async def told(uri: str, task: str, work: Any) -> None:
        document = state.files.open.get(uri)
        if document is None:
            return
        loop = asyncio.get_running_loop()
        try:
            message = await loop.run_in_executor(None, work, document)
        except (DiagnosticError, InputError) as error:
            kind, message = types.MessageType.Error, f"{task}: {error}"
        else:
            kind = types.MessageType.Info
        server.window_show_message(types.ShowMessageParams(kind, message))
        workspace = server.client_capabilities.workspace
        lens = None if workspace is None else workspace.code_lens
        if lens is not None and lens.refresh_support:
            await server.workspace_code_lens_refresh_async(None)

    @server.command(outline.EXPECT)
    async def expect(uri: str) -> None:
        await told(uri, "check expect", tasks.expect)

    @server.command(outline.SCORE)
    async def score(uri: str) -> None:
        await told(uri, "score on tiny", tasks.score)

    @server.command(outline.DRAW)
    async def draw(uri: str) -> None:
        await told(uri, "draw", tasks.draw)
        page = tasks.page_of(uri)
        if page.is_file():
            shown = types.ShowDocumentParams(uri=page.as_uri(), external=True)
            await server.window_show_document_async(shown)

    del expect, score, draw


def serve() -> None:
    """Answer an editor on standard input and output until it leaves.

    The server closes what it writes to, so it gets a copy: the command line still flushes its own.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        make_server().start_io(sys.stdin.buffer, output)
