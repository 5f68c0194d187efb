package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Locale;

/**
 * One HTTP/1.1 answer, gathered from as many reads as it takes: its status, and its body by {@code Content-Length}.
 *
 * <p>It knows just what the servers measured here send. An answer of any other form (chunked, longer than
 * {@value #MAX_BYTES} bytes, more bytes than announced) is an {@link IOException}, never a guess.
 */
final class HttpAnswer implements Answer {
    private static final int MAX_BYTES = 64 * 1024;
    private static final int FIRST_BYTES = 1024; // enough but for long lists of receipts
    private static final int CREATED = 201;
    private static final String CONTENT_LENGTH = "\ncontent-length:";
    /** Where the status stands in {@code HTTP/1.1 201 Created}. */
    private static final int STATUS_AT = 9;

    private ByteBuffer buffer = ByteBuffer.allocate(FIRST_BYTES);
    private int status;
    private int bodyAt;
    private int end;

    @Override
    public boolean read(ReadableByteChannel channel) throws IOException {
        if (isWhole()) {
            buffer.clear();
            bodyAt = 0;
        }
        if (channel.read(buffer) < 0) {
            throw new EOFException("the server closed the connection");
        }
        if (bodyAt == 0) {
            readHeaders();
        }
        if (bodyAt > 0 && buffer.position() > end || bodyAt == 0 && !buffer.hasRemaining()) {
            throw new ProtocolException("more than the headers and the body that they announce");
        }
        return isWhole();
    }

    @Override
    public boolean isCreated() {
        return status == CREATED;
    }

    @Override
    public String body() {
        return new String(buffer.array(), bodyAt, end - bodyAt, UTF_8);
    }

    private boolean isWhole() {
        return bodyAt > 0 && buffer.position() == end;
    }

    /** Does nothing while they are not whole. */
    private void readHeaders() throws ProtocolException {
        String read = new String(buffer.array(), 0, buffer.position(), ISO_8859_1).toLowerCase(Locale.ROOT);
        int headersEnd = read.indexOf("\r\n\r\n");
        if (headersEnd < 0) {
            return;
        }
        int lengthAt = read.lastIndexOf(CONTENT_LENGTH, headersEnd);
        try {
            status = Integer.parseInt(read, STATUS_AT, STATUS_AT + 3, 10);
            bodyAt = headersEnd + 4;
            String length = read.substring(lengthAt, read.indexOf('\r', lengthAt));
            end = bodyAt
                    + Integer.parseInt(length.substring(CONTENT_LENGTH.length()).strip());
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new ProtocolException("an answer without a status or a Content-Length");
        }
        if (end < bodyAt || end > MAX_BYTES) {
            throw new ProtocolException("an answer of " + end + " bytes");
        }
        if (end > buffer.capacity()) {
            buffer = ByteBuffer.allocate(end).put(buffer.flip());
        }
    }
}
