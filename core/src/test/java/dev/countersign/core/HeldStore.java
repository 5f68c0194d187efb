package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.store.Store;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;

/** A store that another JVM holds open until this is closed; then that JVM is killed, as by kill -9. */
final class HeldStore implements Closeable {

    private final Process process;
    private final String firstLine;

    /** Returns once the store is open, or was refused. */
    HeldStore(Path folder, Path temporaryFolder) throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1", // it lives for a moment
                        "-Djava.io.tmpdir=" + temporaryFolder,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        firstLine = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)).readLine();
    }

    long pid() {
        return process.pid();
    }

    /** "open", or why it isn't. */
    String firstLine() {
        return firstLine;
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted before " + process + " had ended", e);
        }
    }

    /** What the other JVM runs. */
    static final class Holder {
        public static void main(String[] arguments) throws IOException {
            try {
                Store.open(Home.open(Path.of(arguments[0])), StoreSettings.defaults(), Runnable::run, Runnable::run);
                System.out.println("open");
            } catch (StartupException e) {
                System.out.println(e.getMessage());
            }
            System.in.read(); // ends with the test's JVM, should that die
        }
    }
}
