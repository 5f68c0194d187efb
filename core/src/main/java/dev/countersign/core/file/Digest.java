package dev.countersign.core.file;

import dev.countersign.core.Code;
import java.nio.ByteBuffer;

/** The first 128 bits of a SHA-256, enough to make collisions infeasible. */
record Digest(long high, long low) {

    static final int BYTES = 2 * Long.BYTES;

    static Digest of(byte[]... parts) {
        return read(ByteBuffer.wrap(Code.sha256(parts)));
    }

    static Digest read(ByteBuffer from) {
        return new Digest(from.getLong(), from.getLong());
    }

    void write(ByteBuffer to) {
        to.putLong(high).putLong(low);
    }
}
