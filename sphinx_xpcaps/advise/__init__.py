"""Check code against records: find calls that do not work with an array library.

The code is parsed and never imported or executed.

- `scope_reader` reads the scopes of a module with the bindings of names (`scopes`), and `names`
  resolves what an expression refers to; `argument_limits` compares the arguments of a call with
  those that fail.
- `knowledge` derives the limits of each function from records, `record_sources` finds the records
  that are installed, and `rules` describes the kinds of limits.
- `check` reports the calls of a file that have limits, except those that comments (`comments`)
  ignore. `files` finds the files, `settings` has the options, and `output` prints the report.
"""
