package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * One HTTP/1.1 answer, gathered from as many reads as it takes: its status, and its body by {@code Content-Length}.
 *
 * <p>It knows just what the servers measured here send. An answer of any other form (chunked, longer than
 * {@value #MAX_BYTES} bytes, more bytes than announced) is an {@link IOException}, never a guess. Not for use by
 * several threads at once.
 */
final class Answer {
    private static final int MAX_BYTES = 2048;
    private static final byte[] CONTENT_LENGTH = "\ncontent-length:".getBytes(ISO_8859_1);
    /** Where the status stands in {@code HTTP/1.1 201 Created}. */
    private static final int STATUS_AT = 9;

    private final byte[] bytes = new byte[MAX_BYTES];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    private int bodyAt;
    private boolean whole;

    /**
     * Reads once; the first read after an answer was whole begins the next one.
     *
     * @return whether the answer is whole now
     * @throws EOFException if the server closed the connection
     * @throws ProtocolException if the answer has a form that is not known here
     */
    boolean read(ReadableByteChannel channel) throws IOException {
        if (whole) {
            buffer.clear();
            bodyAt = 0;
            whole = false;
        }
        if (channel.read(buffer) < 0) {
            throw new EOFException("the server closed the connection");
        }
        if (bodyAt == 0) {
            bodyAt = findBody();
        }
        if (bodyAt == 0) {
            if (!buffer.hasRemaining()) {
                throw new ProtocolException("headers longer than " + MAX_BYTES + " bytes");
            }
            return false;
        }
        int end = bodyAt + contentLength();
        if (buffer.position() > end || end > MAX_BYTES) {
            throw new ProtocolException("an answer of " + end + " bytes, of which " + buffer.position() + " came");
        }
        whole = buffer.position() == end;
        return whole;
    }

    /** The status of an answer that is whole, 0 where none stands in its place. */
    int status() {
        int status = 0;
        for (int at = STATUS_AT; at < STATUS_AT + 3; at++) {
            int digit = bytes[at] - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            status = status * 10 + digit;
        }
        return status;
    }

    /** The body of an answer that is whole. */
    String body() {
        return new String(bytes, bodyAt, buffer.position() - bodyAt, UTF_8);
    }

    private int findBody() {
        for (int at = 3; at < buffer.position(); at++) {
            if (bytes[at] == '\n' && bytes[at - 1] == '\r' && bytes[at - 2] == '\n' && bytes[at - 3] == '\r') {
                return at + 1;
            }
        }
        return 0;
    }

    private int contentLength() throws ProtocolException {
        for (int at = 0; at < bodyAt; at++) {
            if (bytes[at] == '\n' && isContentLength(at)) {
                return number(at + CONTENT_LENGTH.length);
            }
        }
        throw new ProtocolException("an answer without Content-Length");
    }

    private boolean isContentLength(int from) {
        for (int i = 1; i < CONTENT_LENGTH.length; i++) {
            int letter = bytes[from + i];
            if ((letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter) != CONTENT_LENGTH[i]) {
                return false;
            }
        }
        return true;
    }

    private int number(int from) throws ProtocolException {
        int at = from;
        while (bytes[at] == ' ') {
            at++;
        }
        int value = 0;
        for (; bytes[at] != '\r'; at++) {
            int digit = bytes[at] - '0';
            if (digit < 0 || digit > 9 || value > MAX_BYTES) {
                throw new ProtocolException("a Content-Length that is no number or too large");
            }
            value = value * 10 + digit;
        }
        return value;
    }
}
