package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.web.LogLineFuzzTest;
import dev.countersign.web.OracleRequest;
import dev.countersign.web.Proof;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Inputs for three parsers, which Jazzer derives from those that reached new code: {@link RequestBody}, {@link Credentials} and
 * the reader of the log's lines. A second reading checks each. {@code mvn install} repeats the inputs in src/test/jazzer; this
 * looks for others:
 *
 * <pre>mvn -Pjazzer -pl web test-compile exec:exec@jazzer -Dfuzz.seconds=60</pre>
 */
public final class CoverageFuzzTest {

    private static final Proof PROOF = new Proof(
            "HOSTILE_INPUT",
            "inputs that Jazzer derives from those that reached new code, to the parsers alone",
            "mvn -Pjazzer -pl web test-compile exec:exec@jazzer");

    @Test
    void keptInputsAreReadAsTheContractSays() throws IOException {
        Set<String> outcomes = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of("src/test/jazzer"))) {
            for (Path file : files.sorted().toList()) {
                byte[] input = Files.readAllBytes(file);
                outcomes.add(Math.floorMod(input[0], 3) + (isTaken(input) ? " taken" : " refused"));
            }
        }
        assertEquals(Set.of("0 taken", "0 refused", "1 taken", "1 refused", "2 taken", "2 refused"), outcomes);
    }

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        PROOF.harmed(1);
        try {
            isTaken(input);
        } catch (IOException | RuntimeException | Error e) {
            PROOF.testFailed(null, e);
            throw e;
        }
    }

    /** Called by Jazzer at its end. */
    public static void fuzzerTearDown() throws IOException {
        PROOF.addToFile("CoverageFuzzTest");
    }

    /** @param input the first byte says for which parser */
    private static boolean isTaken(byte[] input) throws IOException {
        if (input.length == 0) {
            return false;
        }
        byte[] rest = Arrays.copyOfRange(input, 1, input.length);
        return switch (Math.floorMod(input[0], 3)) {
            case 0 -> RequestBodyFuzzTest.isRead(rest);
            case 1 -> LogLineFuzzTest.isTaken(rest, rest.length);
            default ->
                isBasic(new String(rest, ISO_8859_1))
                        | isBasic(Base64.getEncoder().encodeToString(rest));
        };
    }

    private static boolean isBasic(String token) {
        Optional<Credentials> read = Credentials.decode(token);
        if (!token.matches("[!-~]{1,7000}")) { // the oracle reads a whole header
            return read.isPresent();
        }
        String head = "POST /rotate HTTP/1.1\r\nHost: a\r\nAuthorization: Basic " + token + "\r\n\r\n";
        OracleRequest expected = OracleRequest.read("register", head).get(0);
        if (expected.faults.isEmpty() && (read.isPresent() || expected.doubts.isEmpty())) {
            assertEquals(expected.id, read.map(each -> each.id().value()), token);
            assertEquals(expected.code, read.map(each -> each.code().value()), token);
        } else if (read.isPresent()) {
            assertEquals(List.of("403 wrong-code"), List.copyOf(expected.faults), token);
            assertTrue(read.get().code().value().contains("\ufffd"), token); // was no UTF-8, and is nobody's code
        }
        return read.isPresent();
    }
}
