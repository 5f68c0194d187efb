package dev.countersign.perf.capacity;

import dev.countersign.perf.run.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A key for TLS and a certificate that nobody vouches for, in a folder of their own. */
record Keystore(Path folder) {
    private static final String PASSWORD = "countersign";
    private static final String OPTIONS =
            "-genkeypair -alias server -keyalg EC -groupname secp256r1 -dname CN=localhost"
                    + " -storetype PKCS12 -keystore keystore -storepass " + PASSWORD;

    /** Makes both, by the JDK's keytool. */
    void make() throws IOException, InterruptedException {
        Folders.empty(folder);
        Files.writeString(folder.resolve("password"), PASSWORD);
        String keytool = Path.of(System.getProperty("java.home"), "bin/keytool").toString();
        ProcessBuilder builder = new ProcessBuilder(
                Stream.concat(Stream.of(keytool), Stream.of(OPTIONS.split(" "))).toList());
        if (builder.directory(folder.toFile()).inheritIO().start().waitFor() != 0) {
            throw new IOException("keytool failed");
        }
    }

    /** The command of a server, or of an empty servlet, with TLS. */
    List<String> addTo(List<String> command) {
        Stream<String> options = Stream.of(
                "--tls-keystore=" + folder.resolve("keystore"),
                "--tls-keystore-password-file=" + folder.resolve("password"));
        return Stream.concat(command.stream(), options).toList();
    }
}
