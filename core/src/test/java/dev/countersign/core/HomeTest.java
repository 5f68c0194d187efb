package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HomeTest {

    private static final String THIS_PROCESS =
            "process " + ProcessHandle.current().pid();

    @TempDir
    Path folder;

    @Test
    void makesTheFoldersThatAreMissing() {
        try (Home home = Home.open(folder.resolve("some/where"))) {
            assertEquals(folder.resolve("some/where/data/countersign.db"), home.database());
            assertEquals(folder.resolve("some/where/logs/messages.jsonl"), home.messageLog());
            assertTrue(Files.isDirectory(home.database().getParent()));
            assertTrue(Files.isRegularFile(home.serverLog()));
        }
    }

    @Test
    void aSecondServerOfThisProcessIsToldWhoHoldsTheFolder() {
        Home held = Home.open(folder);
        String refusal = assertRefused(folder);
        assertTrue(refusal.contains(THIS_PROCESS), refusal);
        held.close();
    }

    @Test
    void aSecondServerOfAnotherProcessIsToldWhoHoldsTheFolder() throws Exception {
        Home held = Home.open(folder);
        try (HeldStore other = new HeldStore(folder, folder)) {
            assertTrue(other.firstLine().contains(THIS_PROCESS), other.firstLine());
            assertTrue(other.firstLine().contains("--home"), other.firstLine());
        }
        held.close();
    }

    /** Of two channels on one file the second to be closed would give the first one's lock back: fcntl(2). */
    @ParameterizedTest
    @ValueSource(strings = {"", "data"})
    void aSecondServerThroughASymbolicLinkIsRefusedAndTheFirstKeepsItsLock(String linked) throws Exception {
        Path home = folder.resolve("home");
        Path link = folder.resolve("link");
        try (Home held = Home.open(home)) {
            Files.createSymbolicLink(
                    linked.isEmpty() ? link : Files.createDirectory(link).resolve(linked), home.resolve(linked));
            String refusal = assertRefused(link);
            assertTrue(refusal.contains(THIS_PROCESS), refusal);
            try (HeldStore other = new HeldStore(home, folder)) {
                assertTrue(other.firstLine().contains(THIS_PROCESS), other.firstLine());
            }
            assertTrue(Files.exists(held.serverLog()));
        }
        Home.open(link).close();
    }

    @Test
    void aFolderThatIsGivenBackCanBeHeldAgain() {
        for (int start = 0; start < 3; start++) {
            Home.open(folder).close();
        }
    }

    @Test
    void aKilledServerHoldsNothing() throws Exception {
        try (HeldStore other = new HeldStore(folder, folder)) {
            assertEquals("open", other.firstLine());
            String refusal = assertRefused(folder);
            assertTrue(refusal.contains("process " + other.pid()), refusal);
        }
        Home.open(folder).close();
    }

    @Test
    void aShorterProcessIdLeavesNothingOfALongerOne() throws Exception {
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("data/lock"), "process 12345678901234567890");
        Home held = Home.open(folder);
        String refusal = assertRefused(folder);
        assertTrue(refusal.contains(THIS_PROCESS + "."), refusal);
        held.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"home", "home/data", "home/logs", "home/data/lock/x", "home/logs/server.log/x"})
    void whatIsInTheWayIsNamedWithTheMend(String path) throws Exception {
        Path inTheWay = folder.resolve(path);
        Files.createDirectories(inTheWay.getParent());
        Files.createFile(inTheWay);
        assertRefused(folder.resolve("home"));
    }

    @Test
    void aFolderThatWasThereKeepsItsPermissions() throws Exception {
        var permissions = PosixFilePermissions.fromString("rwxr-x---");
        Files.setPosixFilePermissions(folder, permissions);
        Home.open(folder).close();
        assertEquals(permissions, Files.getPosixFilePermissions(folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Invalid argument", "Bad file descriptor"})
    void aFileSystemThatCanNotFlushFoldersIsTolerated(String reason) throws Exception {
        FaultyDisk disk = new FaultyDisk();
        disk.failFlushes(reason);
        try (FileChannel flushedFolder = disk.open(Files.createFile(folder.resolve("any")))) {
            Home.flushFolder(flushedFolder);
        }
    }

    @Test
    void aDiskThatFailsToFlushAFolderIsNotTolerated() throws Exception {
        FaultyDisk disk = new FaultyDisk();
        disk.failFlushes();
        try (FileChannel flushedFolder = disk.open(Files.createFile(folder.resolve("any")))) {
            assertThrows(IOException.class, () -> Home.flushFolder(flushedFolder));
        }
    }

    @Test
    void aNameWithAReplacedCharacterIsRefusedAndNoFolderIsMade() {
        String refusal = assertThrows(
                        StartupException.class,
                        () -> Home.open(folder.resolve("\uFFFDml").toString()))
                .getMessage();
        assertTrue(refusal.contains("LC_ALL") && refusal.contains("--home"), refusal);
        assertEquals(0, folder.toFile().list().length);
    }

    private static String assertRefused(Path folder) {
        String refusal =
                assertThrows(StartupException.class, () -> Home.open(folder)).getMessage();
        assertTrue(refusal.contains(folder.toString()) && refusal.contains("--home"), refusal);
        return refusal;
    }
}
