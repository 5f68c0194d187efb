package dev.countersign.perf.capacity;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/** What a connection reads of its server, one answer after the other. Not for use by several threads at once. */
interface Answer {

    /**
     * Reads once; the first read after an answer was whole begins the next one.
     *
     * @return whether the answer is whole now
     * @throws java.io.EOFException if the server closed the connection
     * @throws java.net.ProtocolException if the answer has a form that is not known here, or is a refusal after which
     *     the connection is of no more use
     */
    boolean read(ReadableByteChannel channel) throws IOException;

    /** Whether the answer, which is whole, says that the server did what it was asked for. */
    default boolean isCreated() {
        return true;
    }

    /** The body of an answer that is whole; empty where it is not kept. */
    default String body() {
        return "";
    }
}
