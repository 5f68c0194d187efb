package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import org.junit.jupiter.api.Test;

class HttpAnswerTest {
    private static final String CREATED =
            "HTTP/1.1 201 Created\r\ncontent-LENGTH: 11\r\nDate: today\r\n\r\n{\"a\":\"bcd\"}";

    private final HttpAnswer answer = new HttpAnswer();

    @Test
    void anAnswerIsWholeOnlyWithItsLastByte() throws IOException {
        for (int i = 0; i < CREATED.length() - 1; i++) {
            assertFalse(answer.read(sent(CREATED.substring(i, i + 1))));
        }
        assertTrue(answer.read(sent(CREATED.substring(CREATED.length() - 1))));

        assertTrue(answer.isCreated());
        assertEquals("{\"a\":\"bcd\"}", answer.body());
    }

    @Test
    void theNextAnswerReplacesTheOneBefore() throws IOException {
        answer.read(sent(CREATED));

        assertTrue(answer.read(sent("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")));

        assertFalse(answer.isCreated());
        assertEquals("", answer.body());
    }

    @Test
    void aLongListOfReceiptsIsReadWhole() throws IOException {
        String body = "x".repeat(30_000);
        ReadableByteChannel channel = sent("HTTP/1.1 201 Created\r\nContent-Length: 30000\r\n\r\n" + body);
        while (!answer.read(channel)) {
            // the rest is still to be read
        }

        assertEquals(body, answer.body());
    }

    @Test
    void aConnectionThatEndsIsNoAnswer() {
        assertThrows(EOFException.class, () -> answer.read(sent("")));
    }

    @Test
    void whatItDoesNotKnowIsRefused() {
        assertRefused("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertRefused("HTTP/1.1 20x Created\r\nContent-Length: 0\r\n\r\n");
        assertRefused("HTTP/1.1 201 Created\r\nContent-Length: 1e3\r\n\r\n");
        assertRefused("HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nab");
        assertRefused("HTTP/1.1 201 Created\r\nContent-Length: 300000\r\n\r\n");
        assertRefused("x".repeat(5000));
    }

    private static void assertRefused(String bytes) {
        assertThrows(ProtocolException.class, () -> new HttpAnswer().read(sent(bytes)), bytes);
    }

    private static ReadableByteChannel sent(String bytes) {
        return Channels.newChannel(new ByteArrayInputStream(bytes.getBytes(UTF_8)));
    }
}
