package dev.countersign.perf.capacity;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** An answer of another server: just enough of its protocol to tell its end, and whether it begins with a refusal. */
final class PeerAnswer implements Answer {
    private final ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
    private final Predicate<ByteBuffer> isWhole;

    private PeerAnswer(Predicate<ByteBuffer> isWhole) {
        this.isWhole = isWhole;
    }

    /** Of Redis to so many XADD: the id of each new entry, in two lines. */
    static PeerAnswer redis(int commands) {
        return new PeerAnswer(read -> 2 * commands
                == IntStream.range(0, read.position())
                        .filter(i -> read.get(i) == '\n')
                        .count());
    }

    /** Of PostgreSQL to a query, or to the start of a session: it ends with the message "ready for query", of six bytes. */
    static PeerAnswer postgres() {
        return new PeerAnswer(read ->
                read.position() >= 6 && read.getInt(read.position() - 5) == 5 && read.get(read.position() - 6) == 'Z');
    }

    @Override
    public boolean read(ReadableByteChannel channel) throws IOException {
        if (channel.read(buffer) < 0) {
            throw new EOFException("the server closed the connection");
        }
        if (buffer.position() > 0 && (buffer.get(0) == '-' || buffer.get(0) == 'E') || !buffer.hasRemaining()) {
            throw new ProtocolException("a refusal, or too long an answer");
        }
        boolean whole = isWhole.test(buffer);
        if (whole) {
            buffer.clear();
        }
        return whole;
    }
}
