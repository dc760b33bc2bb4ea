"""The oracle and what writes its results need torch; they hold no tests."""

collect_ignore = ["torch_oracle.py", "make_fixtures.py"]
