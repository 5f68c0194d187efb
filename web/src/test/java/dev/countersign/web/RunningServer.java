package dev.countersign.web;

import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One server for all tests of a class, on free ports and real files. */
final class RunningServer implements BeforeAllCallback, AfterAllCallback {

    private final Supplier<Path> home;
    private final Settings settings;
    private CountersignServer server;

    /** @param home asked for once the class's temporary folder is there */
    RunningServer(Supplier<Path> home) {
        this(home, Settings.local());
    }

    RunningServer(Supplier<Path> home, Settings settings) {
        this.home = home;
        this.settings = settings;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        server = start(home.get(), settings);
    }

    static CountersignServer start(Path home) {
        return start(home, Settings.local());
    }

    private static CountersignServer start(Path home, Settings settings) {
        return CountersignServer.start(
                Home.open(home), new Settings(settings.http(), Engines.of(home, settings.store())));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        server.close();
    }

    int registerPort() {
        return server.registerPort();
    }

    int messagePort() {
        return server.messagePort();
    }

    Service service() {
        return Service.of(server);
    }

    List<LoggedMessage> log() throws IOException {
        return LoggedMessage.readAll(home.get());
    }
}
