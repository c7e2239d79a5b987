"""Measure on a cluster.

- `base` has the interface of a scheduler, which `dask` implements; `connect` chooses it.
- `cluster` sends the tasks of a batch to a scheduler and yields the results.
- `remote` runs a task on a machine of the cluster, in killable processes, as on this machine.
"""
