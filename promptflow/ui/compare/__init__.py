"""The Compare page: a few pictures held against one another."""
