package dev.countersign.core.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.ServerLogEvents;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenedFileTest {

    @TempDir
    Path folder;

    @Test
    void aFileThatWasRemovedOrReplacedIsNoticedUntilItIsPutBack() throws Exception {
        Path path = Files.createFile(folder.resolve("file"));
        OpenedFile file = OpenedFile.of(path);
        file.requireInPlace();
        Path away = Files.move(path, folder.resolve("away"));
        assertTrue(refusal(file).contains("was removed"));
        Files.copy(away, path);
        assertTrue(refusal(file).contains("was replaced"));
        Files.delete(path);
        Files.move(away, path);
        file.requireInPlace();
    }

    @Test
    void whereFilesHaveNoIdentityNothingIsNoticedAndThatIsSaid() throws Exception {
        try (FileSystem zip = FileSystems.newFileSystem(folder.resolve("zip.zip"), Map.of("create", "true"));
                ServerLogEvents events = new ServerLogEvents(OpenedFile.class)) {
            OpenedFile file = OpenedFile.of(Files.createFile(zip.getPath("file")));
            assertEquals(1, events.list().size());
            Files.delete(file.path());
            file.requireInPlace();
        }
    }

    private static String refusal(OpenedFile file) {
        return assertThrows(IOException.class, file::requireInPlace).getMessage();
    }
}
