package dev.countersign.core;

import static dev.countersign.core.Await.result;
import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTest {

    private static final ClientId ALICE = new ClientId("alice");

    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void name() {
        home = folder.resolve("home");
    }

    @Test
    void keepsRegistrationsAndMessagesAcrossARestart() throws Exception {
        Code code;
        try (Store store = open(10)) {
            code = result(store.registry().register(ALICE)).orElseThrow();
            assertEquals(
                    List.of("1"),
                    ((Appended.Logged) result(store.messageLog().append(Messages.of(ALICE, "hi")))).receipts());
            assertEquals(Optional.empty(), store.trouble());
        }
        try (Store store = open(10)) {
            assertTrue(result(store.registry().accepts(ALICE, code)));
            assertEquals(
                    List.of("2"),
                    ((Appended.Logged) result(store.messageLog().append(Messages.of(ALICE, "hi")))).receipts());
        }
    }

    @Test
    void closedItIsNotHealthyAndHoldsNoFile() throws Exception {
        Store store = open(10);
        result(store.registry().register(ALICE));
        store.close();
        assertTrue(store.trouble().isPresent());
        assertEquals(List.of(), OpenFiles.in(home));
    }

    @Test
    void makesTheseFilesAndNoOthersAndForItsOwnerOnly() throws Exception {
        Path temporaryFolder = Files.createDirectory(folder.resolve("tmp"));
        try (HeldStore held = new HeldStore(home, temporaryFolder)) { // in a JVM that has yet to load SQLite
            assertEquals("open", held.firstLine());
            assertEquals(
                    Map.ofEntries(
                            Map.entry("", "rwx------"),
                            Map.entry("data", "rwx------"),
                            Map.entry("data/countersign.db", "rw-------"),
                            Map.entry("data/countersign.db-shm", "rw-------"),
                            Map.entry("data/countersign.db-wal", "rw-------"),
                            Map.entry("data/keys-1", "rw-------"),
                            Map.entry("data/lock", "rw-------"),
                            Map.entry("data/messages.journal", "rw-------"),
                            Map.entry("logs", "rwx------"),
                            Map.entry("logs/messages.jsonl", "rw-------"),
                            Map.entry("logs/server.log", "rw-------")),
                    permissions());
            assertArrayEquals(new String[0], temporaryFolder.toFile().list());
        }
    }

    @Test
    void withGroupReadableTheGroupReadsTheLogsOldAndNewAndNothingElse() throws Exception {
        Set<PosixFilePermission> ofOwner = PosixFilePermissions.fromString("rwx------");
        LogSettings shared = new LogSettings(0, 1, false, 0, 0, true, true);
        try (Store store = open(10, shared)) {
            result(store.messageLog().append(Messages.of(ALICE, "one")));
            assertEquals("rwx--x---", permissions().get(""));
        }
        Files.setPosixFilePermissions(home, ofOwner);
        Files.setPosixFilePermissions(home.resolve("logs"), ofOwner);
        Files.setPosixFilePermissions(
                home.resolve("logs/messages.jsonl"), PosixFilePermissions.fromString("rw-------"));
        try (Store store = open(10, shared)) {
            for (int i = 0; i < 3; i++) {
                result(store.messageLog().append(Messages.of(ALICE, "text")));
            }
            Await.until(() -> rolled(".gz") == 4 && rolled(".jsonl") == 0); // the original goes last
            Map<String, String> permissions = permissions();
            assertEquals("rwx------", permissions.get(""), "of a home that somebody else made, or changed");
            assertEquals("rwxr-x---", permissions.get("logs"));
            assertEquals("rwx------", permissions.get("data"));
            permissions.forEach((name, value) -> {
                if (name.contains("/")) {
                    assertEquals(name.startsWith("logs/") ? "rw-r-----" : "rw-------", value, name);
                }
            });
        }
        try (ServerLogEvents events = new ServerLogEvents(Home.class)) {
            open(10, shared).close();
            assertTrue(events.list().get(0).getFormattedMessage().contains("chmod g+x " + home));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"data/countersign.db", "data/messages.journal"})
    void aStartThatFailsReleasesWhatItOpened(String damaged) throws Exception {
        open(10).close();
        byte[] whole = Files.readAllBytes(home.resolve(damaged));
        Files.writeString(home.resolve(damaged), "damaged\n".repeat(100));
        assertThrows(StartupException.class, () -> open(10));
        assertEquals(List.of(), OpenFiles.in(home));
        Files.write(home.resolve(damaged), whole);
        open(10).close();
    }

    @Test
    void aStartWithNonsenseReleasesWhatItOpened() throws Exception {
        assertThrows(IllegalArgumentException.class, () -> open(0));
        assertEquals(List.of(), OpenFiles.in(home));
        open(10).close();
    }

    private Store open(int queueSize) {
        return open(queueSize, LogSettings.defaults());
    }

    private Store open(int queueSize, LogSettings log) {
        StoreSettings settings = new StoreSettings(
                DatabaseSettings.defaults(), TopicSettings.defaults(), Sync.ALWAYS, queueSize, 1 << 20, 800, log);
        return Store.open(Home.open(home), settings, Runnable::run, Runnable::run);
    }

    private int rolled(String ending) {
        return home.resolve("logs")
                .toFile()
                .list((logs, name) -> name.startsWith("messages-") && name.endsWith(ending))
                .length;
    }

    /** Of all that stands in the home folder, by its path in it. */
    private Map<String, String> permissions() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            return files.collect(toMap(file -> home.relativize(file).toString(), file -> {
                try {
                    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }));
        }
    }
}
