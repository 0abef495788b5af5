"""The one place where the stages meet: poll one feed, end to end.

poll.py      lease, fetch, prepare in a worker, record, release
prepare.py   parse, clean, sign                                        (pure)
sort.py      which items are new, changed, known
decide.py    match and decide                                          (pure)
record.py    rows, in the caller's transaction
revise.py    new revisions of stored entries
learned.py   learned blocks between the store and the cleaner
outcome.py   what a poll came to: report, history, next state          (pure)
planning.py  what a poll tells the schedule
older_pages.py  archive pages of a document that ran past us
flood.py     whether many new items are news                           (pure)
quarantine.py  floods held back and let go
reports.py   what a poll reports
"""
