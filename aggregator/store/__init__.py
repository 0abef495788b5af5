"""The database: SQLAlchemy Core tables, migrations, full-text search.

    database.py         opens, migrates, gives out transactions
    columns.py          column types shared by all tables
    schema*.py          the tables, one module per family
    migrations/         what turns an older database into today's, only appended
    feeds, leases, entries, subjects, records, bands, stories, story_views, outbox,
    decisions, pins, documents, polls, blocks, search, ...
                        plain functions, a Connection first

No function commits: the block that opened the transaction does. Nothing here reads the
clock; every time is handed in as aware UTC. There is no facade: import the module.
"""
