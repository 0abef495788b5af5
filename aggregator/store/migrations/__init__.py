"""Migrations, oldest first; only appended, never edited once released.

Each holds frozen copies of what it creates. There is no way down: restore the backup.
A test compares a migrated database with the schema modules.
"""
