"""Run jobs in worker processes, isolated from the parent.

In the parent, `pool` schedules tasks on workers. A `worker` runs jobs in a worker process, which it
replaces if needed. `worker_process` and `server_process` are the parent's sides of the connections
to a worker process and to the server process that forks it; `child` and `fork_server` run in these
processes. `messages` pass through a `channel`.
"""
