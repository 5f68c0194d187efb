package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes.Name;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("once")
class DuelTest {

    @TempDir
    private Path folder;

    @Test
    void comparesTwoJarsAndLeavesNothingBehind() throws Exception {
        Path jar = jar();

        String printed = duel(
                0,
                "--candidate=" + jar,
                "--candidate-options=--roll-size=65536",
                "--baseline=" + jar,
                "--plain-text",
                "--turns=2",
                "--turn-seconds=0.2",
                "--warm-up=0.2");

        assertTrue(printed.contains("messages in plain text of 64 B over 51 connections"), printed);
        assertTrue(printed.lines().anyMatch(line -> line.matches("candidate( +\\d+\\.\\d{3} \\(.*\\)){3}")), printed);
        assertTrue(printed.lines().anyMatch(line -> line.matches("control( +\\d+\\.\\d{3} \\(.*\\)){3}")), printed);
        try (Stream<Path> left = Files.list(folder.resolve("perf/target"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aBuildWithKeysAndListsIsComparedWithItselfWithout() throws Exception {
        Path jar = jar();

        String printed = duel(
                0,
                "--candidate=" + jar,
                "--baseline=" + jar,
                "--texts=10",
                "--keyed",
                "--candidate-only",
                "--connections=2",
                "--turns=1",
                "--turn-seconds=2",
                "--warm-up=0.2");

        assertTrue(
                printed.contains("\nrequests of 10 messages of 64 B over 2 connections, each with a key\n"), printed);
        assertTrue(printed.contains("\nbaseline and control: messages of 64 B over 2 connections\n"), printed);
        assertTrue(printed.contains("texts/s"), printed);
    }

    @Test
    void startsAreComparedOnACopyOfAHome() throws Exception {
        Path jar = jar();
        Path home = Files.createDirectories(folder.resolve("home"));
        Files.writeString(Files.createDirectories(home.resolve("data")).resolve("countersign.db"), "no database");

        String refused =
                duel(1, "--candidate=" + jar, "--baseline=" + jar, "--workload=starts", "--turns=1", "--home=" + home);
        assertTrue(refused.contains("the server ended before it listened"), refused);

        Files.delete(home.resolve("data/countersign.db"));
        String printed =
                duel(0, "--candidate=" + jar, "--baseline=" + jar, "--workload=starts", "--turns=1", "--home=" + home);
        String quartiles = "\\d+\\.\\d{3} \\(.*\\) +[+-]\\d+\\.\\d{3} \\(.*\\)";
        assertTrue(printed.lines().anyMatch(line -> line.matches("candidate +" + quartiles)), printed);
        assertTrue(printed.lines().anyMatch(line -> line.matches("control +" + quartiles)), printed);
        try (Stream<Path> left = Files.list(home.resolve("data"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aJarThatIsNotThereIsBadUsage() throws Exception {
        String printed = duel(2, "--candidate=" + jar(), "--baseline=missing.jar");

        assertTrue(printed.contains("missing.jar"), printed);
    }

    /** The server in a jar that holds its class path alone. */
    private Path jar() throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Name.MAIN_CLASS, Main.class.getName());
        manifest.getMainAttributes()
                .put(
                        Name.CLASS_PATH,
                        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                                .map(entry -> Path.of(entry).toUri().toString())
                                .collect(Collectors.joining(" ")));
        Path jar = folder.resolve("server.jar");
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        return jar;
    }

    private String duel(int exitCode, String... options) throws Exception {
        List<String> command = new ArrayList<>(JavaCommand.of(Duel.class, List.of()));
        command.addAll(List.of(options));
        Process duel = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String printed = new String(duel.getInputStream().readAllBytes(), UTF_8);
        assertEquals(exitCode, duel.waitFor(), printed);
        return printed;
    }
}
