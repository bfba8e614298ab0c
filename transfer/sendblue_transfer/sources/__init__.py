"""Reading files: detecting the format, and yielding the rows as they appear in the file."""
