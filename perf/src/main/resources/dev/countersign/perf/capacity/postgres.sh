# A new PostgreSQL on $PORT in the working folder, with a table for messages. Each transaction is flushed before its answer.
for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done # Debian's place
postgres --version
as=
if [ "$(id -u)" = 0 ]; then # whom it refuses
  chown postgres .
  as='setpriv --reuid=postgres --regid=postgres --clear-groups'
fi
$as initdb -D data -U postgres -A trust -E UTF8 --no-locale
echo "CREATE TABLE message (receipt bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time timestamptz NOT NULL DEFAULT now(), id text NOT NULL, message text NOT NULL);" |
  $as postgres --single -D data postgres
# a checkpoint or a vacuum would fall into somebody's turn
exec $as postgres -D data -h 127.0.0.1 -p "$PORT" -k '' -N 600 -c synchronous_commit=on -c max_wal_size=4GB -c autovacuum=off
