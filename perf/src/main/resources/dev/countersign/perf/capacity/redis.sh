# Redis on $PORT in the working folder. Each command is flushed before its answer.
redis-server --version
# a rewrite of the file would fall into somebody's turn
exec redis-server --bind 127.0.0.1 --port "$PORT" --save '' --appendonly yes --appendfsync always \
  --auto-aof-rewrite-percentage 0
