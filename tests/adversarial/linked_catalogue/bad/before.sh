cp catalogue.toml ../other.toml
ln -sf ../other.toml catalogue.toml
