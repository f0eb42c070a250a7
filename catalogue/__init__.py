"""The kernel that both sides stand on: what the tables are, and how a question becomes SQL. Imports nothing of ours."""
