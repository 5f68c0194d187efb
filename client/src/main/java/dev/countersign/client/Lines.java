package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads the lines of a UTF-8 text as they arrive. A line ends in {@code \n} or {@code \r\n}; any other {@code \r} is
 * part of it. For use by one thread.
 */
final class Lines {

    private final InputStream input;

    private byte[] buffer = new byte[64 * 1024];
    private int start; // of the bytes that are read but not returned yet
    private int end;
    private long number;

    Lines(InputStream input) {
        this.input = input;
    }

    /**
     * The next line, without its line end; empty at the end of the text.
     *
     * @throws IOException if the input can't be read, or a line is not UTF-8; the message names the line
     */
    Optional<String> next() throws IOException {
        int length = 0;
        while (start + length < end || fill()) {
            if (buffer[start + length] == '\n') {
                String text = text(length);
                start++;
                return Optional.of(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
            }
            length++;
        }
        return length == 0 ? Optional.empty() : Optional.of(text(length));
    }

    private String text(int length) throws IOException {
        number++;
        String text = new String(buffer, start, length, UTF_8);
        if (text.indexOf('\uFFFD') >= 0) {
            try { // the text has this character, or the decoder put it in place of invalid bytes
                UTF_8.newDecoder().decode(ByteBuffer.wrap(buffer, start, length));
            } catch (CharacterCodingException e) {
                throw new IOException("line " + number + " is not UTF-8", e);
            }
        }
        start += length;
        return text;
    }

    /** False at the end of the input. */
    private boolean fill() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, end - start);
        end -= start;
        start = 0;
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * end);
        }
        int read = input.read(buffer, end, buffer.length - end);
        end += Math.max(0, read);
        return read > 0;
    }
}
