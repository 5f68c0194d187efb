package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;

/** What docs/send.md says of the library. The compiler holds the example to it. */
class LibraryDocsTest {

    @Test
    void itsExampleIsTheOneThatCompiles() throws IOException {
        String example =
                Files.readString(Path.of("src", "test", "java", "dev", "countersign", "example", "Hello.java"));
        String withoutPackage = example.substring(example.indexOf("import "));

        assertTrue(page().contains("```java\n" + withoutPackage + "```\n"), withoutPackage);
    }

    @Test
    void itsCoordinatesAreThisVersions() throws IOException {
        String version =
                ResourceBundle.getBundle("dev.countersign.client.build").getString("build.version");

        assertTrue(page().contains(String.join(
                "\n",
                "<dependency>",
                "  <groupId>dev.countersign</groupId>",
                "  <artifactId>countersign-client</artifactId>",
                "  <version>" + version + "</version>",
                "</dependency>")));
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("..", "docs", "send.md"));
    }
}
