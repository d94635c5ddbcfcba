// Colours of circuit files for CodeMirror 6; made by tests/regold.py.
const rules = [
  [/^(?:#[^\n]*)/, "comment"],
  [/^(?:"[^"\n]*")/, "string"],
  [/^(?:\d[a-e]:\d+)/, "number"],
  [/^(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?:turn|deg|pct|rad|tap|px)\b)/, "number"],
  [/^(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)|\d+)/, "number"],
  [/^(?:(?:direction|normalise|backbone|stimulus|circuit|connect|family|import|motif|score|circ|dial|edit|from|fit|let|fn)\b)/, "keyword"],
  [/^(?:(?:expect|match|where|free|into|with|and|as|at|by|in|on|to)\b)/, "keyword"],
  [/^(?:[A-Za-z_][A-Za-z0-9_]*)/, "variableName"],
  [/^(?:->|<=|>=|==|!=|\.\.|[-<>+*\/^@=])/, "operator"],
  [/^(?:[()\[\]{},:.])/, "punctuation"],
];

export const circ = {
  name: "circ",
  startState: () => ({ inString: false }),
  token(stream, state) {
    if (!state.inString && stream.eatSpace()) return null;
    if (state.inString || stream.match('"""')) {
      state.inString = true;
      while (!stream.eol()) {
        if (stream.match('"""')) { state.inString = false; break; }
        stream.next();
      }
      return "string";
    }
    for (const [pattern, style] of rules) {
      if (stream.match(pattern)) return style;
    }
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" } },
};
