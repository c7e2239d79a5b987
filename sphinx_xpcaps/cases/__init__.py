"""Find the cases of a target: calls with arguments and reference results.

- `collect` tries the origins in order: `examples` for directives and docstrings, `case_modules` for
  modules with ``@cases_for`` and recorded tests, `signature`. Each returns calls.
- `select` chooses some of the calls. `plans` decides which arguments become arrays, `reference`
  computes the expected results with NumPy.
- `replay` makes a call again, with arrays of another library. `code` writes it as a program.

`model` has the data of a case, `payload` its pickled form, and `trees` traverses arguments.

To find calls, `example_code` finds code in docstrings, `instrument` rewrites it, `watch` records
the calls that it makes, and `plot_stub` replaces data sets and plots. `recorded_tests` runs tests,
`pytest_recorder` records their calls, and `case_file` stores them. `methods` and `signature` make
up calls. `resolve` imports a target, `parameters` and `docstrings` read its parameters.
"""
