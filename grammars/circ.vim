" Colours of circuit files; made by tests/regold.py.
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax keyword circDeclaration circ import from backbone dial let fn motif circuit family connect normalise stimulus direction edit score fit
syntax keyword circWord on to by with into match where as in free at and expect
syntax match circOperator "->\|<=\|>=\|==\|!=\|\.\.\|[-<>+*/^@=]"
syntax match circName "\h\w*" contains=circDeclaration,circWord
syntax match circNumber "\d\+\.\d\+\%([eE][+-]\?\d\+\)\?\|\d\+[eE][+-]\?\d\+\|\d\+"
syntax match circNumber "\d\+\%(\.\d\+\)\?\%([eE][+-]\?\d\+\)\?\%(deg\|rad\|turn\|px\|tap\|pct\)\>"
syntax match circNumber "\d[a-e]:\d\+"
syntax region circString start=+"+ end=+"+ oneline
syntax region circString start=+"""+ end=+"""+
syntax match circComment "#.*$"
highlight default link circComment Comment
highlight default link circString String
highlight default link circNumber Number
highlight default link circDeclaration Statement
highlight default link circWord Keyword
highlight default link circOperator Operator
let b:current_syntax = "circ"
