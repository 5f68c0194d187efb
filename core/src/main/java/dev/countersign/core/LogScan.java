package dev.countersign.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * What a start finds in the message log.
 *
 * @param endOfLines where the last whole line ends, bytes
 * @param tornBytes what stands behind it without a newline: a write that a crash cut short
 * @param lastReceipt number of the last line's receipt; 0 for an empty log
 */
record LogScan(long endOfLines, long tornBytes, long lastReceipt) {

    /** Longer than any line the server writes: a body is at most 1 MiB, and an escape takes six bytes for one. */
    private static final int MAX_LINE_BYTES = 8 * 1024 * 1024;

    /** @throws StartupException where a whole line is no record, or its receipt does not rise; nothing is changed */
    static LogScan of(FileChannel channel, Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_LINE_BYTES);
        long lineNumber = 0;
        long lineStart = 0;
        long lastReceipt = 0;
        long position = 0;
        for (int read; (read = channel.read(buffer, position)) > 0; ) {
            position += read;
            buffer.flip();
            for (int end; (end = indexOfNewline(buffer)) >= 0; ) {
                lineNumber++;
                OptionalLong receipt = LogLine.receiptNumber(buffer.slice(buffer.position(), end - buffer.position()));
                if (receipt.isEmpty()) {
                    throw damaged(file, lineNumber, "is no record");
                }
                if (receipt.getAsLong() <= lastReceipt) {
                    throw damaged(file, lineNumber, "has a receipt that does not rise");
                }
                lastReceipt = receipt.getAsLong();
                lineStart += end + 1 - buffer.position();
                buffer.position(end + 1);
            }
            buffer.compact();
            if (!buffer.hasRemaining()) {
                throw damaged(file, lineNumber + 1, "is too long for a record");
            }
        }
        return new LogScan(lineStart, position - lineStart, lastReceipt);
    }

    private static int indexOfNewline(ByteBuffer buffer) {
        for (int i = buffer.position(); i < buffer.limit(); i++) {
            if (buffer.get(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private static StartupException damaged(Path file, long lineNumber, String what) {
        return new StartupException("line " + lineNumber + " of the message log " + file + " " + what
                + ": something else has changed the file. Mend that line, or move the file away to begin a new one.");
    }
}
