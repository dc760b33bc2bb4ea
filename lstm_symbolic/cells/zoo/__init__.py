"""The known cells: one short file each, in plain syntax, with the paper it comes from. No code."""
