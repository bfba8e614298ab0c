"""From rows to contacts: which column is which field, parsing cells, validation and duplicates."""
