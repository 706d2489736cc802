mkdir -p .git src
mv catalogue.toml certified.toml
