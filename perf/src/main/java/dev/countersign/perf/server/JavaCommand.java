package dev.countersign.perf.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands that start a JVM of its own: this JDK, the flags given. */
public final class JavaCommand {
    /** Of server and empty servlet alike. */
    public static final List<String> FLAGS = flags("1g");

    private JavaCommand() {}

    /**
     * The collector that docs/run.md names, and a heap of a fixed size, so that neither the machine's memory nor its
     * cores decide what is measured.
     *
     * @param heap its size, as the JVM's own options have it
     */
    public static List<String> flags(String heap) {
        return List.of("-Xms" + heap, "-Xmx" + heap, "-XX:+UseParallelGC");
    }

    /** Starts a server of this build with the flags of all. */
    public static List<String> of(Class<?> server, String... options) {
        List<String> command = of(server, FLAGS);
        command.addAll(List.of(options));
        return command;
    }

    /** Starts {@code main} of this build, whose arguments may be added at the end. */
    public static List<String> of(Class<?> main, List<String> flags) {
        return java(flags, "-cp", System.getProperty("java.class.path"), main.getName());
    }

    /** Starts the main class of a self-contained jar, of whatever build. */
    public static List<String> ofJar(Path jar, List<String> flags) {
        return java(flags, "-jar", jar.toString());
    }

    private static List<String> java(List<String> flags, String... what) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of(what));
        return command;
    }
}
