package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class CodeGeneratorTest {

    @Test
    void aHundredThousandCodesAreUrlSafeOfOneLengthAndAllDifferent() {
        CodeGenerator codes = new CodeGenerator(new SecureRandom());
        Pattern form = Pattern.compile("[A-Za-z0-9_-]{24}");
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 100_000; i++) {
            String code = codes.next().value();
            assertTrue(form.matcher(code).matches(), code);
            assertTrue(seen.add(code), code);
        }
    }

    @Test
    void allBitsOfACodeComeFromTheRandomNumbersPassedIn() {
        assertEquals("A".repeat(24), new CodeGenerator(new Always(0x00)).next().value());
        assertEquals("_".repeat(24), new CodeGenerator(new Always(0xff)).next().value());
    }

    private static final class Always extends SecureRandom {
        private static final long serialVersionUID = 1;
        private final byte value;

        Always(int value) {
            this.value = (byte) value;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            Arrays.fill(bytes, value);
        }
    }
}
