package dev.countersign.core;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;

/**
 * A cursor over the messages of the log, in the order logged, each once. The log may grow meanwhile. For use by one
 * thread; the memory it needs does not depend on the size of the log.
 */
public interface LogReader extends Closeable {

    /** Moves to the next message; false if there is none yet: call again later. */
    boolean next() throws IOException;

    /** That of the message. The next call of {@link #next} may change it. */
    LogLine line();

    /** Writes the message's line of the log. */
    void writeLine(OutputStream target) throws IOException;

    /** The number of lines read so far that no server wrote. */
    long foreignLines();
}
