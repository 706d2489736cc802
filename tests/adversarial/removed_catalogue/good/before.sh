mkdir -p .git src
