mkdir -p .git src
rm catalogue.toml
