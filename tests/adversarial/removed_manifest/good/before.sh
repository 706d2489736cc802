ls certified.toml
