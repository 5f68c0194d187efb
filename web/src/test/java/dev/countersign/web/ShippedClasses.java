package dev.countersign.web;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The classes that ship, as jars, and an archive of what a start loads of them: with it a start takes half the CPU time,
 * and the suite has hundreds. A JVM archives no classes of folders. Any JVM that the archive does not fit ignores it.
 */
final class ShippedClasses {

    /** Runs Java on them. */
    static final List<String> JAVA = java();

    private ShippedClasses() {}

    private static List<String> java() {
        try {
            Path folder = Files.createTempDirectory("countersign-classes");
            folder.toFile().deleteOnExit();
            Path archive = temporary(folder, "classes.jsa");
            List<String> java = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1", // these two: up in half the time
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    classPath(folder)));
            makeArchive(java, archive, folder.resolve("home"));
            java.addAll(1, List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:disable")); // of what does not fit
            return java;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String classPath(Path folder) throws IOException {
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.isEmpty() && !entry.endsWith("test-classes") && Files.isDirectory(Path.of(entry))) {
                jars.add(pack(Path.of(entry), temporary(folder, jars.size() + ".jar")).toString());
            } else if (entry.endsWith(".jar")) {
                jars.add(entry);
            }
        }
        return String.join(File.pathSeparator, jars);
    }

    private static Path temporary(Path folder, String name) {
        Path file = folder.resolve(name);
        file.toFile().deleteOnExit();
        return file;
    }

    private static Path pack(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                zip.putNextEntry(new ZipEntry(classes.relativize(each).toString()));
                Files.copy(each, zip);
            }
        }
        return jar;
    }

    /** Of what a server loads until it has logged a message. */
    private static void makeArchive(List<String> java, Path archive, Path home) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.add(1, "-XX:ArchiveClassesAtExit=" + archive);
        command.addAll(List.of(
                Main.class.getName(), "--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0"));
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            server.service().send("archive", server.service().register("archive"), "hi");
            server.stop();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            try (Stream<Path> all = Files.walk(home)) {
                all.map(Path::toFile).forEach(File::deleteOnExit); // in the reverse order, folders last
            }
        }
    }
}
