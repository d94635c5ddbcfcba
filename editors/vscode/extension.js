// Starts `circuitdsl lsp` for circuit files.
const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const [command, ...args] = workspace.getConfiguration("circuitdsl").get("command");
  client = new LanguageClient(
    "circuitdsl",
    "circuitdsl",
    { command, args },
    { documentSelector: [{ language: "circ" }] },
  );
  try {
    await client.start();
  } catch (error) {
    window.showWarningMessage(
      `circuitdsl: the language server did not start (${error.message}). ` +
        'Install it with pip install "circuitdsl[lsp]", or set circuitdsl.command.',
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
