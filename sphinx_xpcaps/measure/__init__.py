"""Measure: from requests to a record.

The path of one case, file by file:

- `batch` finds the cells that are missing (`missing`), has them run, and stores them (`store`).
- `executor` runs tasks on this machine or, with `schedulers`, on a cluster.
- `runner` schedules the tasks of each target (`tasks`) in workers (`workers`): find its cases, run
  them, repeat what ends a worker. The worker that finds cases passes them to the others in a file.
- `case_runs` decides in a worker in which variants, plans and modes each case runs; `execute` runs
  it once, in a mode (`modes`), and compares the result with NumPy's (`judging.compare`).
- `judging` derives a cell from the runs of all cases of a target.

`request` has the input of a batch, `model` the data that parent and workers exchange.

In the parent, `descriptions` caches the kind and the documentation of each target; `keys` and
`digests` determine which cells are current; `journal` keeps the cells that are not in the record
yet; `compilation_cache` has the folder in which JAX keeps compiled code; `verify` measures some
targets again; `environment` describes this machine; `profile` shows
where the time goes. In a worker, `isolation` restores the state of the process after each job, and
`causes` finds the argument that makes a case fail.
"""
