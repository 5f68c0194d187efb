package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;

/** What the README says of the library. The compiler holds the example to it. */
class ReadmeTest {

    @Test
    void itsExampleIsTheOneThatCompiles() throws IOException {
        String example =
                Files.readString(Path.of("src", "test", "java", "dev", "countersign", "example", "Hello.java"));
        String withoutPackage = example.substring(example.indexOf("import "));

        assertTrue(readme().contains("```java\n" + withoutPackage + "```\n"), withoutPackage);
    }

    @Test
    void itsCoordinatesAreThisVersions() throws IOException {
        String version =
                ResourceBundle.getBundle("dev.countersign.client.build").getString("build.version");

        assertTrue(readme().contains(String.join(
                "\n",
                "<dependency>",
                "  <groupId>dev.countersign</groupId>",
                "  <artifactId>countersign-client</artifactId>",
                "  <version>" + version + "</version>",
                "</dependency>")));
    }

    private static String readme() throws IOException {
        return Files.readString(Path.of("..", "README.md"));
    }
}
