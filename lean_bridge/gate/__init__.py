"""Says yes or no for a CI (reports and a policy in; a verdict, annotations and test cases out)."""
