package dev.countersign.web;

import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import picocli.CommandLine.Model.CommandSpec;

/**
 * One server for all tests of a class, on free ports and real files. With {@code -Dtests.tls=true} it speaks TLS, and the
 * tests reach it through a {@link TlsTunnel}.
 */
final class RunningServer implements BeforeAllCallback, AfterAllCallback {

    private static final boolean TLS = Boolean.getBoolean("tests.tls");

    private final Supplier<Path> home;
    private final List<String> options;
    private CountersignServer server;
    private TlsTunnel toRegister;
    private TlsTunnel toMessage;

    /**
     * @param home asked for once the class's temporary folder is there
     * @param options of its command line, such as {@code --queue-size=1}
     */
    RunningServer(Supplier<Path> home, String... options) {
        this.home = home;
        this.options = List.of(options);
    }

    /** Of a server within the test's JVM, as options like {@code --queue-size=1} change them. */
    static Settings settings(String... options) {
        CommandSpec command =
                SettingsReader.command(new Main(), Settings.local()).getCommandSpec();
        command.commandLine().parseArgs(options);
        return new SettingsReader(command, property -> null, variable -> null).read(Settings.local());
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, GeneralSecurityException {
        if (!TLS) {
            server = start(home.get(), settings(options.toArray(String[]::new)));
            return;
        }
        Certificates made = new Certificates(Files.createTempDirectory("tls")).make("server");
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("--tls-certificate=" + made.certificate("server"), "--tls-key=" + made.key("server")));
        server = start(home.get(), settings(all.toArray(String[]::new)));
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
