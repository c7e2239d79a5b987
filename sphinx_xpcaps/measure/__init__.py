"""Measuring: from requests to a record.

The path of one case, file by file:

- `batch` is the main job: which cells are missing (`missing`), run these, judge, store (`store`).
- `runner` schedules the tasks of each target (`tasks`) in workers (`workers`): find its cases, run
  them, repeat what ends a worker. The worker that finds cases passes them to the others in a file.
- `case_runs` decides in a worker in which variants, plans and modes each case runs; `execute` runs
  it once, in a mode (`modes`), and compares the result with NumPy's (`judging.compare`).
- `judging` derives a cell from the runs of all cases of a target.

Besides: `isolation` restores the state of a worker after each job; `keys` and `digests` tell which
cells are current; `environment` describes this machine; `profile` shows where the time goes.
"""
