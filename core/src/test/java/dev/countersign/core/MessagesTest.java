package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {

    private static final ClientId ALICE = new ClientId("alice");

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\0", "\n", "\ufeff", "\uffff", "\ud83d\ude00", "a\ud83d\ude00\ud83d\ude00z", "\udbff\udfff"
            })
    void anyUnicodeTextIsAMessage(String text) {
        assertTrue(Messages.isText(text));
        assertEquals(text, Messages.of(ALICE, text).texts().get(0));
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
        assertFalse(Messages.isText(text));
        assertThrows(IllegalArgumentException.class, () -> Messages.of(ALICE, text));
    }

    @Test
    void isSentBySomebody() {
        assertThrows(NullPointerException.class, () -> Messages.of(null, "hi"));
    }

    @Test
    void areOneTextOrAListOfOneToAThousand() {
        assertThrows(IllegalArgumentException.class, () -> messages(0, true));
        assertThrows(IllegalArgumentException.class, () -> messages(2, false));
        assertThrows(IllegalArgumentException.class, () -> messages(1_001, true));
        assertEquals(1_000, messages(1_000, true).texts().size());
    }

    private static Messages messages(int count, boolean isList) {
        return new Messages(ALICE, Optional.empty(), Collections.nCopies(count, "hi"), isList);
    }
}
