"""The extension of VS Code: its files name one another, and it starts the server."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from circuitdsl.checking import check_source
from circuitdsl.text.source import Source

FOLDER = ROOT / "editors" / "vscode"

STARTED = """
const Module = require("node:module");
const started = [];
const fakes = {
  vscode: {
    workspace: { getConfiguration: () => ({ get: () => ["circuitdsl", "lsp"] }) },
    window: { showWarningMessage: (text) => started.push(text) },
  },
  "vscode-languageclient/node": {
    LanguageClient: class {
      constructor(id, name, server, client) { started.push({ server, client }); }
      async start() { started.push("started"); }
      async stop() { started.push("stopped"); }
    },
  },
};
const load = Module._load;
Module._load = (name, ...rest) => fakes[name] ?? load(name, ...rest);
const extension = require(process.argv[2]);
(async () => {
  await extension.activate();
  await extension.deactivate();
  console.log(JSON.stringify(started));
})();
"""


def test_files_of_the_extension_are_there() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    contributes = package["contributes"]
    named = [package["main"], contributes["languages"][0]["configuration"]]
    named += [each["path"] for key in ("grammars", "snippets") for each in contributes[key]]
    assert all((FOLDER / name).is_file() for name in named)
    json.loads((FOLDER / "language-configuration.json").read_text(encoding="utf-8"))


def test_the_snippet_of_a_file_is_a_file() -> None:
    snippets = json.loads((FOLDER / "snippets" / "circ.json").read_text(encoding="utf-8"))
    text = "\n".join(snippets["A circuit file"]["body"])
    text = text.replace("${1:What this circuit is.}", "A circuit.").replace("$0", "")
    assert check_source(Source("a.circ", text)).errors == ()


def test_it_starts_the_server(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    script = tmp_path / "run.js"
    script.write_text(STARTED, encoding="utf-8")
    done = subprocess.run(
        ["node", str(script), str(FOLDER / "extension.js")],
        capture_output=True,
        text=True,
        check=True,
    )
    made, start, stop = json.loads(done.stdout)
    assert made["server"] == {"command": "circuitdsl", "args": ["lsp"]}
    assert made["client"]["documentSelector"] == [{"language": "circ"}]
    assert (start, stop) == ("started", "stopped")
