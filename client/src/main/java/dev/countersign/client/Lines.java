package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Optional;

/**
 * Reads the lines of a UTF-8 text as they arrive. A line ends in {@code \n} or {@code \r\n}; any other {@code \r} is
 * part of it. For use by one thread.
 */
final class Lines {

    private final InputStream input;

    private long number;

    Lines(InputStream input) {
        this.input = new BufferedInputStream(input, 64 * 1024);
    }

    /**
     * The next line, without its line end; empty at the end of the text.
     *
     * @throws IOException if the input can't be read, or a line is not UTF-8; the message names the line
     */
    Optional<String> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        int next = input.read();
        if (next < 0) {
            return Optional.empty();
        }
        number++;
        for (; next >= 0 && next != '\n'; next = input.read()) {
            line.write(next);
        }
        try {
            String text = UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(line.toByteArray()))
                    .toString();
            return Optional.of(next == '\n' && text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        } catch (CharacterCodingException e) {
            throw new IOException("line " + number + " is not UTF-8", e);
        }
    }
}
