package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
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

class PeerAnswerTest {
    private static final String ENTRY = "$15\r\n1700000000000-0\r\n";
    private static final String INSERTED = "C\0\0\0\17INSERT 0 1\0";
    private static final String READY = "Z\0\0\0\5I";

    @Test
    void redisHasAnsweredWithTheLastByteOfTheLastEntry() throws IOException {
        assertWholeAtTheEnd(PeerAnswer.redis(2), ENTRY + ENTRY);
    }

    @Test
    void postgresHasAnsweredWhenItIsReadyForAQuery() throws IOException {
        assertWholeAtTheEnd(PeerAnswer.postgres(), INSERTED + READY);
    }

    private static void assertWholeAtTheEnd(Answer answer, String sent) throws IOException {
        for (int time = 0; time < 2; time++) {
            for (int i = 0; i < sent.length() - 1; i++) {
                assertFalse(answer.read(sent(sent.substring(i, i + 1))), "byte " + i);
            }
            assertTrue(answer.read(sent(sent.substring(sent.length() - 1))));
            assertTrue(answer.isCreated());
        }
        assertTrue(answer.read(sent(sent)));
        assertThrows(EOFException.class, () -> answer.read(sent("")));
    }

    /** It waits for the rest in vain, which the load generator counts as an error. */
    @Test
    void aListWithARefusalInItIsNeverWhole() throws IOException {
        assertFalse(PeerAnswer.redis(2).read(sent(ENTRY + "-ERR unknown command\r\n")));
    }

    @Test
    void aRefusalIsNoAnswer() {
        assertRefused(PeerAnswer.redis(1), "-ERR unknown command\r\n");
        assertRefused(PeerAnswer.postgres(), "E\0\0\0\11SFATA\0\0\0" + READY);
    }

    private static void assertRefused(Answer answer, String sent) {
        assertEquals(
                ProtocolException.class,
                assertThrows(IOException.class, () -> answer.read(sent(sent))).getClass());
    }

    private static ReadableByteChannel sent(String bytes) {
        return Channels.newChannel(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1)));
    }
}
