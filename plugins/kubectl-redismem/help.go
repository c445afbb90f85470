package main

const use = "redismem [POD | TYPE/NAME] [flags]"

const long = `Show which key patterns take how much memory of a Redis: of one server, of a primary
with its replicas, or of all shards of a Redis Cluster; in pods or anywhere else.`

const example = `  # Find the Redis of a namespace and show where its memory went
  kubectl redismem -n prod

  # What is there, and which pods would be read from
  kubectl redismem list -A

  # Name a service or workload, if there are several; a pod stands for itself alone
  kubectl redismem -n prod redis-cache-0
  kubectl redismem -n prod svc/redis

  # Ask for certain prefixes exactly, as CSV
  kubectl redismem -n prod --group 'BOOK-*' --group 'session:*' -o csv

  # A first answer within seconds, at any size; and what grows
  kubectl redismem -n prod --sample keys
  kubectl redismem -n prod --watch=30s

  # Who reads and writes the keys of each pattern
  kubectl redismem -n prod --owners=10s

  # The biggest keys of a group
  kubectl redismem keys 'session:*' -n prod

  # Keep a report, and see what has grown since
  kubectl redismem -n prod -q -o json > before.json
  kubectl redismem -n prod -q -o json | kubectl redismem diff before.json -

  # Look at it as a page, or as a profile
  kubectl redismem -n prod -o html > redis.html
  kubectl redismem -n prod -o pprof > redis.pb.gz && go tool pprof -http : redis.pb.gz

  # A Redis outside of any cluster
  kubectl redismem --addr localhost:6379`

const details = `Keys are grouped by the shape of their names: numbers, UUIDs, hashes and other IDs
become *, so BOOK-123 counts under BOOK-*. The groups and the line "other" always
add up to all keys. Sizes are what the server's MEMORY USAGE says.

A primary is spared where a healthy replica has the same keys; --from primary reads
the primary all the same. A shard whose node is lost in mid-scan is counted again
from another node of it, or named as missing.

The password is taken from where the pod gets it: environment, Secret, ConfigMap,
mounted file or arguments. --password-file names another one; with --addr the
environment variables REDISMEM_PASSWORD and REDISCLI_AUTH work as well.

The server is only read from: SCAN and MEMORY USAGE, no KEYS. As with any SCAN, a
primary deletes the expired keys that it comes across. While others use it, the
scan's commands take 15% of one CPU at most, and less while the server
evicts, saves, lags or answers late: --max-cpu, --max-latency. What the scan has
cost is part of -o wide, json and html.

Above five million keys all are named, but only so many sizes are asked that each
group's bytes are known to about 2%; estimates carry their 95% interval (±).

Exit codes:
    0  the report is complete
    1  it failed
    2  the command line is wrong, or there are several servers to choose from
    3  no Redis was found
    4  the report is partial: a shard or a connection was lost, or keys were unreadable
  130  interrupted; what was counted by then is reported`
