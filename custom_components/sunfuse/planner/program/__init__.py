"""The linear program: from a problem to a plan, by HiGHS."""
