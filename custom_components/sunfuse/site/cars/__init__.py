"""The cars of a site: which is where, what its session asks for, and when it leaves."""
