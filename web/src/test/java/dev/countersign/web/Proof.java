package dev.countersign.web;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.opentest4j.TestAbortedException;
import tools.jackson.databind.JsonNode;

/**
 * Counts what a test class does to the server, and what was lost by it. With {@code -Dproof=FOLDER}, relative to the
 * project's folder, it leaves a file there with the name of the class, which the report shows; its fields are those of
 * {@code Results.Trial} in perf. A test that fails is counted, too. A class that is cut off leaves no file, and none of an
 * earlier run, unless it goes on with that one.
 */
public final class Proof implements BeforeAllCallback, TestWatcher, AfterAllCallback {

    private final String harm;
    private final String what;
    private final String command;
    private long times;
    private long checked;
    private long lost;
    private long doubled;
    private long failed;
    private boolean goesOn;

    /**
     * @param harm KILL, POWER_CUT, FAULT, OTHERS_HANDS or HOSTILE_INPUT
     * @param what the trial in a few words, without quotes
     * @param command repeats it
     */
    public Proof(String harm, String what, String command) {
        this.harm = harm;
        this.what = what;
        this.command = command;
    }

    /** Whether the figures of the run before are added to this one's. */
    Proof goingOn(boolean withTheRunBefore) {
        goesOn = withTheRunBefore;
        return this;
    }

    /** To be told before anything is asserted of it. */
    public void harmed(long count) {
        times += count;
    }

    /**
     * To be told before anything is asserted of it.
     *
     * @param count of acknowledged messages and registrations
     */
    void lookedFor(long count, long lostOfThem, long loggedAgain) {
        checked += count;
        lost += lostOfThem;
        doubled += loggedAgain;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Optional<Path> file = file(context);
        if (goesOn && file.filter(Files::exists).isPresent()) {
            add(file.get());
        } else if (file.isPresent()) {
            Files.deleteIfExists(file.get());
        }
    }

    void add(Path file) throws IOException {
        JsonNode earlier = Json.parse(Files.readString(file));
        harmed(earlier.required("times").longValue());
        lookedFor(
                earlier.required("checked").longValue(),
                earlier.required("lost").longValue(),
                earlier.required("doubled").longValue());
        failed += earlier.required("failed").longValue();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        failed++;
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (context.getExecutionException()
                .filter(thrown -> !(thrown instanceof TestAbortedException))
                .isPresent()) {
            failed++;
        }
        if (file(context).isPresent() && times + failed > 0) {
            write(file(context).get(), Instant.now());
        }
    }

    /** For a run outside of JUnit: adds it to the runs before. */
    public void addToFile(String test) throws IOException {
        Optional<Path> file = file(test);
        if (file.isPresent()) {
            if (Files.exists(file.get())) {
                add(file.get());
            }
            write(file.get(), Instant.now());
        }
    }

    private static Optional<Path> file(ExtensionContext context) {
        return file(context.getRequiredTestClass().getSimpleName());
    }

    private static Optional<Path> file(String test) {
        return Optional.ofNullable(System.getProperty("proof"))
                .map(folder -> Path.of("..").resolve(folder)) // the tests of a module run in the module's folder
                .map(folder -> folder.resolve(test + ".json"));
    }

    void write(Path file, Instant end) throws IOException {
        Files.createDirectories(file.getParent());
        String json = """
                {
                  "harm": "%s",
                  "what": "%s",
                  "times": %d,
                  "checked": %d,
                  "lost": %d,
                  "doubled": %d,
                  "failed": %d,
                  "command": "%s",
                  "finishedAt": "%s"
                }
                """;
        Files.writeString(
                file,
                String.format(
                        Locale.ROOT,
                        json,
                        harm,
                        what,
                        times,
                        checked,
                        lost,
                        doubled,
                        failed,
                        command,
                        end.truncatedTo(ChronoUnit.SECONDS)));
    }
}
