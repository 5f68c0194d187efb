package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server keeps tells no code, and nothing at all to other users. */
final class SecrecyTest {

    private static final Set<PosixFilePermission> OWNER_ONLY = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

    @TempDir
    private Path folder;

    @Test
    void noCodeStandsInAnyFileOfTheHomeFolderNorOnTheConsole() throws Exception {
        List<String> codes = new ArrayList<>();
        Path home = folder.resolve("home");
        try (ServerProcess server = ServerProcess.start(home, "--access-log")) {
            Service service = server.service();
            for (String id : List.of("alice", "bob", "carol")) {
                String code = service.register(id);
                codes.add(code);
                service.send(id, code, "hello");
                service.send(id, code + "x", "a wrong code of the right beginning");
                service.send("nobody", code, "an unknown id");
                service.postMessage("{\"id\":\"" + id + "\",\"code\":\"" + code + "\"");
                Service.get(service.messagePort(), "/message?code=" + code);
                Service.get(service.messagePort(), "/" + code);
            }
            assertTellNone(codes, home); // while its write-ahead log is there
            server.stop();
            String console = server.greeting() + server.restOfOutput();
            codes.forEach(code -> assertFalse(console.contains(code), console));
        }
        assertTellNone(codes, home);
    }

    private static void assertTellNone(List<String> codes, Path home) throws IOException {
        List<Path> files = filesIn(home).filter(Files::isRegularFile).toList();
        assertFalse(files.isEmpty());
        for (Path file : files) {
            String bytes = Files.readString(file, ISO_8859_1);
            codes.forEach(code -> assertFalse(bytes.contains(code), () -> "a code in " + file));
        }
    }

    @Test
    void everyFileAndFolderThatItMakesIsForItsOwnerOnly() throws Exception {
        assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
        Path home = folder.resolve("home");
        try (CountersignServer server = CountersignServer.start(Home.open(home), Settings.local())) {
            String code = Service.of(server).register("alice");
            Service.of(server).send("alice", code, "hello");

            for (Path path : filesIn(home).toList()) {
                Set<PosixFilePermission> others = EnumSet.copyOf(Files.getPosixFilePermissions(path));
                others.removeAll(OWNER_ONLY);
                assertEquals(Set.of(), others, path::toString);
            }
        }
    }

    private static Stream<Path> filesIn(Path home) throws IOException {
        try (Stream<Path> paths = Files.walk(home)) {
            return paths.toList().stream();
        }
    }
}
