"""Find the cases of a target: calls with arguments and reference results.

- `collect` tries the origins in order: `examples` for directives and docstrings, `case_modules` for
  modules with ``@cases_for`` and recorded tests, `signature`. Each returns calls.
- `select` chooses some of the calls. `plans` decides which arguments become arrays, `reference`
  computes the expected results with NumPy.
- `replay` makes a call again, with arrays of another library.

Besides: `watch` records the calls that example code makes, `pytest_recorder` those of tests, in a
`case_file`; `parameters` reads the parameters of a target; `resolve` imports it.
"""
