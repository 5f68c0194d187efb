package dev.countersign.core;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Reads messages in the order logged, each once, beside whoever writes them: a cursor that stands on one message at a
 * time. For one thread; memory does not depend on the log's size.
 */
public interface LogReader extends Closeable {

    /** Goes on to the next message; false where there is none: ask again later. */
    boolean next() throws IOException;

    /** That of the message. The next call of {@link #next} may change it. */
    LogLine line();

    /** As the log has it. */
    default String time() {
        return line().time();
    }

    /** Whose the message is; empty where it was erased. */
    default Optional<String> id() {
        return line().isErased() ? Optional.empty() : Optional.of(line().id());
    }

    /** The message as the log's JSON has it, but for quotes: no control character in it can drive a terminal. */
    default String escapedText() {
        return line().escapedText();
    }

    /** Writes the log's line. */
    void writeLine(OutputStream target) throws IOException;

    /** Lines met so far that no server wrote. */
    long foreignLines();
}
