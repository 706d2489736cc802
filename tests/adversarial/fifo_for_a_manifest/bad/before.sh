mkfifo certified.toml
