package dev.countersign.web;

import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One server for all tests of a class, on free ports and real files. With {@code -Dtests.tls=true} it speaks TLS, and the
 * tests reach it through a {@link TlsTunnel}.
 */
final class RunningServer implements BeforeAllCallback, AfterAllCallback {

    private static final boolean TLS = Boolean.getBoolean("tests.tls");

    private final Supplier<Path> home;
    private final Settings settings;
    private CountersignServer server;
    private TlsTunnel toRegister;
    private TlsTunnel toMessage;

    /** @param home asked for once the class's temporary folder is there */
    RunningServer(Supplier<Path> home) {
        this(home, Settings.local());
    }

    RunningServer(Supplier<Path> home, Settings settings) {
        this.home = home;
        this.settings = settings;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, GeneralSecurityException {
        if (!TLS) {
            server = start(home.get(), settings);
            return;
        }
        Certificates made = new Certificates(Files.createTempDirectory("tls")).make("server");
        server = start(home.get(), new Settings(settings.http().withTls(made.pem("server")), settings.store()));
        toRegister = new TlsTunnel(server.registerPort(), made.trusting("server"));
        toMessage = new TlsTunnel(server.messagePort(), made.trusting("server"));
    }

    static CountersignServer start(Path home) {
        return start(home, Settings.local());
    }

    private static CountersignServer start(Path home, Settings settings) {
        return CountersignServer.start(
                Home.open(home), new Settings(settings.http(), Engines.of(home, settings.store())));
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (TLS) {
            toRegister.close();
            toMessage.close();
        }
        server.close();
    }

    int registerPort() {
        return TLS ? toRegister.port() : server.registerPort();
    }

    int messagePort() {
        return TLS ? toMessage.port() : server.messagePort();
    }

    Service service() {
        return new Service(registerPort(), messagePort());
    }

    List<LoggedMessage> log() throws IOException {
        return LoggedMessage.readAll(home.get());
    }
}
