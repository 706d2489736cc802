rm certified.toml
