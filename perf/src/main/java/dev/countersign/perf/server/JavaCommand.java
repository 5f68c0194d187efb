package dev.countersign.perf.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands that start a class of this build in a JVM of its own: this JDK, this class path, the flags given. */
public final class JavaCommand {
    /** Of server and floor alike. The heap is fixed, so that the machine's memory doesn't decide what is measured. */
    public static final List<String> FLAGS = List.of("-Xms1g", "-Xmx1g");

    private JavaCommand() {}

    /** Starts {@code main}, whose arguments may be added at the end. */
    public static List<String> of(Class<?> main, List<String> flags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }
}
