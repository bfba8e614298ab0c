"""Bulk calls: create or delete many contacts in chunks, with one outcome for each item.

`_async/bulk.py` has the calls, and does their I/O. The modules here are pure, except `executors`. Each one uses only
those below it:

    | module       | purpose                                                                |
    |--------------|------------------------------------------------------------------------|
    | `scheduler`  | which request is sent next, and when nothing more is sent              |
    | `reconciler` | the requests of one chunk, until each of its items has an outcome      |
    | `batching`   | items → chunks, and items with the same number                         |
    | `chunk_size` | how many items a chunk has: a fixed number, or what suits the server   |
    | `actions`    | how contacts are created and deleted: checks, requests, responses      |
    | `progress`   | progress, items per second, estimated time                             |
    | `results`    | outcomes and results, which the caller gets                            |
    | `executors`  | threads and tasks                                                      |
    | `server_clock` | times of our clock → times of the clock of the server                |
    | `types`      | types that these modules share; `defaults` has default settings        |
"""
