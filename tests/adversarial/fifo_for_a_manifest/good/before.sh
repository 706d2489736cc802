mkfifo ../other.toml
