package dev.countersign.core;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientIdTest {

    private static final String ALPHABET = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

    @Test
    void ofAllCharactersOnlyThoseOfTheAlphabetMakeAnId() {
        String accepted = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .mapToObj(Character::toString)
                .filter(character -> ClientId.parse(character).isPresent())
                .collect(joining());
        assertEquals(ALPHABET, accepted);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64})
    void oneTo64CharactersMakeAnId(int length) {
        String text = "x".repeat(length);
        assertEquals(Optional.of(new ClientId(text)), ClientId.parse(text));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65, 66, 100_000})
    void otherLengthsMakeNone(int length) {
        String text = "x".repeat(length);
        assertEquals(Optional.empty(), ClientId.parse(text));
        assertThrows(IllegalArgumentException.class, () -> new ClientId(text));
    }

    @Test
    void oneForeignCharacterAnywhereSpoilsAnId() {
        for (String text : new String[] {" alice", "alice ", "al ice", "alice\n", "al/ice", "alicé", "al\0ice"}) {
            assertEquals(Optional.empty(), ClientId.parse(text), text);
        }
    }

    @Test
    void aRefusalDoesNotRepeatWhatTheClientSent() {
        var refusal = assertThrows(IllegalArgumentException.class, () -> new ClientId("<script>"));
        assertFalse(refusal.getMessage().contains("script"));
    }

    @Test
    void readsAsItsValue() {
        assertEquals("alice", new ClientId("alice").toString());
    }
}
