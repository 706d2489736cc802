mkdir .git
mv catalogue.toml catalog.toml
