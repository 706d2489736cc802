cp catalogue.toml ../other.toml
