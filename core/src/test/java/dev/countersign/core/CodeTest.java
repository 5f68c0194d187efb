package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CodeTest {

    private static final Code SECRET = new Code("s3cret");

    @Test
    void standsInNoTextThatIsMadeOfIt() {
        record Registered(ClientId id, Code code) {}

        var holders = List.of(SECRET, Optional.of(SECRET), new Registered(new ClientId("alice"), SECRET));
        assertFalse(holders.toString().contains(SECRET.value()), holders::toString);
    }

    @Test
    void equalsTheSameTextOnly() {
        assertEquals(SECRET, new Code("s3cret"));
        assertEquals(SECRET.hashCode(), new Code("s3cret").hashCode());
        for (String other : List.of("", "s3cre", "s3crets", "S3cret", "s3creu", "t3cret")) {
            assertNotEquals(SECRET, new Code(other));
        }
        assertNotEquals((Object) SECRET, SECRET.value());
    }

    /** The example "abc" of FIPS 180-2, appendix B.1. */
    @Test
    void isDigestedBySha256() {
        assertEquals(
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                HexFormat.of().formatHex(new Code("abc").sha256()));
    }

    @Test
    void isSomeText() {
        assertThrows(NullPointerException.class, () -> new Code(null));
    }
}
