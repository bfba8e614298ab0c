"""Importing: the plan, the requests, the journal that lets a run resume, and the file of rejected rows."""
