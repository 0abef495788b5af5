"""Pages, API and published documents over HTTP."""
