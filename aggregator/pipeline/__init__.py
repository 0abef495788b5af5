"""The one place where the stages meet: poll one feed, end to end.

poll.py      lease, fetch, prepare in a worker, record, release
prepare.py   parse, clean, sign                                        (pure)
sort.py      which items are new, changed, known
decide.py    match and decide                                          (pure)
record.py    rows, in the caller's transaction
revise.py    new revisions of stored entries
learned.py   learned blocks between the store and the cleaner
reports.py   what a poll reports
"""
