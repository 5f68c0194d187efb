package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Optional;

/**
 * The lines of a UTF-8 text, as they come. A line ends in {@code \n} or {@code \r\n}; any other {@code \r} is part of it.
 *
 * <p>Reads no further than the line's end, so that a line of other bytes spoils none before it. For one thread.
 */
final class Lines {

    private final InputStream input;

    Lines(InputStream input) {
        this.input = input;
    }

    /**
     * The next line, without its end; none at the end of the text.
     *
     * @throws CharacterCodingException where it is no UTF-8
     */
    Optional<String> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = input.read();
        if (next < 0) {
            return Optional.empty();
        }
        while (next >= 0 && next != '\n') {
            line.write(next);
            next = input.read();
        }
        String text =
                UTF_8.newDecoder().decode(ByteBuffer.wrap(line.toByteArray())).toString();
        return Optional.of(next == '\n' && text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
    }
}
