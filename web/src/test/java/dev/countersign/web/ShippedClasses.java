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
 * The classes that ship, as jars, and an archive of what a start loads of them: with it a start takes two thirds of the CPU
 * time, and the suite has hundreds. The archive is made while the first tests run, which start without it. A JVM archives
 * no classes of folders; a JVM that the archive does not fit ignores it.
 */
final class ShippedClasses {

    private static final Path FOLDER = temporaryFolder();
    private static final Path ARCHIVE = temporary("classes.jsa");
    private static final String CLASS_PATH = classPath();

    private static volatile boolean isArchived;

    static {
        Thread archiving = new Thread(ShippedClasses::archive, "class archive");
        archiving.setDaemon(true);
        archiving.start();
    }

    private ShippedClasses() {}

    /** Runs Java on them. */
    static List<String> command() {
        return isArchived
                ? java("-XX:SharedArchiveFile=" + ARCHIVE, "-Xlog:disable") // of an archive that does not fit
                : java();
    }

    private static List<String> java(String... options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1", // these two: up in half the time
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                CLASS_PATH));
        return command;
    }

    private static Path temporaryFolder() {
        try {
            Path folder = Files.createTempDirectory("countersign-classes");
            folder.toFile().deleteOnExit();
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path temporary(String name) {
        Path file = FOLDER.resolve(name);
        file.toFile().deleteOnExit();
        return file;
    }

    private static String classPath() {
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (entry.endsWith(".jar")) {
                jars.add(entry);
            } else if (entry.endsWith(File.separator + "classes")) {
                jars.add(pack(Path.of(entry), temporary(jars.size() + ".jar")).toString());
            }
        }
        return String.join(File.pathSeparator, jars);
    }

    private static Path pack(Path classes, Path jar) {
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                zip.putNextEntry(new ZipEntry(classes.relativize(each).toString()));
                Files.copy(each, zip);
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of what a server loads until it has logged a message. */
    private static void archive() {
        Path home = FOLDER.resolve("home");
        List<String> command = java("-XX:ArchiveClassesAtExit=" + ARCHIVE);
        command.addAll(List.of(
                Main.class.getName(), "--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0"));
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            Runtime.getRuntime().addShutdownHook(new Thread(server::kill));
            server.service().send("archive", server.service().register("archive"), "hi");
            server.stop();
            isArchived = Files.exists(ARCHIVE);
            try (Stream<Path> all = Files.walk(home)) {
                all.map(Path::toFile).forEach(File::deleteOnExit); // in the reverse order, folders last
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("the tests go on without an archive of classes", e);
        }
    }
}
