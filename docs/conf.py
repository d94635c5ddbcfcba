"""The documentation site: Sphinx with MyST-NB and furo; `sphinx-build -W docs docs/_build/html`."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from reference_pages import write_pages
from sphinx.highlighting import lexers

import circuitdsl
from circuitdsl.highlighting.pygments_lexer import CircLexer

project = "circuitdsl"
author = "the authors of circuitdsl"
version = release = circuitdsl.__version__

extensions = ["myst_nb"]
exclude_patterns = ["_build", "figures"]
source_suffix = {".md": "myst-nb"}
html_theme = "furo"
html_title = "circuitdsl"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository, as GitHub reads them
highlight_language = "text"

nb_execution_mode = "force"
nb_execution_timeout = 900
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_merge_streams = True

lexers["circ"] = CircLexer()
write_pages(Path(__file__).parent)
