package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The packages of this module use each other in one direction only. */
final class PackagesTest {

    private static final Path ROOT = Path.of("src/main/java/dev/countersign/web");
    private static final Pattern TYPE = Pattern.compile("dev\\.countersign\\.web\\.((?:[a-z]\\w*)?)\\.?[A-Z]");

    @Test
    void aPackageUsesOnlyThoseBelowIt() throws IOException {
        Map<String, Set<String>> uses = new TreeMap<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = ROOT.relativize(file.getParent()).toString();
                Set<String> used = uses.computeIfAbsent(name, first -> new TreeSet<>());
                TYPE.matcher(Files.readString(file))
                        .results()
                        .map(type -> type.group(1))
                        .filter(other -> !other.equals(name))
                        .forEach(used::add);
            }
        }

        assertEquals(
                Map.of(
                        "", Set.of("operator", "intake", "http", "tls"),
                        "operator", Set.of(),
                        "intake", Set.of("http"),
                        "http", Set.of("tls"),
                        "tls", Set.of()),
                uses);
    }
}
