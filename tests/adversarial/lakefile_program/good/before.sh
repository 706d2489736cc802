touch README.md
