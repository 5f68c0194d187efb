package dev.countersign.perf;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Commands that start a class of this build in a JVM of its own: this JDK, this class path, the flags given. */
final class JavaCommand {
    /** Of server and floor alike. The heap is fixed, so that the machine's memory doesn't decide what is measured. */
    static final List<String> FLAGS = List.of("-Xms1g", "-Xmx1g");

    private JavaCommand() {}

    static List<String> of(Class<?> main, List<String> flags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath(), main.getName()));
        return command;
    }

    /** Under {@code mvn exec:java} the class path is that of Maven, and the project's stands in a class loader. */
    private static String classPath() {
        if (JavaCommand.class.getClassLoader() instanceof URLClassLoader loader) {
            return Stream.of(loader.getURLs()).map(URL::getPath).collect(Collectors.joining(File.pathSeparator));
        }
        return System.getProperty("java.class.path");
    }
}
