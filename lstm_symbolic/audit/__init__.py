"""The audit: which cell a document describes, what is wrong in it and where, and how the answer is shown."""
