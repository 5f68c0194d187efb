package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTest {

    private static final ClientId ALICE = new ClientId("alice");

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\0", "\n", "\ufeff", "\uffff", "\ud83d\ude00", "a\ud83d\ude00\ud83d\ude00z", "\udbff\udfff"
            })
    void anyUnicodeTextIsAMessage(String text) {
        assertTrue(Message.isText(text));
        assertEquals(text, new Message(ALICE, text).text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\ud83d",
                "\ude00",
                "a\ud83d",
                "\ud83da",
                "\ude00\ud83d",
                "\ud83d\ud83d\ude00",
                "\ud83d\ude00\ude00"
            })
    void aLoneSurrogateIsNoText(String text) {
        assertFalse(Message.isText(text));
        assertThrows(IllegalArgumentException.class, () -> new Message(ALICE, text));
    }

    @Test
    void isSentBySomebody() {
        assertThrows(NullPointerException.class, () -> new Message(null, "hi"));
    }
}
