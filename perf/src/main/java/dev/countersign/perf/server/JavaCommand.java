package dev.countersign.perf.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands that start a class of this build in a JVM of its own: this JDK, this class path, the flags given. */
public final class JavaCommand {
    /** Of server and floor alike. */
    public static final List<String> FLAGS = flags("1g");

    private JavaCommand() {}

    /**
     * The collector that the README names, and a heap of a fixed size, so that neither the machine's memory nor its
     * cores decide what is measured.
     *
     * @param heap its size, as the JVM's own options have it
     */
    public static List<String> flags(String heap) {
        return List.of("-Xms" + heap, "-Xmx" + heap, "-XX:+UseParallelGC");
    }

    /** Starts {@code main}, whose arguments may be added at the end. */
    public static List<String> of(Class<?> main, List<String> flags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }
}
