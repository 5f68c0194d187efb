package dev.countersign.core;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.MessageDigest;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RequestKeyTest {

    private static final String LONGEST = "0123456789abcdef".repeat(4);

    /** A tilde stands for a double quote. */
    @ParameterizedTest
    @CsvSource({"a, a", "~a~, a", "~, ~", "~a, ~a", "a~, a~", "a~b, a~b", "~a~b~, a~b", "~~a~~, ~a~", "~~~, ~"})
    void aPairOfQuotesAroundItDoesNotCount(String headerValue, String key) {
        assertEquals(
                Optional.of(new RequestKey(key.replace('~', '"'))), RequestKey.parse(headerValue.replace('~', '"')));
    }

    @Test
    void isOneTo64OfVisibleAscii() {
        assertEquals(new RequestKey(LONGEST), RequestKey.parse(LONGEST).orElseThrow());
        assertEquals(
                new RequestKey(LONGEST), RequestKey.parse('"' + LONGEST + '"').orElseThrow());
        for (char c = '!'; c <= '~'; c++) {
            assertEquals("x" + c, RequestKey.parse("x" + c).orElseThrow().value());
        }
    }

    static Stream<String> noKeys() {
        return Stream.of(
                "", "\"\"", LONGEST + "x", '"' + LONGEST + "x\"", "a b", " a", "a\t", "\u007f", "\u00e9", "a\n");
    }

    @ParameterizedTest
    @MethodSource("noKeys")
    void anythingElseIsNone(String headerValue) {
        assertEquals(Optional.empty(), RequestKey.parse(headerValue));
    }

    @Test
    void noneIsMadeOfAnythingElse() {
        String message = assertThrows(IllegalArgumentException.class, () -> new RequestKey("my secret"))
                .getMessage();
        assertFalse(message.contains("secret"), message);
    }

    @Test
    void toStringHidesIt() {
        assertEquals("RequestKey[hidden]", new RequestKey("a-key").toString());
    }

    @Test
    void itsDigestIsOfWhatStandsBetweenTheQuotes() throws Exception {
        assertArrayEquals(
                MessageDigest.getInstance("SHA-256").digest("a-key".getBytes(US_ASCII)),
                RequestKey.parse("\"a-key\"").orElseThrow().sha256());
    }
}
