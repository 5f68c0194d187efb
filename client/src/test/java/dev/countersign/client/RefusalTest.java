package dev.countersign.client;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RefusalTest {

    /** In the contract, and not served yet. */
    private static final Set<String> TO_COME = Set.of("credentials-missing", "key-reused", "too-many-requests");

    @Test
    void everyTypeOfTheContractHasAConstantOfItsNameAndNothingElseHas() throws Exception {
        Set<String> words = new TreeSet<>(TO_COME);
        words.addAll(wordsOf(Path.of("..", "openapi.yaml")));

        assertEquals(
                Arrays.stream(Refusal.values())
                        .filter(refusal -> refusal != Refusal.OTHER)
                        .collect(toSet()),
                words.stream()
                        .map(word -> Refusal.ofType("urn:countersign:problem:" + word))
                        .collect(toSet()));
        for (String word : words) {
            assertEquals(
                    word.replace('-', '_').toUpperCase(Locale.ROOT),
                    Refusal.ofType("urn:countersign:problem:" + word).name());
        }
    }

    @Test
    void aTypeOfALaterVersionOrOfAnotherServerIsAnother() {
        assertEquals(Refusal.OTHER, Refusal.ofType("urn:countersign:problem:too-late"));
        assertEquals(Refusal.OTHER, Refusal.ofType("urn:countersign:problem:"));
        assertEquals(Refusal.OTHER, Refusal.ofType("wrong-code"));
    }

    private static Set<String> wordsOf(Path openapi) throws IOException {
        return Pattern.compile("urn:countersign:problem:([a-z-]+)")
                .matcher(Files.readString(openapi))
                .results()
                .map((MatchResult type) -> type.group(1))
                .collect(toSet());
    }
}
